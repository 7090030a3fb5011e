"""The jobs as notebooks: what a user of each way would write, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

_FOLDER = Path(__file__).with_name("jobs")
_CELL = "# %%"
GLUE = ("glue_clear_output", "glue_ipympl")
OURS = ("headrace_inline", "headrace_ipympl")
WAYS = OURS + GLUE


@dataclass(frozen=True)
class Place:
    """Where a job reads."""

    bootstrap: str
    topic: str
    group: str = "notebook"

    def fill(self, text: str) -> str:
        """Put this place where a job says ``localhost:9092``, ``ohlcv`` and ``notebook``.

        Examples
        --------
        >>> Place("127.0.0.1:19092", "bars").fill('hr.kafka("ohlcv", bootstrap="localhost:9092")')
        'hr.kafka("bars", bootstrap="127.0.0.1:19092")'
        """
        text = text.replace('"localhost:9092"', f'"{self.bootstrap}"')
        return text.replace('"ohlcv"', f'"{self.topic}"').replace('"notebook"', f'"{self.group}"')


def source(job: str) -> str:
    """Read a job as it is written down."""
    return (_FOLDER / f"{job}.ipy").read_text()


def cells(text: str) -> list[str]:
    r"""Split a job into its cells.

    Examples
    --------
    >>> cells("import x\n\n# %%\nx.run()\n")
    ['import x', 'x.run()']
    """
    return [part.strip("\n") for part in text.split(_CELL + "\n")]


def imports_apart(job_cells: list[str]) -> list[str]:
    r"""Put the imports of a job that is one cell into a cell before it.

    Examples
    --------
    >>> imports_apart(["%matplotlib widget\nimport x\nx.run()\nx.show()"])
    ['%matplotlib widget\nimport x', 'x.run()\nx.show()']
    >>> imports_apart(["import x", "x.run()"])
    ['import x', 'x.run()']
    """
    if len(job_cells) > 1:
        return job_cells
    lines = job_cells[0].splitlines()
    after = 1 + max(i for i, line in enumerate(lines) if line.startswith(("import ", "from ")))
    return ["\n".join(lines[:after]), "\n".join(lines[after:])]


def code_lines(text: str) -> list[str]:
    r"""List the lines that someone had to write: no blanks, comments, cell marks or magics.

    Examples
    --------
    >>> code_lines("%matplotlib widget\nimport x\n\n# %%\n# why\nx.run()\n")
    ['import x', 'x.run()']
    """
    lines = (line.rstrip() for line in text.splitlines())
    return [line for line in lines if line.strip() and line.lstrip()[0] not in "#%"]


def write(path: Path, job_cells: list[str]) -> Path:
    """Write a notebook that has not been run."""
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in job_cells])
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    nbformat.write(notebook, path)
    return path
