"""Processes that outlive the one that starts them, named so that none is taken for another.

A process is known by its pid and the time it started: a pid alone may have been given away since.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path

__all__ = ["end", "free_port", "has_ended", "launch", "port_is_free", "started_at"]

_HOST = "127.0.0.1"
_POLL_S = 0.05
_LOWEST_PORT = 10_000


def launch(command: Sequence[str], log: Path) -> int:
    """Start a program in a session of its own, what it prints going to ``log``; give its pid.

    A session of its own: Ctrl-C in a terminal or notebook ends the cell, not the program.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(command[0], list(command), os.environ, file_actions=actions, setsid=True)


def started_at(pid: int) -> int:
    """Give the start time of a process in ticks since boot; 0 for none, or one that has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
    return 0 if fields[0] in "ZX" and not _has_threads(pid) else int(fields[19])


def _has_threads(pid: int) -> bool:
    """Tell whether threads outlive the first one: what it has open is open as long as they live."""
    try:
        return len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False


def has_ended(pid: int, started: int) -> bool:
    """Tell whether a process is gone; one that this process started is reaped."""
    if started and started_at(pid) == started:  # 0: it had ended before anybody looked
        return False
    with contextlib.suppress(ChildProcessError):  # somebody else's child
        os.waitpid(pid, os.WNOHANG)
    return True


def end(pid: int, started: int, timeout: float) -> None:
    """End a process in order (SIGTERM), or after ``timeout`` seconds by force (SIGKILL)."""
    if timeout > 0 and not has_ended(pid, started):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout
        while not has_ended(pid, started) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
    if not has_ended(pid, started):
        os.kill(pid, signal.SIGKILL)
        while not has_ended(pid, started):
            time.sleep(_POLL_S)


def free_port() -> int:
    """Give a port on the loopback address that nothing listens on.

    Not one of those that the system gives to connections, where it can be avoided: a connection
    may get it while a server that comes back to it is down.
    """
    for _ in range(50):
        port = random.randint(_LOWEST_PORT, _below_connections())
        if port_is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _below_connections() -> int:
    """Give the highest port that no connection gets by itself."""
    with contextlib.suppress(OSError, ValueError):
        lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
        return max(lowest - 1, _LOWEST_PORT)
    return 32_767


def port_is_free(port: int) -> bool:
    """Tell whether a port on the loopback address can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
        return True
