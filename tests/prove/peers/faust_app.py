"""The job in Faust-streaming, with its exactly-once setting."""

from __future__ import annotations

import sys

import faust

_PARTITIONS = 6


class Input(faust.Record, serializer="json"):
    """What comes in."""

    id: int
    key: str
    x: int
    at: int


class Sums(faust.Record, serializer="json"):
    """State of a key."""

    count: int = 0
    sum: int = 0


class Result(faust.Record, serializer="json", include_metadata=False):
    """What goes out."""

    id: int
    key: str
    count: int
    sum: int


def main(bootstrap: str, source: str, target: str, group: str, state: str) -> None:
    """Run until killed."""
    app = faust.App(
        group,
        broker=f"kafka://{bootstrap}",
        datadir=state,
        processing_guarantee="exactly_once",
        topic_partitions=_PARTITIONS,
        topic_replication_factor=1,
        web_enabled=False,
        consumer_auto_offset_reset="earliest",
    )
    records = app.topic(source, key_type=str, key_serializer="raw", value_type=Input)
    results = app.topic(target, key_type=str, key_serializer="raw", value_type=Result)
    table = app.Table("sums", default=Sums, partitions=_PARTITIONS)

    @app.agent(records)
    async def running(stream: faust.StreamT[Input]) -> None:
        async for record in stream:
            sums = table[record.key]
            sums = Sums(count=sums.count + 1, sum=sums.sum + record.x)
            table[record.key] = sums
            await results.send(
                key=record.key, value=Result(record.id, record.key, sums.count, sums.sum)
            )

    sys.argv = ["faust_app", "worker", "--loglevel=warn"]
    app.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
