"""The examples do what they say: the script, its tests, and the workflow step by step."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import headrace as hr
from headrace.broker import TemporaryBroker

EXAMPLES = Path(__file__).parents[2] / "examples"
# Where headrace was installed before it had the plugin.
KNOWN = {point.name for point in importlib.metadata.entry_points(group="pytest11")}
PLUGIN = "" if "headrace" in KNOWN else "-p headrace.pytest_plugin"


def workflow() -> dict[str, Any]:
    return yaml.safe_load((EXAMPLES / "github-actions.yml").read_text())


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A user's repository: the examples and some records."""
    for path in EXAMPLES.glob("*.py"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "sample").mkdir()
    frame = hr.market.bars(rows=400, tickers=2, seed=6)
    frame.to_csv(tmp_path / "sample" / "bars.csv", index=False)
    return tmp_path


def shell(command: str, folder: Path, kafka: str) -> subprocess.CompletedProcess[str]:
    commands = Path(sys.executable).parent
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, "KAFKA": kafka, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_the_script_prints_the_newest_rows_and_saves_the_chart(repository: Path) -> None:
    with hr.MockBroker(ohlcv=2) as broker:
        hr.replay(
            hr.market.bars(rows=400, tickers=2, seed=6),
            to="ohlcv",
            bootstrap=broker.bootstrap,
            key="Ticker",
        )
        done = shell("python bollinger.py ACME", repository, broker.bootstrap)
    assert (done.returncode, done.stderr) == (0, "")
    assert "bbands_upper" in done.stdout
    assert "400 records" in done.stdout
    assert (repository / "bollinger.png").read_bytes().startswith(b"\x89PNG")


def test_the_script_fails_where_there_are_no_rows(repository: Path) -> None:
    with hr.MockBroker(ohlcv=1) as broker:
        script = (repository / "bollinger.py").read_text().replace("30s", "1s")
        (repository / "bollinger.py").write_text(script)
        done = shell("python bollinger.py", repository, broker.bootstrap)
    assert done.returncode == 1
    assert done.stderr.startswith("no rows within ")


def test_the_workflow_is_one_that_github_takes() -> None:
    text = workflow()
    assert text[True]  # "on" is a boolean to YAML 1.1
    [job] = text["jobs"].values()
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step)
    assert "9092:9092" in job["services"]["kafka"]["ports"]


def test_the_steps_of_the_workflow_pass(repository: Path, kafka: TemporaryBroker) -> None:
    [job] = workflow()["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands.pop(0).startswith("pip install headrace")
    for command in commands:
        here = command.replace("localhost:9092", kafka.bootstrap)
        here = here.replace("pytest", f"pytest -p no:asyncio {PLUGIN}")
        done = shell(here, repository, kafka.bootstrap)
        assert done.returncode == 0, f"{here}\n{done.stdout}\n{done.stderr}"
    assert (repository / "bollinger.png").exists()
