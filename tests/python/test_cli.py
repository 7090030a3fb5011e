from pathlib import Path

import pytest

import headrace as hr
from headrace.cli import main


def test_replay_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bars.csv"
    hr.market.bars(rows=20, tickers=2, seed=1).to_csv(path, index=False)
    with hr.MockBroker(stocks=1) as broker:
        arguments = ["replay", str(path), "--to", "stocks", "--bootstrap", broker.bootstrap]
        assert main([*arguments, "--key", "Ticker", "--no-progress"]) == 0
    assert "20 records to stocks" in capsys.readouterr().out


def test_mistakes_are_one_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "gone.csv", "--to", "x"]) == 2
    assert capsys.readouterr().err.strip() == "headrace: no file 'gone.csv'"


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.strip() == hr.__version__
