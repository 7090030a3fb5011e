"""E14: same input, any number of threads, killed anywhere: same bytes, same state."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.prove import checkpoints, oracle
from tests.prove.cluster import Cluster
from tests.prove.experiment import Context, Experiment
from tests.prove.feed import Feeder
from tests.prove.process import Place
from tests.prove.records import PARTITIONS, Records
from tests.prove.results import Line, add_up
from tests.prove.run import FAST, Run, make_place

_PLACES = {1: 7, 2: 7, 4: 6}  # threads: crash places, 20 together
_SETTLED_S = 1.5  # several checkpoint intervals: the last checkpoint is of the last record


def run_determinism(context: Context, case: str) -> Line:
    """Compute undisturbed, then with kills at seeded moments, and compare bytes and state."""
    threads = int(case.partition(" ")[0])
    places = 2 if context.quick else _PLACES[threads]
    cluster, folder = context.cluster(), context.run_folder()
    records = Records(threads, 10_000 if context.quick else 60_000)
    source = make_place(cluster, folder, PARTITIONS)
    feeder = Feeder(cluster.bootstrap, source.input, records, FAST)
    feeder.start()
    feeder.release_all()
    feeder.wait()
    feeder.close()
    rng = random.Random(case)
    reference = _once(context, cluster, folder, source, records, 1, None)
    different = sum(
        _once(context, cluster, folder, source, records, threads, rng.uniform(0.3, 2.0))
        != reference
        for _ in range(places)
    )
    whole = len(reference[1]) == PARTITIONS
    return {"ok": whole and not different, "runs": places, "different": different}


def _once(
    context: Context,
    cluster: Cluster,
    folder: Path,
    source: Place,
    records: Records,
    threads: int,
    dies_after_s: float | None,
) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
    """Give a digest of each key's results, and the state's CRCs, of one run over the same input."""
    fresh = make_place(cluster, folder, PARTITIONS)
    place = replace(fresh, input=source.input)
    options = ("--threads", str(threads), "--checkpoint-interval", "300ms")
    run = Run(cluster, place, records, context.launcher(folder, *options))
    with run:
        if dies_after_s is not None:
            run.worker.start()
            time.sleep(dies_after_s)
            run.worker.kill()
        run.worker.start()
        run.wait_for_all()
        time.sleep(_SETTLED_S)
        run.worker.stop()
    return _digests(cluster.bootstrap, place.output), checkpoints.newest_state(place.state)


def _digests(bootstrap: str, topic: str) -> dict[str, str]:
    """Hash the values of each key in their order."""
    by_key: dict[str, hashlib._Hash] = {}
    for _, _, value in oracle.read(bootstrap, topic):
        key = value.partition(b'"key":')[2].partition(b",")[0].decode()
        by_key.setdefault(key, hashlib.sha256()).update(value)
    return {key: digest.hexdigest() for key, digest in sorted(by_key.items())}


def _summary(lines: Sequence[Line]) -> str:
    return f"{add_up(lines, 'different')} of {add_up(lines, 'runs')} runs differ"


DETERMINISM = Experiment(
    "E14",
    "1, 2 and 4 threads, killed at 20 places: bytes of every key's results, CRC of every state",
    "all the same",
    lambda quick: ["2 threads"] if quick else [f"{n} threads" for n in _PLACES],
    run_determinism,
    _summary,
)
