"""Models: TorchScript files handed to the core through its plain C table."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.errors import InvalidArgument, ModelError

if TYPE_CHECKING:
    from headrace import _core

__all__ = ["load"]


def load(
    model: str | Path,
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    window: int | None = None,
    device: str = "cpu",
    threads: int = 1,
) -> _core.Predictor:
    """Load a TorchScript file and try it, as ``Stream.predict`` does.

    Raises
    ------
    ModelError
        If the file is not TorchScript or does not fit the widths.
    ImportError
        If torch is not installed.
    """
    from headrace import _core

    if window is not None and (not isinstance(window, int) or window < 1):
        raise InvalidArgument(f"predict: window: expected a whole number from 1, got {window!r}")
    if threads < 1:
        raise InvalidArgument(f"predict: threads: expected 1 or more, got {threads}")
    if not outputs or len(set(outputs)) != len(outputs):
        raise InvalidArgument(f"predict: outputs: expected different names, got {list(outputs)!r}")
    path = Path(model)
    if not path.is_file():
        raise ModelError(f"no model file {str(path)!r}")
    torch_part = _torch_module()
    capsule = torch_part.load(
        str(path),
        input_width=len(inputs),
        window=window or 0,
        output_width=len(outputs),
        device=device,
        threads=threads,
    )
    return _core.Predictor(capsule, hashlib.sha256(path.read_bytes()).hexdigest()[:16])


def _torch_module() -> Any:
    name = "headrace._torch"
    try:
        return importlib.import_module(name)
    except ImportError as error:
        first = error
    if not importlib.util.find_spec(name) or not importlib.util.find_spec("torch"):
        raise ImportError(
            'predict needs torch: pip install "headrace[torch]" (and, where headrace was installed '
            "before torch, install headrace once more)"
        ) from first
    # Torch may live in another folder than headrace, which its rpath does not know: once loaded by
    # Python it is found all the same.
    torch = importlib.import_module("torch")
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"headrace's model part does not fit torch {torch.__version__}; install headrace once "
            f"more: pip install --force-reinstall --no-deps headrace ({error})"
        ) from error
