"""Processes that outlive their starter: found again, never mistaken, ended."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from headrace.daemon import end, free_port, has_ended, launch, port_is_free, started_at

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""


def launch_python(code: str, log: Path) -> tuple[int, int]:
    pid = launch([sys.executable, "-u", "-c", code], log)
    return pid, started_at(pid)


def wait_for(log: Path, text: str) -> None:
    deadline = time.monotonic() + 20
    while text not in (log.read_text() if log.exists() else ""):
        assert time.monotonic() < deadline, f"{text!r} never came"
        time.sleep(0.02)


def test_what_it_prints_goes_to_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = "import sys; print('out'); print('err', file=sys.stderr)"
    pid, started = launch_python(code, log)
    wait_for(log, "err")
    assert "out" in log.read_text()
    while not has_ended(pid, started):
        time.sleep(0.02)


def test_it_is_in_a_session_of_its_own_so_that_ctrl_c_passes_it_by(tmp_path: Path) -> None:
    pid, started = launch_python("import time; time.sleep(60)", tmp_path / "log")
    assert os.getsid(pid) == pid != os.getsid(0)
    end(pid, started, 10.0)
    assert started_at(pid) == 0


def test_one_that_will_not_end_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    pid, started = launch_python(STUBBORN, log)
    wait_for(log, "up")
    before = time.monotonic()
    end(pid, started, 0.3)
    assert time.monotonic() - before >= 0.3
    assert has_ended(pid, started)


def test_a_reused_pid_is_left_alone(tmp_path: Path) -> None:
    pid, started = launch_python("import time; time.sleep(60)", tmp_path / "log")
    end(pid, started - 1, 5.0)  # as if the pid file were of an older process
    assert started_at(pid) == started
    end(pid, started, 5.0)


def test_a_process_that_is_not_there() -> None:
    assert started_at(2**22 + 1) == 0
    assert has_ended(2**22 + 1, 5)
    assert has_ended(2**22 + 1, 0)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        launch([str(tmp_path / "nothing")], tmp_path / "log")


def test_ports() -> None:
    port = free_port()
    assert port_is_free(port)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert not port_is_free(port)


def test_a_zombie_counts_as_ended(tmp_path: Path) -> None:
    pid, started = launch_python("import time; time.sleep(60)", tmp_path / "log")
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while started_at(pid) == started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert has_ended(pid, started)


THREAD_THAT_STAYS = """
import socket, sys, threading, time, ctypes
listening = socket.socket()
listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listening.bind(("127.0.0.1", int(sys.argv[1])))
listening.listen()
threading.Thread(target=time.sleep, args=(3,)).start()
print("up", flush=True)
ctypes.CDLL(None).pthread_exit(None)
"""


def test_it_has_not_ended_before_its_last_thread(tmp_path: Path) -> None:
    port = free_port()
    log = tmp_path / "log"
    pid = launch([sys.executable, "-u", "-c", THREAD_THAT_STAYS, str(port)], log)
    started = started_at(pid)
    wait_for(log, "up")
    deadline = time.monotonic() + 10
    while ") Z" not in Path(f"/proc/{pid}/stat").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not has_ended(pid, started)
    assert not port_is_free(port)
    end(pid, started, 0.0)
    assert port_is_free(port)


def test_free_ports_are_not_those_of_connections() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    if lowest > 10_100:
        assert all(free_port() < lowest for _ in range(20))
