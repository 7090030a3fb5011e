"""The command line of the benchmark."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tests.bench import w1
from tests.ux.notebooks import WAYS

_ROOT = Path(__file__).parents[2]
_QUICK_RECORDS = 200_000


def parse(groups: Sequence[str], arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Examples
    --------
    >>> options = parse(["first", "memory"], ["--quick", "--only", "memory"])
    >>> options.groups, options.rounds, options.records
    (['memory'], 1, 200000)
    """
    parser = argparse.ArgumentParser(prog="python -m tests.ux", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, and shorter looks")
    parser.add_argument("--only", default="", help=f"groups: {','.join(groups)}")
    parser.add_argument("--ways", default="", help=f"some of {','.join(WAYS)}")
    parser.add_argument("--rounds", type=int, default=0, help="counted rounds (3; quick: 1)")
    parser.add_argument("--soak", type=float, default=0.0, metavar="MINUTES",
                        help="instead of all else: watch memory for that long")  # fmt: skip
    parser.add_argument("--build-dir", type=Path, help="of an earlier build, for the wheel")
    parser.add_argument("--json", type=Path, default=_ROOT / "build" / "bench-ux.json")
    parsed = parser.parse_args(arguments)
    parsed.groups = _some_of(parser, "--only", parsed.only, groups)
    parsed.ways = _some_of(parser, "--ways", parsed.ways, WAYS)
    parsed.rounds = parsed.rounds or (1 if parsed.quick else 3)
    parsed.records = _QUICK_RECORDS if parsed.quick else w1.RECORDS
    return parsed


def _some_of(
    parser: argparse.ArgumentParser, option: str, given: str, known: Sequence[str]
) -> list[str]:
    chosen = [name for name in given.split(",") if name] or list(known)
    unknown = set(chosen) - set(known)
    if unknown:
        parser.error(f"{option}: unknown {sorted(unknown)}, expected some of {list(known)}")
    return chosen
