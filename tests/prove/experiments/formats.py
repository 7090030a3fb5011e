"""E20: values from a seed, decoded by us and by Python's own ``json`` and ``csv``."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from headrace.errors import RejectedWarning
from tests.prove.experiment import Context, Experiment, seed_of
from tests.prove.results import Line, add_up

_LINES = 100_000
_QUICK = 20_000


def run_values(context: Context, case: str) -> Line:
    """Compare; what we refuse and Python takes is counted, and is no fault."""
    from tests.agreement.format_oracles import compare  # needs pyarrow

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RejectedWarning)
        found = compare(case.split()[0], seed_of(case), _QUICK if context.quick else _LINES)
    return {"ok": found.different == 0 and found.accepted > found.lines / 2, **vars(found)}


def _summary(lines: Sequence[Line]) -> str:
    tried, taken, refused = (add_up(lines, key) for key in ("lines", "accepted", "refused"))
    return (
        f"{add_up(lines, 'different')} of {tried:,} different ({taken:,} accepted, "
        f"{refused} refused that Python takes)"
    )


VALUES = Experiment(
    "E20",
    "generated JSON and CSV records against Python's json and csv, one in eight harmed",
    "0 accepted with another value of 1,000,000 each",
    lambda quick: [f"{kind} {n}" for kind in ("json", "csv") for n in range(1, 2 if quick else 11)],
    run_values,
    _summary,
)
