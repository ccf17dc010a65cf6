"""What a worker process takes away from itself before it reads an untrusted query.

No network (a seccomp filter, kept for good by the kernel), no new programs, no core dumps, a bound on memory, a low
priority, and the first place in line when the machine runs out of memory. Standard library only.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import socket
import struct
import sys
from pathlib import Path

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_AUDIT_ARCH_X86_64 = 0xC000003E
_X32_BIT = 0x40000000
_ALLOW = 0x7FFF0000
_KILL_PROCESS = 0x80000000
_DENY = 0x00050000 | errno.EPERM
_SOCKET, _PTRACE, _EXECVE, _EXECVEAT, _IO_URING_SETUP = 41, 101, 59, 322, 425

# The engine's parser recurses; on a stack of this size no text of the published size can exhaust it (measured: 64 KB of
# brackets, groups, negations or EXISTS need less than half). Linux leaves at least 128 MB below a main thread for it.
_STACK = 120 * 1024 * 1024
NICENESS = 15  # an API that shares the processors keeps 29 of 30 parts of them


def network_can_be_denied() -> bool:
    """Whether this machine is one on which `deny_network` is known to work."""
    return sys.platform == "linux" and platform.machine() == "x86_64" and sys.maxsize > 2**32


def deny_network() -> bool:
    """Refuse every socket but local ones, and every new program, from now on; true when a trial socket was refused."""
    if not network_can_be_denied():
        return False
    program = _assemble()
    code = b"".join(program)
    buffer = ctypes.create_string_buffer(code, len(code))
    filter_program = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.create_string_buffer(filter_program), 0, 0) != 0:
        return False
    return _network_is_denied()


def _assemble() -> list[bytes]:
    """The filter: load, compare, jump; jumps count instructions from the next one."""
    return [
        _instruction(0x20, 0, 0, 4),  # 0: architecture
        _instruction(0x15, 1, 0, _AUDIT_ARCH_X86_64),  # 1: ours -> 3
        _instruction(0x06, 0, 0, _KILL_PROCESS),  # 2
        _instruction(0x20, 0, 0, 0),  # 3: number of the call
        _instruction(0x35, 8, 0, _X32_BIT),  # 4: other numbering -> 13
        _instruction(0x15, 5, 0, _SOCKET),  # 5: -> 11
        _instruction(0x15, 6, 0, _IO_URING_SETUP),  # 6: sockets by another way -> 13
        _instruction(0x15, 5, 0, _EXECVE),  # 7 -> 13
        _instruction(0x15, 4, 0, _EXECVEAT),  # 8 -> 13
        _instruction(0x15, 3, 0, _PTRACE),  # 9 -> 13
        _instruction(0x06, 0, 0, _ALLOW),  # 10
        _instruction(0x20, 0, 0, 16),  # 11: family of the socket
        _instruction(0x15, 1, 0, socket.AF_UNIX),  # 12: local -> 14
        _instruction(0x06, 0, 0, _DENY),  # 13
        _instruction(0x06, 0, 0, _ALLOW),  # 14
    ]


def _instruction(code: int, true: int, false: int, value: int) -> bytes:
    return struct.pack("HBBI", code, true, false, value)


def _network_is_denied() -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.socket(family, socket.SOCK_STREAM).close()
        except PermissionError:
            continue
        except OSError:  # a machine without this family
            continue
        return False
    return True


def lower_priority(niceness: int = NICENESS) -> None:
    """Give way to the service: less processor time, no core dumps, first to go when memory is short."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.setpriority(os.PRIO_PROCESS, 0, max(niceness, os.getpriority(os.PRIO_PROCESS, 0)))
    try:
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    except OSError:  # not Linux, or a container that forbids it
        return


def deepen_stack() -> None:
    """Let the main thread's stack grow to what the deepest permitted text needs."""
    _, hard = resource.getrlimit(resource.RLIMIT_STACK)
    size = _STACK if hard == resource.RLIM_INFINITY else min(_STACK, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (size, hard))


def limit_memory(query_bytes: int) -> None:
    """Let the address space grow by this much from what it is now; past it, allocation fails."""
    limit = memory()[0] + query_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def memory() -> tuple[int, int]:
    """Address space and resident memory of this process in bytes."""
    try:
        with open("/proc/self/statm", "rb") as stream:  # noqa: PTH123 (half the cost of Path, after every heavy query)
            pages = stream.read().split()
    except OSError:
        return 1 << 30, 0
    size = resource.getpagesize()
    return int(pages[0]) * size, int(pages[1]) * size


def trim_memory() -> None:
    """Hand freed memory back to the system where the C library can."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):
        return
