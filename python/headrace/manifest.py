"""What of a directory of results is committed: a small file for each commit, and its whole history.

``_headrace/commit-000000000007.json`` names the files that commit 7 added and says how far every
partition had come. It appears under its name in one step and for good, so a commit has happened or
it has not. Commits are numbered without gaps; old ones are folded into files of many lines, which
never change again.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from headrace.errors import CheckpointError

__all__ = ["FOLDER", "Manifest", "publish", "sync_folder"]

FOLDER = "_headrace"  # readers of whole directories leave out what begins with a _
_NUMBER = 12  # digits
_FOLD = 256  # commits
_LOOSE = 16  # of the newest are left as files of their own
_SINGLE = re.compile(r"commit-(\d{12})\.json")
_MANY = re.compile(r"commits-(\d{12})-(\d{12})\.jsonl")
_LOOKS = 20  # a reader may come while files are being folded

Entry = dict[str, Any]


def sync_folder(folder: Path) -> None:
    """Have the names of a directory survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def publish(path: Path, data: bytes) -> None:
    """Have a file appear under its name as a whole, for good.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from headrace.manifest import publish
    >>> path = pathlib.Path(tempfile.mkdtemp(), "a.json")
    >>> publish(path, b"{}")
    >>> path.read_bytes()
    b'{}'
    """
    hidden = path.with_name(f".{path.name}.tmp")
    with hidden.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    hidden.replace(path)
    sync_folder(path.parent)


class Manifest:
    """The commits of one directory of results.

    Parameters
    ----------
    directory : Path
        That of the results.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from headrace.manifest import Manifest
    >>> manifest = Manifest(pathlib.Path(tempfile.mkdtemp()))
    >>> manifest.create()
    >>> manifest.add({"commit": 1, "files": [{"path": "a.parquet", "rows": 3}]})
    >>> [entry["commit"] for entry in manifest.entries()]
    [1]
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.folder = directory / FOLDER

    def create(self) -> None:
        """Make the folder where there is none, and take away what a dead run has not finished."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for leftover in self.folder.glob(".*.tmp"):
            leftover.unlink()
        sync_folder(self.folder)
        sync_folder(self.directory)

    def newest(self) -> Entry | None:
        """Return the newest commit; None where there was none yet."""
        singles, many = self._names()
        last = max([*singles, *(end for _, end in many)], default=0)
        if last == 0:
            return None
        if last not in singles:
            raise CheckpointError(f"{self._single(last)} is missing: it has the positions")
        try:
            return self._read(self._single(last), last)
        except CheckpointError as error:
            raise CheckpointError(
                f"{error}; without it, the results of this commit are computed and written again"
            ) from None

    def add(self, entry: Mapping[str, Any]) -> None:
        """Commit; its number is the newest one's successor."""
        number = int(entry["commit"])
        publish(self._single(number), _line(entry))
        if number % _FOLD == 0:
            self._fold(number - _LOOSE)

    def entries(self) -> Iterator[Entry]:
        """Yield all commits, oldest first: as they were at one moment, also while more are added.

        Raises
        ------
        CheckpointError
            If one is damaged or missing.
        """
        for look in range(_LOOKS):
            try:
                found = self._all()
                break
            except FileNotFoundError:  # it was folded meanwhile
                if look == _LOOKS - 1:
                    raise
        yield from found

    def about(self) -> Entry | None:
        """Return what is the same for all commits; None where nothing was written yet."""
        path = self.folder / "about.json"
        return self._read(path, None) if path.exists() else None

    def set_about(self, about: Mapping[str, Any]) -> None:
        """Say it, before the first commit."""
        publish(self.folder / "about.json", _line(about))

    # -- files

    def _single(self, number: int) -> Path:
        return self.folder / f"commit-{number:0{_NUMBER}d}.json"

    def _names(self) -> tuple[set[int], list[tuple[int, int]]]:
        """Return the numbers of single commits, and from where to where the others are folded."""
        names = os.listdir(self.folder) if self.folder.is_dir() else []
        singles = {int(match[1]) for name in names if (match := _SINGLE.fullmatch(name))}
        many = [(int(m[1]), int(m[2])) for name in names if (m := _MANY.fullmatch(name))]
        return singles, sorted(many)

    def _all(self) -> list[Entry]:
        singles, many = self._names()
        found: list[Entry] = []
        for first, last in many:
            self._expect(len(found) + 1, first)
            path = self._many(first, last)
            lines = path.read_bytes().splitlines()
            found += [_entry(path, line, first + i) for i, line in enumerate(lines)]
            self._expect(len(found), last)
        for number in sorted(singles):
            if number <= len(found):
                continue  # folded, and not taken away yet
            self._expect(len(found) + 1, number)
            found.append(self._read(self._single(number), number))
        return found

    def _many(self, first: int, last: int) -> Path:
        return self.folder / f"commits-{first:0{_NUMBER}d}-{last:0{_NUMBER}d}.jsonl"

    def _expect(self, number: int, found: int) -> None:
        if number != found:
            raise CheckpointError(f"{self.folder}: commit {number} is missing")

    def _read(self, path: Path, number: int | None) -> Entry:
        return _entry(path, path.read_bytes(), number)

    def _fold(self, last: int) -> None:
        """Put single commits up to `last` into one file; positions are of no use any more."""
        singles, many = self._names()
        folded = max((end for _, end in many), default=0)
        numbers = [number for number in sorted(singles) if folded < number <= last]
        if not numbers:
            return
        lines = []
        for number in numbers:
            entry = self._read(self._single(number), number)
            lines.append(_line({k: v for k, v in entry.items() if k not in ("positions", "crc")}))
        publish(self._many(numbers[0], numbers[-1]), b"".join(lines))
        for number in singles:
            if number <= last:
                self._single(number).unlink()


def _line(entry: Mapping[str, Any]) -> bytes:
    return (json.dumps({**entry, "crc": _crc(entry)}, ensure_ascii=False) + "\n").encode()


def _crc(entry: Mapping[str, Any]) -> str:
    return f"{zlib.crc32(json.dumps(entry, sort_keys=True).encode()):08x}"


def _entry(path: Path, line: bytes, number: int | None) -> Entry:
    """Return what a line says; an error where it is not what was written."""
    try:
        entry: Entry = json.loads(line)
        crc = entry.pop("crc")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CheckpointError(f"{path} is damaged: it is not what was written") from None
    if crc != _crc(entry) or entry.get("commit") != number:
        raise CheckpointError(f"{path} is damaged: its checksum is another one")
    return entry
