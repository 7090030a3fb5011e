"""What was found, kept as JSON lines: one a case, so that a rerun does only what is missing."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

Line = dict[str, object]


class Results:
    """The results in a folder, one file an experiment; the newest line of a case counts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def lines(self, experiment: str) -> dict[str, Line]:
        """Give the newest line of each case."""
        path = self._path(experiment)
        found: dict[str, Line] = {}
        if path.exists():
            for text in path.read_text().splitlines():
                try:
                    line = json.loads(text)
                except ValueError:  # cut off when the run before was ended
                    continue
                found.pop(str(line["case"]), None)
                found[str(line["case"])] = line
        return found

    def settled(self, experiment: str, case: str, *, found: bool = False) -> bool:
        """Whether a case needs no other run: it has passed, or (`found`) it came to any result."""
        line = self.lines(experiment).get(case, {})
        return bool(line.get("ok")) or (found and bool(line) and "error" not in line)

    def add(self, experiment: str, case: str, line: Line) -> None:
        """Keep a result, on disk before anything else happens."""
        load = [round(value, 1) for value in os.getloadavg()]
        whole = {"case": case, "at": time.strftime("%Y-%m-%d %H:%M:%S"), "load": load, **line}
        path = self._path(experiment)
        cut_off = path.exists() and not path.read_bytes().endswith(b"\n")
        with path.open("a") as file:
            file.write("\n" * cut_off + json.dumps(whole) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _path(self, experiment: str) -> Path:
        return self.folder / f"{experiment.replace(' ', '-')}.jsonl"


def markdown(rows: Iterable[Iterable[object]]) -> str:
    """Lay rows out as a Markdown table; the first is the head."""
    head, *rest = [[str(cell) for cell in row] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rest]]
    return "\n".join(lines)


def add_up(lines: Iterable[Line], key: str) -> int:
    """Add up a field over lines; one that a line does not have counts as 0."""
    return sum(int(str(line.get(key) or 0)) for line in lines)
