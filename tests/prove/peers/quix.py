"""The job in Quix Streams: as it comes, or (``fixed``) with ids that stay the same."""

from __future__ import annotations

import sys
from typing import Any

from quixstreams import Application, State


def running(record: dict[str, Any], state: State) -> dict[str, Any]:
    """Give count and sum of the record's key so far."""
    count = state.get("count", 0) + 1
    total = state.get("sum", 0) + record["x"]
    state.set("count", count)
    state.set("sum", total)
    return {"id": record["id"], "key": record["key"], "count": count, "sum": total}


def main(bootstrap: str, source: str, target: str, group: str, state: str, *options: str) -> None:
    """Run until killed."""
    fixed = "fixed" in options
    app = Application(
        broker_address=bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        state_dir=state,
        producer_extra_config={"transactional.id": f"{group}-0"} if fixed else None,
        consumer_extra_config={"group.instance.id": f"{group}-0"} if fixed else None,
    )
    results = app.dataframe(app.topic(source, value_deserializer="json"))
    results = results.apply(running, stateful=True)
    results.to_topic(app.topic(target, value_serializer="json"))
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
