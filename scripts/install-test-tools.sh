#!/usr/bin/env bash
# Installs the packages of Debian that the tests need and this machine lacks. Run it as root.
set -euo pipefail

missing=()
need() { # need PACKAGE FILE...: one of the files shows that the package is there
  local package=$1 file
  shift
  for file in "$@"; do [ -e "$file" ] && return; done
  missing+=("$package")
}
need iproute2 /usr/sbin/ip /sbin/ip /usr/bin/ip
need nftables /usr/sbin/nft
need conntrack /usr/sbin/conntrack
need python3 /usr/bin/python3 /usr/local/bin/python3 "$(command -v python3 || true)"
need postgresql /usr/lib/postgresql/*/bin/postgres
need xz-utils /usr/bin/xz
need openssl /usr/bin/openssl
need debian-archive-keyring /usr/share/keyrings/debian-archive-keyring.gpg
need libkeepalive0 /usr/lib/libkeepalive.so /usr/lib/*/libkeepalive.so
need libdontdie0 /usr/lib/libdontdie.so /usr/lib/*/libdontdie.so
need redis-server /usr/bin/redis-server
need mariadb-server /usr/sbin/mariadbd
need rabbitmq-server /usr/sbin/rabbitmq-server
need nats-server /usr/sbin/nats-server
need mosquitto /usr/sbin/mosquitto
need nginx-light /usr/sbin/nginx
# Programs in other languages, whose connections are rescued.
need golang-go /usr/bin/go
need default-jdk-headless /usr/bin/javac
need postgresql-client /usr/bin/psql
need prometheus /usr/bin/prometheus
# To build the native part again, and to run it on other systems.
need gcc /usr/bin/gcc
need binutils /usr/bin/ld
need libc6-dev /usr/include/stdio.h
need musl-dev /usr/lib/musl/lib/libc.so /usr/lib/*-linux-musl/libc.so
if [ "$(uname -m)" = x86_64 ]; then
  need gcc-aarch64-linux-gnu /usr/bin/aarch64-linux-gnu-gcc
  need libc6-dev-arm64-cross /usr/aarch64-linux-gnu/include/stdio.h
  need libc6-arm64-cross /usr/aarch64-linux-gnu/lib/libc.so.6
  need libstdc++6-arm64-cross /usr/aarch64-linux-gnu/lib/libstdc++.so.6
  need qemu-user-static /usr/bin/qemu-aarch64-static
fi
if [ "${#missing[@]}" -gt 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  # Debian starts each server that it installs, unless this says no: the tests start their own.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod +x "$policy"
  fi
  apt-get update -q
  apt-get install -q -y --no-install-recommends "${missing[@]}"
fi
