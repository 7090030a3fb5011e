"""A real IPython kernel to test in, seen the way a notebook front end sees it.

``Kernel`` starts one, runs cells in it and keeps every message that it publishes, also those that
come while it is idle: a panel or a chart is updated long after its cell is done.
"""

from __future__ import annotations

import os
import queue
import re
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.manager import KernelManager

_SHOWN = ("stream", "display_data", "execute_result", "error", "update_display_data")
_COLOUR = re.compile("\x1b\\[[0-9;]*m")


@dataclass
class Output:
    """One thing that a cell showed, or the replacement of one."""

    kind: str  # the message's type: stream, display_data, execute_result, error, ...
    at: float  # time.monotonic() when it came
    data: dict[str, Any] = field(default_factory=dict)  # by MIME type
    text: str = ""  # of a stream or a traceback
    name: str = ""  # stdout or stderr of a stream; the exception's class of an error
    display_id: str | None = None


@dataclass
class Cell:
    """A cell that was run."""

    code: str
    message_id: str
    started: float
    ended: float = 0.0
    status: str = ""  # ok, error or aborted
    outputs: list[Output] = field(default_factory=list)  # all but updates of what was shown before

    @property
    def seconds(self) -> float:
        """How long the front end showed it as running."""
        return self.ended - self.started

    @property
    def stdout(self) -> str:
        return self._stream("stdout")

    @property
    def stderr(self) -> str:
        return self._stream("stderr")

    @property
    def error(self) -> str:
        """What is shown as the cell's error: the traceback's lines; empty without one."""
        return "\n".join(out.text for out in self.outputs if out.kind == "error")

    @property
    def result(self) -> str:
        """The plain text of ``Out[n]``; empty without one."""
        texts = [o.data["text/plain"] for o in self.outputs if o.kind == "execute_result"]
        return str(texts[-1]) if texts else ""

    def _stream(self, name: str) -> str:
        return "".join(out.text for out in self.outputs if out.name == name)


class Kernel:
    """A kernel process of its own; a context manager.

    Usage::

        with Kernel() as kernel:
            cell = kernel.run("live = bars.run(); live", cell_id="A")
            kernel.until(lambda: "1,000 records" in kernel.shown(cell)[-1]["text/plain"])
            kernel.interrupt()

    Parameters
    ----------
    env : dict of str to str
        Environment variables besides those of this process.
    """

    def __init__(self, **env: str) -> None:
        self._home = tempfile.TemporaryDirectory()  # kernels side by side share no history file
        self._env = {**os.environ, "IPYTHONDIR": self._home.name, **env}
        self._lock = threading.Lock()
        self._cells: dict[str, Cell] = {}
        self._idle: set[str] = set()
        self._displays: dict[str, list[Output]] = {}  # by display id, the first and its updates
        self.stderr = ""  # all that came on stderr, also from native threads while it was idle
        self.start()

    # -- its life

    def start(self) -> None:
        """Start the process and wait until it answers; the constructor does it."""
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel(env=self._env)
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        self._await_answer()

    @property
    def pid(self) -> int:
        return int(self._manager.provisioner.pid)  # type: ignore[union-attr]

    def interrupt(self) -> None:
        """Do what a front end's stop button does."""
        self._manager.interrupt_kernel()

    def restart(self, *, now: bool = False) -> float:
        """Restart it as a front end does; the seconds until the old process was gone."""
        old, began = self.pid, time.monotonic()
        gone = threading.Thread(target=_wait_until_gone, args=(old,))
        gone.start()
        self._manager.restart_kernel(now=now)
        gone.join()
        seconds = time.monotonic() - began
        self._end_reading()  # only now: what it published at its end is read too
        self._await_answer()
        return seconds

    def kill(self) -> None:
        """Let it die without a word, as for want of memory."""
        os.kill(self.pid, signal.SIGKILL)

    def shutdown(self) -> float:
        """End it as a front end does; the seconds that it took."""
        began = time.monotonic()
        self._manager.shutdown_kernel(now=not self._manager.is_alive())
        seconds = time.monotonic() - began
        self._end_reading()
        self._client.stop_channels()
        self._manager.cleanup_resources()
        self._home.cleanup()
        return seconds

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *_: object) -> None:
        if self._reader.is_alive():
            self.shutdown()

    # -- cells

    def send(self, code: str, *, cell_id: str | None = None) -> Cell:
        """Start a cell and return at once; :meth:`finish` waits for it."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        metadata = {"cellId": cell_id} if cell_id else {}
        message = self._client.session.msg("execute_request", content, metadata=metadata)
        cell = Cell(code, message["header"]["msg_id"], time.monotonic())
        with self._lock:
            self._cells[cell.message_id] = cell
        self._client.shell_channel.send(message)
        return cell

    def finish(self, cell: Cell, timeout: float = 60.0) -> Cell:
        """Wait until a cell that was sent is done."""
        deadline = time.monotonic() + timeout
        while not cell.status:
            reply = self._client.get_shell_msg(timeout=max(deadline - time.monotonic(), 0.01))
            done = self._cells.get(reply["parent_header"].get("msg_id", ""))
            if done is not None:
                done.status = reply["content"]["status"]
                done.ended = time.monotonic()
        self.until(lambda: cell.message_id in self._idle, timeout)
        return cell

    def run(self, code: str, *, cell_id: str | None = None, timeout: float = 60.0) -> Cell:
        """Run a cell to its end, whether that is an error or not."""
        return self.finish(self.send(code, cell_id=cell_id), timeout)

    def value(self, expression: str) -> str:
        """Run a cell of one expression that must not fail; the text of its value."""
        cell = self.run(f"print({expression})")
        assert cell.status == "ok", cell.error
        return cell.stdout.rstrip("\n")

    # -- what is seen

    def shown(self, cell: Cell) -> list[dict[str, Any]]:
        """What the cell shows now, by MIME type each, with all replacements made."""
        with self._lock:
            return [
                self._displays[out.display_id][-1].data if out.display_id else out.data
                for out in cell.outputs
                if out.data
            ]

    def history(self, cell: Cell) -> list[Output]:
        """Everything that the cell ever showed, in each place the first and its replacements."""
        with self._lock:
            found: list[Output] = []
            for out in cell.outputs:
                found += self._displays[out.display_id] if out.display_id else [out]
            return found

    def until(self, condition: Callable[[], object], timeout: float = 20.0) -> float:
        """Wait until the condition holds; the seconds that it took."""
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < timeout, f"not within {timeout} s"
            time.sleep(0.01)
        return time.monotonic() - began

    # -- the messages

    def _await_answer(self) -> None:
        # The client itself reads all channels until the kernel answers, then a thread takes one.
        self._client.wait_for_ready(timeout=60)
        self._enough = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _end_reading(self) -> None:
        self._enough.set()
        self._reader.join()

    def _read(self) -> None:
        channel = self._client.iopub_channel
        while True:
            try:
                self._note(channel.get_msg(timeout=0.05))
            except queue.Empty:
                if self._enough.is_set():
                    return

    def _note(self, message: dict[str, Any]) -> None:
        kind, content = message["msg_type"], message["content"]
        parent = message["parent_header"].get("msg_id", "")
        if kind == "status" and content["execution_state"] == "idle":
            self._idle.add(parent)
        if kind not in _SHOWN:
            return
        output = Output(
            kind,
            time.monotonic(),
            content.get("data", {}),
            _text(kind, content),
            content.get("ename", content.get("name", "")),
            content.get("transient", {}).get("display_id"),
        )
        with self._lock:
            self.stderr += output.text if output.name == "stderr" else ""
            if output.display_id:
                self._displays.setdefault(output.display_id, []).append(output)
            if kind != "update_display_data" and parent in self._cells:
                self._cells[parent].outputs.append(output)


def _text(kind: str, content: dict[str, Any]) -> str:
    if kind == "error":
        return _COLOUR.sub("", "\n".join(content["traceback"]))
    return str(content.get("text", ""))


def _wait_until_gone(pid: int) -> None:
    while os.path.exists(f"/proc/{pid}") and not _is_zombie(pid):
        time.sleep(0.005)


def _is_zombie(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
