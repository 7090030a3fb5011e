"""A real JupyterLab server on the loopback address, with every folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

_START_LIMIT_S = 90.0
_END_LIMIT_S = 15.0
# Nothing that asks the network on its own, and no dialog in front of the notebook.
_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}


def free_port() -> int:
    """Give a port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path) -> dict[str, str]:
    """Make the environment of a user who has never started Jupyter: no settings, no history.

    Matplotlib's font list is shared between the kernels of a run; the first of them makes it.
    Where Python looks for packages stays as it is.
    """
    foreign = ("JUPYTER", "IPYTHON", "PYTHON", "MPL")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name == "PYTHONPATH" or not name.startswith(foreign)
    }
    return kept | {
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_STATE_HOME": str(folder / "state"),
        "MPLCONFIGDIR": str(folder / "matplotlib"),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTER_PLATFORM_DIRS": "1",
    }


def end(process: subprocess.Popen[Any]) -> None:
    """End a process that we started, in order where it lets us."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class Lab:
    """A running server."""

    address: str
    token: str
    folder: Path  # of the notebooks
    pid: int
    runtime: Path

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Call the server's REST interface."""
        request = urllib.request.Request(
            f"{self.address}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def kernel_of(self, notebook: str) -> str | None:
        """Find the id of the kernel that runs a notebook."""
        for session in self.call("GET", "sessions"):
            if session["path"] == notebook:
                return str(session["kernel"]["id"])
        return None

    def kernel_pid(self, kernel: str) -> int:
        """Find the process of a kernel: the child that was given its connection file."""
        for child in psutil.Process(self.pid).children(recursive=True):
            if any(f"kernel-{kernel}" in word for word in child.cmdline()):
                return int(child.pid)
        raise LookupError(f"kernel {kernel} has no process")

    def connection_file(self, kernel: str) -> Path:
        """Give the file with which another client can speak to a kernel."""
        return self.runtime / f"kernel-{kernel}.json"

    def end_kernel(self, notebook: str) -> None:
        """Shut down the kernel of a notebook, as closing it in the browser would."""
        for session in self.call("GET", "sessions"):
            if session["path"] == notebook:
                self.call("DELETE", f"sessions/{session['id']}")


def _wait_until_it_answers(lab: Lab, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_LIMIT_S
    while True:
        try:
            lab.call("GET", "status")
            return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                said = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                raise RuntimeError(f"JupyterLab did not start:\n{said}") from None
            time.sleep(0.1)


@contextlib.contextmanager
def running(folder: Path, python: Path) -> Iterator[Lab]:
    """Run JupyterLab until the end of the block, its kernels too."""
    notebooks = folder / "notebooks"
    notebooks.mkdir(parents=True)
    settings = folder / "config" / "labconfig"
    settings.mkdir(parents=True)
    (settings / "default_setting_overrides.json").write_text(json.dumps(_SETTINGS))
    port, token = free_port(), secrets.token_hex(16)
    command = [str(python), "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.root_dir={notebooks}", f"--IdentityProvider.token={token}"]
    command += ["--LabApp.extension_manager=readonly", "--LabApp.collaborative=False"]
    log = folder / "jupyterlab.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=notebooks,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        lab = Lab(address, token, notebooks, process.pid, folder / "runtime")
        _wait_until_it_answers(lab, process, log)
        yield lab
    finally:
        end(process)
