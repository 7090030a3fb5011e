"""The ``headrace`` command: demo, replay, check, broker."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import headrace
from headrace.errors import HeadraceError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Examples
    --------
    >>> from headrace.cli import main
    >>> main(["replay", "no-such-file.csv", "--to", "stocks"])
    2
    """
    options = _parser().parse_args(arguments)
    try:
        status: int = options.command(options)
    except (HeadraceError, ImportError) as error:
        print(f"headrace: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("headrace: stopped by user", file=sys.stderr)
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="headrace", description="Kafka streams to notebooks and models."
    )
    parser.add_argument("--version", action="version", version=headrace.__version__)
    commands = parser.add_subparsers(required=True, metavar="command")

    demo = commands.add_parser(
        "demo", help="a simulated market through the whole pipeline, to a table and a chart"
    )
    demo.add_argument(
        "--bootstrap", metavar="HOST:PORT", help="a real broker (default: in-process)"
    )
    demo.add_argument("--out", type=Path, default=Path("headrace-demo.png"), help="the chart")
    demo.add_argument("--seconds", type=float, default=6.0, help="how long the market takes")
    demo.set_defaults(command=_demo)

    replay = commands.add_parser("replay", help="rows of a CSV or Parquet file to a topic")
    replay.add_argument("file", type=Path)
    replay.add_argument("--to", required=True, metavar="TOPIC")
    replay.add_argument("--bootstrap", default="localhost:9092", metavar="HOST:PORT")
    replay.add_argument("--key", metavar="COLUMN", help="column that becomes the Kafka key")
    replay.add_argument("--event-time", metavar="COLUMN", help="column that orders the rows")
    replay.add_argument("--speed", metavar="60x", help="default: as fast as possible")
    replay.add_argument("--no-progress", action="store_true")
    replay.set_defaults(command=_replay)

    check = commands.add_parser(
        "check",
        help="whether the streams of a script fit their topics, without running it",
        epilog="exit code: 0 they fit, 1 they do not, 2 they could not be checked",
    )
    check.add_argument("script", type=Path, help="a Python file, e.g. pipeline.py")
    instead = check.add_mutually_exclusive_group()
    instead.add_argument("--bootstrap", metavar="HOST:PORT", help="in place of the script's own")
    instead.add_argument("--file", type=Path, help="a file in place of every topic")
    check.add_argument("--records", type=int, default=250, help="of each topic (default: 250)")
    check.add_argument(
        "--max-rejected",
        type=int,
        default=0,
        metavar="N",
        help="records that may be rejected by the schema (default: 0)",
    )
    check.add_argument("--main", action="store_true", help="run the __main__ block, too")
    check.set_defaults(command=_check)

    broker = commands.add_parser("broker", help="a real single-node Apache Kafka for development")
    actions = broker.add_subparsers(required=True, metavar="action")
    start = actions.add_parser("start", help="start it on loopback and return")
    start.add_argument("--port", type=int, default=9092)
    start.set_defaults(command=_broker_start)
    actions.add_parser("stop", help="stop it").set_defaults(command=_broker_stop)
    actions.add_parser("status", help="say whether it runs").set_defaults(command=_broker_status)
    return parser


def _demo(options: argparse.Namespace) -> int:
    from headrace.demo import run

    run(bootstrap=options.bootstrap, out=options.out, seconds=options.seconds)
    return 0


def _replay(options: argparse.Namespace) -> int:
    count = headrace.replay(
        options.file,
        to=options.to,
        bootstrap=options.bootstrap,
        key=options.key,
        event_time=options.event_time,
        speed=options.speed,
        progress=not options.no_progress,
    )
    print(f"{count} records to {options.to} on {options.bootstrap}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from headrace.check import check

    report = check(
        options.script,
        bootstrap=options.bootstrap,
        file=options.file,
        records=options.records,
        max_rejected=options.max_rejected,
        main=options.main,
    )
    print(report)
    return report.exit_code


def _broker_start(options: argparse.Namespace) -> int:
    from headrace import broker

    print(broker.start(port=options.port))
    return 0


def _broker_stop(_: argparse.Namespace) -> int:
    from headrace import broker

    print("stopped" if broker.stop() else "no broker of headrace is running")
    return 0


def _broker_status(_: argparse.Namespace) -> int:
    from headrace import broker

    info = broker.status()
    print(info if info is not None else "no broker of headrace is running")
    return 0 if info is not None else 1


if __name__ == "__main__":
    sys.exit(main())
