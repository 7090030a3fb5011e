"""E22: records that are none, and a topic for them that is not there, too small or closed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from tests.prove import kills, oracle
from tests.prove.cluster import Cluster
from tests.prove.experiment import Context, Experiment, seed_of
from tests.prove.records import PARTITIONS, Records
from tests.prove.results import Line
from tests.prove.run import Run, make_place

_ACLS = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
}
_WATCHED_S = 5.0  # from the first word on
_SHOWN = 0.5  # of that time
_BUSY = 0.5  # of a core: who waits does not take so much
_ADMIN_S = 30.0

Mend = Callable[[], None]


def run_poison(context: Context, case: str) -> Line:
    """One record in a hundred is bad, and the worker is killed ten times."""
    count, times = (20_000, 2) if context.quick else (1_000_000, 10)
    cluster, folder = context.cluster(), context.run_folder()
    place = make_place(cluster, folder, PARTITIONS)
    records = Records(seed_of(case), count, bad_every=100)
    letters = cluster.topic("rejected", PARTITIONS)
    run = Run(cluster, place, records, context.launcher(folder, "--dead-letters", letters))
    outcome = kills.worker_kills(run, times)
    return _with_letters(outcome.line(), cluster, letters, records)


def _with_letters(line: Line, cluster: Cluster, letters: str, records: Records) -> Line:
    """Add what the dead-letter topic has."""
    values = (value for _, _, value in oracle.read(cluster.bootstrap, letters))
    verdict = oracle.judge_dead_letters(values, records)
    more = {f"letters_{name}": count for name, count in verdict.counts().items()}
    return {**line, **more, "ok": bool(line["ok"]) and verdict.exact}


def run_trouble(context: Context, case: str) -> Line:
    """The topic for dead letters does not take them: wait and say so; then it is mended."""
    cluster = context.cluster("acls", properties=_ACLS)
    folder = context.run_folder()
    place = make_place(cluster, folder, PARTITIONS)
    records = Records(seed_of(case), 3_000, bad_every=100, bad_bytes=20_000)
    letters, mend = _TROUBLES[case.rpartition(" ")[0]](cluster)
    status = folder / "status.json"
    options = ("--dead-letters", letters, "--status", str(status))
    run = Run(cluster, place, records, context.launcher(folder, *options), rate=2_000.0)
    with run:
        run.feeder.release_all()
        run.worker.start()
        _until_said(status)
        before = run.worker.cpu_now_s()
        said = _messages(status, _WATCHED_S)
        waits = run.worker.running()
        busy = (run.worker.cpu_now_s() - before) / _WATCHED_S
        mend()
        outcome = run.finish()
    shown = sum(map(bool, said)) / len(said)
    last = next(filter(None, reversed(said)), "")
    line = outcome.line(waits=waits, said=last, shown=round(shown, 2), busy=round(busy, 2))
    line["ok"] = bool(line["ok"]) and waits and shown >= _SHOWN and busy <= _BUSY
    return _with_letters(line, cluster, letters, records)


def _until_said(status: Path) -> None:
    """Return when the status has a message; what it comes to where there is none is seen later."""
    ends = time.monotonic() + _ADMIN_S
    while not _message(status) and time.monotonic() < ends:
        time.sleep(0.1)


def _messages(status: Path, seconds: float) -> list[str]:
    """Give what the status says, looked at ten times a second."""
    ends = time.monotonic() + seconds
    found = []
    while time.monotonic() < ends:
        found.append(_message(status))
        time.sleep(0.1)
    return found


def _message(status: Path) -> str:
    try:
        return str(json.loads(status.read_text())["message"])
    except (OSError, ValueError, KeyError):
        return ""


def _missing(cluster: Cluster) -> tuple[str, Mend]:
    name = f"missing-{time.time_ns()}"

    def mend() -> None:
        admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
        for future in admin.create_topics([NewTopic(name, PARTITIONS, 1)]).values():
            future.result(timeout=_ADMIN_S)

    return name, mend


def _too_small(cluster: Cluster) -> tuple[str, Mend]:
    name = cluster.topic("small", PARTITIONS, max_message_bytes="2000")

    def mend() -> None:
        admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
        entry = ConfigEntry(
            "max.message.bytes", "1000000", incremental_operation=AlterConfigOpType.SET
        )
        resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry])
        for future in admin.incremental_alter_configs([resource]).values():
            future.result(timeout=_ADMIN_S)

    return name, mend


def _denied(cluster: Cluster) -> tuple[str, Mend]:
    name = cluster.topic("denied", PARTITIONS)
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    rule = (ResourceType.TOPIC, name, ResourcePatternType.LITERAL, "User:ANONYMOUS", "*")
    deny = AclBinding(*rule, AclOperation.WRITE, AclPermissionType.DENY)
    allow = AclBinding(*rule, AclOperation.ALL, AclPermissionType.ALLOW)
    for future in admin.create_acls([deny, allow]).values():
        future.result(timeout=_ADMIN_S)

    def mend() -> None:
        chosen = AclBindingFilter(*rule, AclOperation.WRITE, AclPermissionType.DENY)
        for future in admin.delete_acls([chosen]).values():
            future.result(timeout=_ADMIN_S)

    return name, mend


_TROUBLES: dict[str, Callable[[Cluster], tuple[str, Mend]]] = {
    "missing": _missing,
    "too small": _too_small,
    "denied": _denied,
}


def cases(quick: bool) -> list[str]:
    """Give the poison, and each trouble with the topic for it."""
    return ["seed 22"] if quick else ["seed 22", *(f"{name} 1" for name in _TROUBLES)]


def run_case(context: Context, case: str) -> Line:
    """Run one of them."""
    return (run_poison if case.startswith("seed") else run_trouble)(context, case)


POISON = Experiment(
    "E22",
    "1 % of 1,000,000 records bad, 10 kills; dead-letter topic missing, too small, or denied",
    "each bad record once in it; waits and says so meanwhile",
    cases,
    run_case,
)
