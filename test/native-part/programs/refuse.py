"""refuse.py CALLS COMMAND...: runs a command in which the kernel refuses system calls with EPERM.

CALLS is a comma list of names; `getsockopt:57` refuses only where the third argument is that number.
"""

import ctypes
import os
import platform
import struct
import sys

NUMBERS = {
    "x86_64": {"socket": 41, "sendto": 44, "recvfrom": 45, "getsockname": 51, "setsockopt": 54,
               "getsockopt": 55, "pidfd_open": 434, "pidfd_getfd": 438},
    "aarch64": {"socket": 198, "sendto": 206, "recvfrom": 207, "getsockname": 204,
                "setsockopt": 208, "getsockopt": 209, "pidfd_open": 434, "pidfd_getfd": 438},
}[platform.machine()]

LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # include/uapi/linux/bpf_common.h
ALLOW, REFUSE = 0x7FFF0000, 0x00050001  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | EPERM
NUMBER, THIRD = 0, 16 + 2 * 8  # offsets in struct seccomp_data


def statement(code, value, if_equal=0, otherwise=0):
    return struct.pack("HBBI", code, if_equal, otherwise, value)


def build(calls):
    program = []
    for call in calls.split(","):
        name, _, third = call.partition(":")
        program.append(statement(LOAD, NUMBER))
        program.append(statement(JUMP_IF_EQUAL, NUMBERS[name], 0, 3 if third else 1))
        if third:
            program.append(statement(LOAD, THIRD))
            program.append(statement(JUMP_IF_EQUAL, int(third), 0, 1))
        program.append(statement(RETURN, REFUSE))
    program.append(statement(RETURN, ALLOW))
    return b"".join(program)


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


libc = ctypes.CDLL(None, use_errno=True)
code = build(sys.argv[1])
program = Program(len(code) // 8, code)
NO_NEW_PRIVS, SECCOMP, MODE_FILTER = 38, 22, 2
if libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
    sys.exit("no PR_SET_NO_NEW_PRIVS")
if libc.prctl(SECCOMP, MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
    sys.exit("no PR_SET_SECCOMP: " + os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[2], sys.argv[2:])
