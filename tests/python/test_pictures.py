"""The README is true: its lines run and draw its pictures, its links lead somewhere."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

import headrace as hr
from headrace.plot import Chart
from headrace.replay import produce
from tests.python.ink import ENOUGH, spread

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"!\[[^]]*\]\((notebooks/pictures/[^)]+)\)", README)
LARGEST = 40_000


@pytest.fixture(scope="module")
def pictures() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "notebooks" / "pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_first_example_is_five_short_lines(pictures: ModuleType) -> None:
    name, lines = pictures.example(README)
    assert name == "five_lines"
    assert len(lines.splitlines()) <= 5
    assert max(len(line) for line in lines.splitlines()) <= 88
    assert pictures.ADDRESS in lines
    ast.parse(lines)


def test_the_lines_of_the_readme_draw_its_pictures(pictures: ModuleType, tmp_path: Path) -> None:
    drawn = pictures.draw(tmp_path)
    assert [f"notebooks/pictures/{path.name}" for path in drawn] == SHOWN
    for path in drawn:
        png = path.read_bytes()
        assert png.startswith(b"\x89PNG")
        assert len(png) <= LARGEST, path.name
        assert spread(png) > ENOUGH, path.name


def test_the_example_of_event_time_counts_flights(pictures: ModuleType, tmp_path: Path) -> None:
    [lines] = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL)
               if "per_day" in block]  # fmt: skip
    table = hr.flights.schedule(rows=900, airlines=3, seed=3)
    table.to_csv(tmp_path / "flights.csv", index=False)
    with hr.MockBroker(flights=2) as broker:
        produce(hr.flights.records(table), to="flights", bootstrap=broker.bootstrap)
        lines = lines.replace('"flights.csv"', repr(str(tmp_path / "flights.csv")))
        lines = lines.replace(
            'hr.kafka("flights"', f'hr.kafka("flights", bootstrap="{broker.bootstrap}"'
        )
        names: dict[str, Any] = {"hr": hr}
        assert any(isinstance(value, Chart) for value in pictures.run(lines, names))
        with names["live"] as live:
            assert live.wait(records=len(table), timeout="30s")
    counted = live.frame().set_index(["Airline", live.schema.event_time])["flights"]
    flown = table[table["Cancelled"] == 0].groupby(["Airline", "FlightDate"]).size()
    assert len(counted) == 2 * 3  # the last of three days is not over
    for (airline, day), flights in counted.items():
        assert flights == flown[airline, f"{day:%Y-%m-%d}"]


def test_the_pictures_that_are_stored_are_those_of_the_readme() -> None:
    stored = sorted((ROOT / "notebooks" / "pictures").iterdir())
    assert sorted(SHOWN) == [path.relative_to(ROOT).as_posix() for path in stored]
    for path in stored:
        assert path.stat().st_size <= LARGEST, path.name
        assert spread(path.read_bytes()) > ENOUGH, path.name


def test_the_chapters_come_in_the_order_in_which_they_are_needed() -> None:
    chapters = re.findall(r"^## (.+)$", README, re.MULTILINE)
    assert chapters == [
        "Install", "First chart", "Event time: windows, groups, bars, joins", "Guide", "Gallery",
        "API", "Questions", "Help",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\((?!#|https?:)([^)#]+)", (ROOT / name).read_text()):
        assert (ROOT / target).exists(), target


def test_contributing_says_what_every_module_is_for() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"`(\w+)`", text.partition("## The Python side")[2].partition("## ")[0]))
    modules = {path.stem for path in (ROOT / "python" / "headrace").glob("[!_]*.py")}
    assert modules - named == set()


# -- the table of names cannot rot


def public() -> Iterator[tuple[str, str]]:
    """Every public name, and how code has it."""
    for name in hr.__all__:
        yield f"hr.{name}", rf"\bhr\.{name}\b"
    for kind in (hr.Stream, hr.GroupBy, hr.Live, Chart):
        for name in vars(kind):
            if not name.startswith("_") and callable(getattr(kind, name)):
                yield f"{kind.__name__}.{name}", rf"\.{name}\b"
    for kind in (hr.Stream, hr.Live):
        for name, value in vars(kind).items():
            if not name.startswith("_") and isinstance(value, property):
                yield f"{kind.__name__}.{name}", rf"\.{name}\b"
    for name, value in vars(hr.Schema).items():
        if isinstance(value, classmethod) and not name.startswith("_"):
            yield f"Schema.{name}", rf"\.{name}\b"


def test_every_public_name_is_in_the_readme_or_the_guide() -> None:
    guide = nbformat.read(ROOT / "notebooks" / "03_guide.ipynb", as_version=4).cells
    words = [README, *(cell["source"] for cell in guide if cell["cell_type"] == "markdown")]
    code = "\n".join(
        [text for part in words for text in re.findall(r"```.*?```|`[^`]+`", part, re.DOTALL)]
        + [cell["source"] for cell in guide if cell["cell_type"] == "code"]
    )
    names = dict(public())
    assert {"hr.run_for", "Stream.head", "Live.wait", "Chart.save", "Live.schema"} <= set(names)
    assert [name for name, pattern in names.items() if not re.search(pattern, code)] == []


def test_the_readme_names_nothing_that_is_not_there() -> None:
    api = README.partition("## API")[2].partition("## Questions")[0]
    for name in re.findall(r"`hr\.(\w+)`", api):
        assert hasattr(hr, name), name
    there = {
        name
        for kind in (hr.Stream, hr.GroupBy, hr.Live, hr.DeadLetters, Chart, hr.Schema)
        for name in vars(kind)
    }
    named = re.findall(r"`\.(\w+)`", api)
    assert len(named) > 30
    assert [name for name in named if name not in there] == []
