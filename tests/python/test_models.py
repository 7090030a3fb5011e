"""TorchScript models inside a stream: values, windows, refusals, and who loads torch when."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import headrace as hr
from headrace import models
from headrace.check import check
from headrace.errors import InvalidArgument, ModelError
from headrace.testing import assert_batch_invariant

torch = pytest.importorskip("torch")
pytest.importorskip("headrace._torch")
pytestmark = pytest.mark.torch

INPUTS = ["Open", "High", "Low", "Close"]


@pytest.fixture(scope="module")
def bars() -> pd.DataFrame:
    return hr.market.bars(rows=1500, tickers=3, seed=5)


Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Save a module as TorchScript; seeded, so that every run has the same weights."""

    def saved(module: Any, name: str = "model.pt") -> Path:
        path = tmp_path / name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch.jit is deprecated upstream, and in wide use
            torch.jit.script(module).save(str(path))
        return path

    torch.manual_seed(3)
    return saved


class Mlp(torch.nn.Module):  # type: ignore[misc]
    def __init__(self, inputs: int = 4, outputs: int = 1) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(inputs, 16), torch.nn.ReLU(), torch.nn.Linear(16, outputs)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x / 100)


class Lstm(torch.nn.Module):  # type: ignore[misc]
    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.lstm = torch.nn.LSTM(inputs, 10, batch_first=True)
        self.out = torch.nn.Linear(10, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        steps, _ = self.lstm(x / 100)
        return self.out(steps[:, -1])


class Two(torch.nn.Module):  # type: ignore[misc]
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x.sum(1), torch.stack([x[:, 0], x[:, 0] > 100], 1)


class Softmax(torch.nn.Module):  # type: ignore[misc]
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(x[:, :1], dim=0)


def stream(frame: pd.DataFrame) -> hr.Stream:
    return hr.from_frame(frame, schema=hr.market.SCHEMA)


def collect(frame: pd.DataFrame, path: Path, **options: Any) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hr.errors.RejectedWarning)
        return stream(frame).predict(path, **options).collect()


def expected(module: Any, values: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return module.eval()(torch.from_numpy(values.astype(np.float32))).numpy()


def test_every_row_gets_what_torch_gives(bars: pd.DataFrame, save: Save) -> None:
    module = Mlp()
    table = collect(bars, save(module), inputs=INPUTS, outputs=["score"])
    wanted = expected(module, table[INPUTS].to_numpy())[:, 0]
    assert table["score"].dtype == np.float64
    np.testing.assert_allclose(table["score"], wanted, rtol=1e-5, atol=1e-6)


def test_rows_without_all_their_inputs_are_not_predicted(bars: pd.DataFrame, save: Save) -> None:
    features = stream(bars).with_columns(rsi=hr.ta.rsi("Close", timeperiod=14))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hr.errors.RejectedWarning)
        table = features.predict(save(Mlp(2)), inputs=["Close", "rsi"], outputs=["p"]).collect()
    assert table["rsi"].isna().any()
    assert table["p"].isna().tolist() == table["rsi"].isna().tolist()


def test_a_window_is_the_last_rows_of_the_same_key(bars: pd.DataFrame, save: Save) -> None:
    module = Lstm(4)
    table = collect(bars, save(module), inputs=INPUTS, outputs=["p"], window=6)
    for _, rows in table.groupby("Ticker"):
        values = rows[INPUTS].to_numpy()
        windows = np.stack([values[i - 5 : i + 1] for i in range(5, len(values))])
        assert rows["p"].isna().tolist() == [True] * 5 + [False] * (len(rows) - 5)
        wanted = expected(module, windows)[:, 0]
        np.testing.assert_allclose(rows["p"].to_numpy()[5:], wanted, rtol=1e-4, atol=1e-5)


def test_several_outputs_become_several_columns(bars: pd.DataFrame, save: Save) -> None:
    table = collect(bars, save(Two()), inputs=INPUTS, outputs=["sum", "open", "dear"])
    np.testing.assert_allclose(table["sum"], table[INPUTS].sum(axis=1), rtol=1e-5)
    assert (table["open"] == table["Open"].astype(np.float32)).all()
    assert (table["dear"] == (table["Open"] > 100)).all()


@pytest.mark.parametrize(("inputs", "window"), [(4, None), (3, 7)])
def test_cut_anywhere_the_outputs_are_the_same_bits(
    bars: pd.DataFrame, save: Save, inputs: int, window: int | None
) -> None:
    path = save(Mlp(inputs) if window is None else Lstm(inputs))
    options = {"inputs": INPUTS[:inputs], "outputs": ["p"], "window": window}
    whole = collect(bars, path, **options)["p"].to_numpy()
    keys = bars["Ticker"].to_numpy()
    # The same records, each ticker alone: other batches, other neighbours, other places.
    for key in pd.unique(keys):
        alone = collect(bars[keys == key], path, **options)["p"].to_numpy()
        both = collect(bars, path, **options)
        assert alone.tobytes() == both["p"].to_numpy()[(both["Ticker"] == key)].tobytes()
    assert whole.tobytes() == collect(bars, path, **options)["p"].to_numpy().tobytes()


def refusal(path: Path, inputs: Sequence[str] = INPUTS, **options: Any) -> str:
    with pytest.raises(ModelError) as caught:
        stream(hr.market.bars(rows=1, tickers=1, seed=1)).predict(path, inputs=inputs, **options)
    assert str(path) in str(caught.value) or "neighbours" in str(caught.value)
    return str(caught.value)


def test_what_does_not_fit_is_refused_at_the_line_with_the_shapes(save: Save) -> None:
    path = save(Mlp())
    text = refusal(path, ["Close", "Open"])
    assert "float32 inputs of shape [2, 2]" in text
    assert "first weight is [16, 4], so it seems to take 4 inputs" in text
    assert "it gives 1 outputs a row ([2, 1] for [2, 4]), expected 2" in refusal(
        path, outputs=["a", "b"]
    )
    assert "it returns [2, 5, 1] for 2 rows" in refusal(path, window=5)
    assert "weights are Double" in refusal(save(Mlp().double()))
    assert "softmax over dim 0" in refusal(save(Softmax()))


def test_weights_of_nan_are_refused(save: Save) -> None:
    module = Mlp()
    with torch.no_grad():
        module.layers[0].bias.fill_(float("nan"))
    with pytest.raises(ModelError, match="NaN"):
        models.load(save(module), inputs=INPUTS, outputs=["p"])


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", b"\x80\x04K\x01."])
def test_files_that_are_no_torchscript_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wrong.pt"
    path.write_bytes(content)
    assert len(refusal(path)) > len(str(path))


def test_a_pickle_of_torch_save_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    torch.save(Mlp().state_dict(), path)
    text = refusal(path)
    assert "torch.save" in text
    assert "torch.jit.script(model).save(path)" in text


def test_a_truncated_file_is_refused(save: Save, tmp_path: Path) -> None:
    whole = save(Mlp()).read_bytes()
    path = tmp_path / "cut.pt"
    path.write_bytes(whole[: len(whole) // 2])
    assert "cut short" in refusal(path)


def test_a_missing_file_and_a_missing_device_are_refused(save: Save, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="absent"):
        models.load(tmp_path / "absent.pt", inputs=INPUTS, outputs=["p"])
    assert "device" in refusal(save(Mlp()), device="abacus")
    if not torch.cuda.is_available():
        assert "no CUDA device" in refusal(save(Mlp()), device="cuda")


def test_bad_arguments_are_refused(save: Save) -> None:
    path = save(Mlp())
    for options in ({"threads": 0}, {"window": 0}, {"outputs": ["a", "a"]}, {"outputs": []}):
        with pytest.raises(InvalidArgument):
            models.load(path, **{"inputs": INPUTS, "outputs": ["p"], **options})  # type: ignore[arg-type]


def test_a_capsule_is_adopted_once_and_released_when_nobody_does(save: Save) -> None:
    from headrace import _core, _torch

    path = str(save(Mlp()))
    capsule = _torch.load(path, input_width=4)
    assert _core.Predictor(capsule).output_width == 1
    with pytest.raises(InvalidArgument, match="adopted before"):
        _core.Predictor(capsule)
    del capsule
    _torch.load(path, input_width=4)


def test_the_stub_names_just_what_the_module_has() -> None:
    from headrace import _torch

    stub = Path(hr.__file__).with_name("_torch.pyi").read_text(encoding="utf-8")
    declared = {line[4:].partition("(")[0] for line in stub.splitlines() if line[:4] == "def "}
    assert declared == {name for name in dir(_torch) if not name.startswith("_")}


def test_the_users_own_torch_keeps_its_threads(bars: pd.DataFrame, save: Save) -> None:
    before = torch.get_num_threads()
    collect(bars, save(Mlp()), inputs=INPUTS, outputs=["p"], threads=before + 1)
    assert torch.get_num_threads() == before


SCRIPT = """
import sys
import warnings

warnings.simplefilter("error")
order = sys.argv[2]
if order == "before":
    import torch
import headrace as hr

bars = hr.market.bars(rows=300, tickers=2, seed=1)
stream = hr.from_frame(bars, schema=hr.market.SCHEMA)
warnings.simplefilter("ignore", hr.errors.RejectedWarning)
names = ["Open", "High", "Low", "Close"]
table = stream.predict(sys.argv[1], inputs=names, outputs=["p"]).collect()
assert ("torch" in sys.modules) == (order == "before"), "headrace imported torch"
if order == "after":
    import torch

    assert torch.ones(2).sum().item() == 2
print(table["p"].to_numpy().tobytes().hex())
"""


def test_torch_may_be_imported_before_after_or_not_at_all(save: Save) -> None:
    path = str(save(Mlp()))
    outputs = set()
    for order in ("before", "after", "never"):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(SCRIPT), path, order],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        outputs.add(done.stdout)
    assert len(outputs) == 1


def test_a_model_gives_the_same_bits_however_records_are_cut(
    bars: pd.DataFrame, save: Save
) -> None:
    stream = hr.kafka("bars", schema=hr.market.SCHEMA)
    predicted = stream.predict(save(Mlp()), inputs=INPUTS, outputs=["p"], window=None)
    assert_batch_invariant(predicted, bars.head(300), cuts=6)


def test_check_loads_the_models_of_a_script(bars: pd.DataFrame, save: Save, tmp_path: Path) -> None:
    bars.head(200).to_csv(tmp_path / "bars.csv", index=False)
    script = tmp_path / "pipeline.py"
    script.write_text(f"""
import headrace as hr
bars = hr.kafka("bars", schema=hr.market.SCHEMA)
bars.predict({str(save(Mlp()))!r}, inputs={INPUTS!r}, outputs=["p"]).run()
""")
    report = check(script, file=tmp_path / "bars.csv")
    assert report.errors == []
    assert (report.exit_code, report.streams[0].rows) == (0, 200)
    assert "predict(Open, High, Low, Close -> p)" in report.streams[0].stream
    script.write_text(script.read_text().replace(", 'Close'", ""))  # the model takes four
    report = check(script, file=tmp_path / "bars.csv")
    assert report.exit_code == 1
    assert "pipeline.py:4: ModelError: " in report.errors[0]


class Mean(torch.nn.Module):  # type: ignore[misc]
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(1, keepdim=True)


def test_a_model_is_known_by_what_is_in_its_file(save: Save) -> None:
    first, second = save(Mlp(), "first.pt"), save(Mean(), "second.pt")
    versions = [models.load(path, inputs=INPUTS, outputs=["p"]).version for path in (first, second)]
    again = models.load(first, inputs=INPUTS, outputs=["p"]).version
    assert len(versions[0]) == 16
    assert versions[0] == again != versions[1]
