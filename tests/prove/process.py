"""A worker as a process: started, killed, frozen, thawed; what it cost."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_POLL_S = 0.01


@dataclass(frozen=True)
class Place:
    """Where a worker works."""

    bootstrap: str
    input: str
    output: str
    group: str
    state: Path


class Worker:
    """One life after another of the same command; each is known by its own pid."""

    def __init__(
        self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.command, self.log = list(command), log
        self.env = {**os.environ, **(env or {})}
        self.cpu_s = 0.0
        self.lives = 0
        self.started = 0.0
        self.exit_code: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the present life; 0 between lives."""
        return self._process.pid if self._process else 0

    def start(self, env: Mapping[str, str] | None = None) -> None:
        """Begin a life, with further environment variables for this one."""
        assert self._process is None
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            log.write(f"--- life {self.lives}\n".encode())
            log.flush()
            self.started = time.monotonic()
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**self.env, **(env or {})},
                cwd=_ROOT,
                start_new_session=True,
            )
        self.lives += 1
        self.exit_code = None

    def running(self) -> bool:
        """Whether the present life goes on; one that has ended is reaped."""
        return self._process is not None and not self._reap(block=False)

    def kill(self) -> None:
        """End it as the kernel would: it is told nothing."""
        self._signal(signal.SIGKILL)
        self._reap(block=True)

    def freeze(self) -> None:
        """Stop it where it stands."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen one go on."""
        self._signal(signal.SIGCONT)

    def stop(self, timeout: float = 15.0) -> bool:
        """Ask it to end (SIGTERM); False where it had to be killed after all."""
        self._signal(signal.SIGTERM)
        if self.wait(timeout):
            return True
        self.kill()
        return False

    def wait(self, timeout: float) -> bool:
        """Wait for its end."""
        deadline = time.monotonic() + timeout
        while self.running():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def cpu_now_s(self) -> float:
        """Give the CPU seconds of the present life so far."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def tail(self, lines: int = 15) -> str:
        """Give the end of what it has printed."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""

    def close(self) -> None:
        """Leave nothing behind."""
        if self.running():
            self.thaw()
            self.kill()

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def _reap(self, block: bool) -> bool:
        """Collect the dead one and add up what it cost."""
        if self._process is None:
            return True
        pid, status, usage = os.wait4(self._process.pid, 0 if block else os.WNOHANG)
        if pid == 0:
            return False
        self.exit_code = self._process.returncode = os.waitstatus_to_exitcode(status)
        self._process = None
        self.cpu_s += usage.ru_utime + usage.ru_stime
        return True
