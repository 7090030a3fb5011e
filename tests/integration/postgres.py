"""A PostgreSQL of the tests' own, where its programs and psycopg are installed."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def _programs() -> Path:
    """Return where the server's programs are; skips where there are none."""
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip('psycopg is not installed: pip install "psycopg[binary]"')
    found = shutil.which("postgres")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        pytest.skip("there is no PostgreSQL: apt-get install postgresql")
    return folders[-1]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run a server and return the URL of its database."""
    programs = _programs()
    user = "postgres" if os.getuid() == 0 else None  # it refuses to run as root
    with tempfile.TemporaryDirectory(prefix="headrace-postgres-") as name:
        if user is not None:
            shutil.chown(name, user)
        with _running(programs, Path(name), user) as url:
            yield url


@contextlib.contextmanager
def _running(programs: Path, folder: Path, user: str | None) -> Iterator[str]:
    data, port = folder / "data", _free_port()
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    control = [str(programs / "pg_ctl"), "-D", str(data), "-w"]

    def run(*command: str) -> None:
        subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

    run(str(programs / "initdb"), "-D", str(data), "-U", "tester", "-A", "trust", "-N")
    run(*control, "-o", options, "-l", str(folder / "log"), "start")
    try:
        yield f"postgresql://tester:secret@127.0.0.1:{port}/postgres"
    finally:
        run(*control, "-m", "immediate", "stop")
