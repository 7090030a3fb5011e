"""The program that runs the fuzz drivers at full size, with drivers that are scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import __main__ as program
from tests.fuzz.__main__ import Campaign


def put_driver(build: Path, name: str, end: str = "exit 0") -> None:
    """Make a driver that says it ran half of what it was asked for, and keeps what it was asked."""
    path = build / "tests" / "fuzz" / f"fuzz_{name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> {build}/asked_{name}\n'
        "runs=${1#-runs=}\n"
        "{ echo stat::number_of_executed_units: $(( (runs + 1) / 2 ))\n"
        "  echo stat::peak_rss_mb: 77; } >&2\n"
        f"{end}\n"
    )
    path.chmod(0o755)


def pieces(build: Path, name: str) -> int:
    return len((build / f"asked_{name}").read_text().splitlines())


def test_a_driver_runs_until_it_has_had_all_its_executions(tmp_path: Path) -> None:
    put_driver(tmp_path, "csv")
    result = Campaign(tmp_path).run("csv", 8)
    assert (result.executions, result.peak_mb, result.crashes) == (8, 77, [])
    assert pieces(tmp_path, "csv") == 4  # 4, 2, 1, 1


def test_what_is_done_is_not_run_again_until_its_program_is_another_one(tmp_path: Path) -> None:
    put_driver(tmp_path, "csv")
    Campaign(tmp_path).run("csv", 8)
    Campaign(tmp_path).run("csv", 8)
    assert pieces(tmp_path, "csv") == 4
    Campaign(tmp_path).run("csv", 10)  # goes on
    assert pieces(tmp_path, "csv") == 6
    put_driver(tmp_path, "csv", "exit 0 # changed")
    assert Campaign(tmp_path).run("csv", 8).executions == 8
    assert pieces(tmp_path, "csv") == 10


def test_fresh_begins_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_driver(tmp_path, "csv")
    assert program.main(["--runs", "8", "--build", str(tmp_path)]) == 0
    assert program.main(["--runs", "8", "--build", str(tmp_path), "--fresh"]) == 0
    assert pieces(tmp_path, "csv") == 8
    assert "| csv | 8 |" in capsys.readouterr().out


def test_a_crash_names_its_input_and_is_not_run_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_driver(tmp_path, "bad", "echo 'Test unit written to /x/crash-1' >&2; exit 77")
    put_driver(tmp_path, "good")
    assert program.main(["--runs", "2", "--build", str(tmp_path)]) == 1
    assert program.main(["--runs", "2", "--build", str(tmp_path)]) == 1
    assert Campaign(tmp_path).result("bad").crashes == ["/x/crash-1"]
    assert pieces(tmp_path, "bad") == 1
    said = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[-1] for line in said[-2:]] == ["failed |", "done |"]
    assert (tmp_path / "fuzz.md").read_text().endswith("done |\n")


def test_a_driver_that_runs_nothing_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "tests" / "fuzz" / "fuzz_idle"
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)
    with pytest.raises(RuntimeError, match="idle ran nothing"):
        Campaign(tmp_path).run("idle", 8)


def test_unknown_drivers_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_driver(tmp_path, "csv")
    assert program.main(["--only", "cvs", "--build", str(tmp_path)]) == 2
    assert "unknown ['cvs'], expected some of ['csv']" in capsys.readouterr().err


def test_the_table_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_driver(tmp_path, "csv")
    assert program.main(["--table", "--build", str(tmp_path)]) == 0
    assert not (tmp_path / "asked_csv").exists()
    assert "| csv | 0 | 0 | 0 | 0 | 0 MB | to go on |" in capsys.readouterr().out


def test_every_driver_has_seeds() -> None:
    folder = Path(program.__file__).parent
    drivers = {
        path.stem
        for path in folder.glob("*.cpp")
        if "LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {"
        in path.read_text()
    }
    assert drivers == {path.name for path in (folder / "seeds").iterdir()}
