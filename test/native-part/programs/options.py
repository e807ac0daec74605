"""Prints as JSON what getsockopt(2) and others say of each socket that was inherited, from 3 on."""

import array
import fcntl
import json
import os
import socket
import sys

SO_COOKIE, SIOCOUTQ = 57, 0x5411


def option(sock, level, name):
    return sock.getsockopt(level, name)


def address(of):
    try:
        host, port = of()[:2]
    except OSError:
        return ["", 0]
    return [host.replace("::ffff:", ""), port]


def unacknowledged(sock):
    value = array.array("i", [0])
    try:
        fcntl.ioctl(sock, SIOCOUTQ, value)
    except OSError:
        pass  # one that listens
    return value[0]


def look(fd):
    sock = socket.socket(fileno=fd)
    return {
        "keepalive": option(sock, socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0,
        "idleSeconds": option(sock, socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
        "intervalSeconds": option(sock, socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
        "probes": option(sock, socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
        "userTimeoutMs": option(sock, socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
        "unacknowledgedBytes": unacknowledged(sock),
        "cookie": int.from_bytes(
            sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8), sys.byteorder, signed=True
        ),
        "local": address(sock.getsockname),
        "remote": address(sock.getpeername),
        "inode": os.fstat(fd).st_ino,
        "info": list(array.array("I", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160))),
    }


print(json.dumps([look(fd) for fd in range(3, 3 + int(sys.argv[1]))]))
