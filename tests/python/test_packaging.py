"""What is installed: it stands alone, beside other clients, and without torch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import headrace

ROOT = Path(__file__).parents[2]
PACKAGE = Path(headrace.__file__).parent

# One record through the library that headrace brings, and one through that of confluent-kafka.
OURS = """
import headrace as hr
with hr.MockBroker(stocks=1) as broker:
    frame = hr.market.bars(rows=50, tickers=2, seed=1)
    hr.replay(frame, to="stocks", bootstrap=broker.bootstrap, key="Ticker", event_time="Date",
              progress=False)
    bars = hr.kafka("stocks", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA, until="end")
    assert len(bars.collect()) == 50
"""
THEIRS = """
import confluent_kafka as ck
producer = ck.Producer({"test.mock.num.brokers": 1})
producer.produce("t", b"x")
assert producer.flush(30) == 0
print(ck.libversion()[0])
"""


def run(code: str, python: str = sys.executable, **environment: str) -> str:
    """Run code in a process of its own and give what it prints."""
    done = subprocess.run(
        [python, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **environment},
        cwd="/",  # not the checkout, whose folders would be importable
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def pip(python: str, *arguments: str) -> None:
    """Run pip; where its index cannot be reached, the test is skipped, except in CI."""
    command = [python, "-m", "pip", "--disable-pip-version-check", "-q", "install", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500, cwd=ROOT)
    unreachable = (
        "NewConnectionError",
        "Temporary failure in name resolution",
        "Connection refused",
    )
    if any(word in done.stderr for word in unreachable) and os.environ.get("CI") != "true":
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_its_library_of_kafka_lies_beside_it() -> None:
    if not (PACKAGE / "_libs").is_dir():
        pytest.skip("built on a system librdkafka that is new enough")
    (library,) = (PACKAGE / "_libs").glob("librdkafka*")
    code = "import headrace\nprint(open('/proc/self/maps').read())"
    mapped = {line.split()[-1] for line in run(code).splitlines() if "librdkafka" in line}
    assert mapped == {str(library)}


@pytest.mark.parametrize("code", [OURS + THEIRS, THEIRS + OURS], ids=["ours first", "theirs first"])
def test_it_shares_a_process_with_confluent_kafka(code: str) -> None:
    pytest.importorskip("confluent_kafka")
    assert run(code).strip()


@pytest.mark.slow
@pytest.mark.parametrize("code", [OURS + THEIRS, THEIRS + OURS], ids=["ours first", "theirs first"])
def test_it_shares_a_process_with_another_version(
    code: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.getbasetemp() / "other-client"
    if not other.exists():
        pip(sys.executable, "--no-deps", "--target", str(other), "confluent-kafka==2.14.2")
    assert run(code, PYTHONPATH=str(other)).strip() == "2.14.2"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_pip_installs_it_under_isolation_and_it_works_without_torch(tmp_path: Path) -> None:
    """``pip install .`` in an empty environment: all but ``.predict``, which says what to do."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True, timeout=300)
    python = str(tmp_path / "env" / "bin" / "python")
    # Beside the other build folders, where ccache knows the paths.
    build = ROOT / "build" / f"isolated-{os.getpid()}"
    try:
        pip(python, "-C", f"build-dir={build}", str(ROOT))
    finally:
        shutil.rmtree(build, ignore_errors=True)
    assert run(OURS, python) == ""
    (tmp_path / "model.pt").touch()  # a file is looked for before torch is
    code = f"""
import importlib.util
for name in ("torch", "confluent_kafka", "pyarrow", "scikit_build_core"):
    assert importlib.util.find_spec(name) is None, name
import headrace as hr
df = hr.market.bars(rows=300, tickers=2, seed=1)
bars = hr.from_frame(df, schema=hr.market.SCHEMA)
assert len(bars.with_columns(hr.ta.rsi("Close", timeperiod=14)).collect()) == 300
try:
    bars.predict({str(tmp_path / "model.pt")!r}, inputs=["Close"], outputs=["p"])
except (hr.HeadraceError, ImportError) as error:
    print(error)
else:
    raise SystemExit("predict did not say that torch is missing")
"""
    assert "torch" in run(code, python)
