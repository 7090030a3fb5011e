"""Reads what the head of a checkpoint file says of its sections, by hand and not by our core."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

_MAGIC = 8


@dataclass(frozen=True)
class Head:
    """Commit number, and CRC-32C of each section by name."""

    commit: int
    sections: dict[str, int]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def number(self, kind: str) -> int:
        (value,) = struct.unpack_from(f"<{kind}", self._data, self._at)
        self._at += struct.calcsize(f"<{kind}")
        return int(value)

    def text(self) -> str:
        size = self.number("Q")
        self._at += size
        return self._data[self._at - size : self._at].decode()


def head_of(data: bytes) -> Head:
    """Read the head of a file of format 1."""
    version, size = struct.unpack_from("<IQ", data, _MAGIC)
    assert version == 1
    reader = _Reader(data[_MAGIC + 12 : _MAGIC + 12 + size])
    for _ in ("written_by", "unit", "pipeline"):
        reader.text()
    commit = reader.number("Q")
    for _ in range(reader.number("Q")):
        reader.text(), reader.number("i"), reader.number("q")
    for _ in range(reader.number("Q")):
        reader.text(), reader.text()
    sections = {}
    for _ in range(reader.number("Q")):
        name = reader.text()
        reader.number("Q")  # its length
        sections[name] = reader.number("I")
    return Head(commit, sections)


def newest_state(folder: Path) -> dict[str, dict[str, int]]:
    """Give, for each unit, the sections' CRCs of its newest checkpoint."""
    units = sorted(path for path in folder.iterdir() if list(path.glob("*.ckpt")))
    newest = {unit.name: max(unit.glob("*.ckpt"), key=lambda path: path.name) for unit in units}
    return {name: head_of(path.read_bytes()).sections for name, path in newest.items()}
