"""J3's model: an 8-64-64-1 MLP with seeded weights, exported to TorchScript."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import torch

from tests.bench.jobs.base import FEATURES

_SEED = 7


def save_mlp(path: Path) -> None:
    """Write the TorchScript file."""
    torch.manual_seed(_SEED)
    layers = torch.nn.Sequential(
        torch.nn.Linear(len(FEATURES), 64),
        torch.nn.ReLU(),
        torch.nn.Linear(64, 64),
        torch.nn.ReLU(),
        torch.nn.Linear(64, 1),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.jit.save(torch.jit.script(layers.eval()), str(path))


if __name__ == "__main__":
    save_mlp(Path(sys.argv[1]))
