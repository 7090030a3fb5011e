"""Pictures on disk."""

from __future__ import annotations

import base64
import contextlib
import html
import os
from pathlib import Path

from headrace.errors import InvalidArgument, StreamIOError

_KINDS = ("png", "svg", "pdf", "html")


def kind_of(path: Path) -> str:
    """Return the kind of file that a name asks for."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _KINDS:
        endings = ", ".join(f".{known}" for known in _KINDS)
        raise InvalidArgument(f"save: expected a name ending in {endings}, got {str(path)!r}")
    return kind


def page_of(png: bytes, title: str) -> bytes:
    """Return an HTML page with the picture in it."""
    words = html.escape(title)
    image = base64.b64encode(png).decode("ascii")
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{words}</title>'
        '<body style="margin: 24px; background: white; text-align: center">'
        f'<img alt="{words}" style="max-width: 100%" src="data:image/png;base64,{image}">'
    )
    return page.encode()


def write(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all.

    Raises
    ------
    StreamIOError
        If it cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise StreamIOError(f"save: cannot write {str(path)!r}: {reason}") from error
