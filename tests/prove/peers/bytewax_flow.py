"""The job in Bytewax, with recovery every 0.1 s."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSinkMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

_EPOCH = timedelta(seconds=0.1)


def running(sums: list[int] | None, record: dict[str, Any]) -> tuple[list[int], dict[str, Any]]:
    """Give count and sum of the record's key so far."""
    count, total = sums or [0, 0]
    count, total = count + 1, total + record["x"]
    result = {"id": record["id"], "key": record["key"], "count": count, "sum": total}
    return [count, total], result


def main(bootstrap: str, source: str, target: str, _group: str, state: str) -> None:
    """Run until killed."""
    flow = Dataflow("prove")
    records = kop.input("in", flow, brokers=[bootstrap], topics=[source])
    parsed = op.map("parse", records.oks, lambda message: json.loads(message.value))
    keyed = op.key_on("key", parsed, lambda record: record["key"])
    results = op.stateful_map("running", keyed, running)
    messages = op.map(
        "message",
        results,
        lambda pair: KafkaSinkMessage(pair[0].encode(), json.dumps(pair[1]).encode()),
    )
    kop.output("out", messages, brokers=[bootstrap], topic=target)

    folder = Path(state) / "recovery"
    if not folder.exists():
        folder.mkdir(parents=True)
        init_db_dir(folder, 1)
    cli_main(flow, epoch_interval=_EPOCH, recovery_config=RecoveryConfig(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
