#!/bin/sh
# Builds the native part for both processors: native/build.sh [FOLDER]. Without a folder the files
# that are in git are replaced, and native/checksums.txt with them. The same compilers make the same
# bytes anywhere; on Debian 12 that is `apt-get install gcc gcc-aarch64-linux-gnu` (on arm64:
# `gcc gcc-x86-64-linux-gnu`). `sha256sum -c checksums.txt` in this folder checks what is there.
set -eu
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
into=$(cd "${1:-$here}" && pwd)
cd "$here" # the compiler sees the same name from wherever this is started

build() { # build COMPILER NAME
  # No C library, and no call that a compiler makes of a loop. Whoever loads the file binds all of
  # its symbols at once (now), so that one that is missing is an error then and not a crash later.
  # norelro and noseparate-code keep it at 5 KB; pages of 64 KiB are what some arm64 kernels have.
  "$1-gcc" -std=gnu11 -Os -Wall -Wextra -Wconversion -Werror \
    -ffreestanding -fno-tree-loop-distribute-patterns -fno-stack-protector \
    -fno-unwind-tables -fno-asynchronous-unwind-tables -fno-ident -fvisibility=hidden -fPIC \
    -nostdlib -shared -s -Wl,--build-id=none -Wl,--hash-style=gnu \
    -Wl,-z,now -Wl,-z,norelro -Wl,-z,noseparate-code -Wl,-z,noexecstack -Wl,-z,max-page-size=65536 \
    -o "$into/$2.node" nat-keepalive.c
  # What Node loads is no program of its own.
  chmod 644 "$into/$2.node"
  if nm -D --undefined-only "$into/$2.node" | grep -v ' napi_'; then
    echo "$2.node needs more than Node-API, as the line above says." >&2
    exit 1
  fi
}

versions() { # the tools whose version decides the bytes
  for processor in x86_64 aarch64; do
    for tool in gcc ld; do
      printf '# %s-linux-gnu-%s: ' "$processor" "$tool"
      "$processor-linux-gnu-$tool" --version | head -n 1
    done
  done
}

build x86_64-linux-gnu linux-x64
build aarch64-linux-gnu linux-arm64
cd "$into"
{
  versions
  sha256sum linux-x64.node linux-arm64.node
} > checksums.txt
