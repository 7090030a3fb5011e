from pathlib import Path

import pytest

pytest.importorskip("torch")

from headrace import demo


@pytest.mark.torch
def test_the_demo_ends_by_itself_with_a_table_and_a_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = demo.run(out=tmp_path / "demo.png", seconds=1.0)
    assert newest["Ticker"].tolist() == ["ACME", "BOLT", "CRUX", "DELT", "ECHO"]
    assert newest["p_up"].between(0, 1).all()
    assert (tmp_path / "demo.png").read_bytes().startswith(b"\x89PNG")
    text = capsys.readouterr().out
    assert "in-process broker" in text
    assert "rejected (" in text
    assert "bars it had not seen" in text


@pytest.mark.torch
def test_the_demo_on_a_real_broker(kafka, tmp_path: Path) -> None:
    newest = demo.run(bootstrap=kafka.bootstrap, out=tmp_path / "demo.html", seconds=1.0)
    assert len(newest) == 5
    assert "data:image/png" in (tmp_path / "demo.html").read_text()
