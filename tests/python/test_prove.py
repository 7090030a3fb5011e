"""The proof's own parts: the reference, the judge, the proxy's reading, what is kept. No broker."""

from __future__ import annotations

import asyncio
import json
import struct
import time
from pathlib import Path

import pytest

from tests.prove import __main__ as program
from tests.prove import catalogue, checkpoints, oracle, proxy
from tests.prove.experiment import Context, Experiment, exactness, seed_of
from tests.prove.experiments.times import HostileRecords
from tests.prove.process import Worker
from tests.prove.proxy import Action, Proxy, Request
from tests.prove.records import Records
from tests.prove.results import Results, markdown


def results_of(records: Records) -> list[bytes]:
    """What a faultless job writes."""
    counts, sums = records.expected()
    return [
        json.dumps({"id": i, "key": "k", "count": counts[i], "sum": sums[i]}).encode()
        for i in range(records.count)
        if not records.is_bad(i)
    ]


def test_records_are_a_function_of_the_seed_and_keys_stay_in_their_partition() -> None:
    a, b, c = Records(1, 500), Records(1, 500), Records(2, 500)
    assert [a.record(i) for i in range(500)] == [b.record(i) for i in range(500)]
    assert [a.record(i) for i in range(500)] != [c.record(i) for i in range(500)]
    places: dict[bytes, set[int]] = {}
    for i in range(500):
        record = a.record(i)
        places.setdefault(record.key, set()).add(record.partition)
        assert json.loads(record.value)["id"] == i
    assert all(len(partitions) == 1 for partitions in places.values())


def test_added_partitions_get_keys_of_their_own() -> None:
    records = Records(1, 900, rungs=[(300, 12), (600, 24)])
    for first, partitions in ((0, 6), (300, 12), (600, 24)):
        found = {records.partition(i) for i in range(first, first + 300)}
        assert found == set(range(partitions))
    keys = [{records.record(i).key for i in range(n, n + 300)} for n in (0, 300, 600)]
    assert not keys[0] & keys[1]
    assert not keys[1] & keys[2]


def test_faultless_results_are_exact() -> None:
    for records in (Records(3, 1000), Records(3, 1000, bad_every=10)):
        verdict = oracle.judge(results_of(records), records)
        assert verdict.exact
        assert verdict.results == records.good


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (lambda good: [*good, good[5]], "twice"),
        (lambda good: good[:-1], "lost"),
        (
            lambda good: [*good[:7], good[7].replace(b'"count": ', b'"count": 1'), *good[8:]],
            "wrong",
        ),
        (lambda good: good[::-1], "disordered"),
        (lambda good: [*good, b'{"id": 3, "cou'], "foreign"),
        (lambda good: [*good, good[0].replace(b'"id": 0', b'"id": 5000')], "foreign"),
    ],
)
def test_each_fault_is_found(fault, found: str) -> None:
    records = Records(4, 1000)
    verdict = oracle.judge(fault(results_of(records)), records)
    assert not verdict.exact
    assert getattr(verdict, found) > 0


def test_windows_close_when_their_partition_is_past_them() -> None:
    records = Records(5, 3000, keys=6, step_ms=10)  # 30 s
    closed = records.windows(5_000)
    assert {start - 1_772_445_600_000 for _, start in closed} == set(range(0, 25_000, 5_000))
    rows = [
        json.dumps({"key": k, "window_start": start, "count": count, "sum": total}).encode()
        for (k, start), (count, total) in sorted(closed.items(), key=lambda item: item[0][1])
    ]
    assert oracle.judge_windows(rows, records, 5_000).exact
    assert oracle.judge_windows(rows[1:], records, 5_000).lost == 1
    assert oracle.judge_windows([*rows, rows[0]], records, 5_000).twice == 1
    assert records.windows(5_000, grace_ms=10_000).keys() < closed.keys()


def test_dead_letters_are_the_original_bytes_or_known_by_their_id() -> None:
    records = Records(6, 1000, bad_every=10, bad_bytes=5)
    letters = [records.record(i).value for i in range(1000) if records.is_bad(i)]
    assert oracle.judge_dead_letters(letters, records).exact
    assert oracle.judge_dead_letters(letters[1:], records).lost == 1
    assert oracle.judge_dead_letters([*letters, letters[0]], records).twice == 1
    assert oracle.judge_dead_letters([*letters, b"else"], records).foreign == 1
    hostile = HostileRecords(6, 2000, bad_every=97)
    rows = [b'{"id":%d}' % i for i in range(2000) if hostile.is_bad(i)]
    assert oracle.judge_dead_letters(rows, hostile, original=False).exact


def test_results_are_kept_and_only_what_failed_is_run_again(tmp_path: Path) -> None:
    runs: list[str] = []

    def run(_context: Context, case: str) -> dict[str, object]:
        runs.append(case)
        if case == "seed 2" and runs.count(case) == 1:
            raise TimeoutError("no broker")
        return {"ok": True, "expected": 10, "twice": 0, "lost": 0, "wrong": 0}

    cases = ["seed 1", "seed 2"]
    experiment = Experiment("E0", "nothing happens", "0", lambda _: cases, run)
    results = Results(tmp_path)
    assert experiment.verdict(results, False) == ("not run", "-")
    with Context(tmp_path) as context:
        experiment.run_missing(context, results)
        assert experiment.verdict(results, False)[1] == "NO"
        assert "no broker" in str(results.lines("E0")["seed 2"]["error"])
        with (tmp_path / "E0.jsonl").open("a") as file:
            file.write('{"case": "seed 1", "ok": fal')  # ended in the middle of a line
        experiment.run_missing(context, results)
    assert runs == ["seed 1", "seed 2", "seed 2"]
    assert experiment.verdict(results, False) == (
        "0 twice / 0 lost / 0 wrong of 20 (2 runs)",
        "yes",
    )


def test_the_table_and_the_command_line(tmp_path: Path) -> None:
    args = program.parse(["--only", "E1,E3", "--quick", "--dir", str(tmp_path)])
    assert [experiment.name for experiment in args.experiments] == ["E1", "E3"]
    text = program.report(Results(tmp_path), quick=True)
    assert all(f"| {e.name} |" in text for e in catalogue.EXPERIMENTS if e.ours)
    with pytest.raises(SystemExit):
        program.parse(["--only", "E99"])
    assert markdown([["a", "b"], [1, "x"]]) == "| a | b |\n| --- | --- |\n| 1 | x |"
    assert exactness([{"expected": 5, "twice": 1}]) == "1 twice / 0 lost / 0 wrong of 5 (1 run)"
    assert seed_of("short 12") == 12


def test_a_worker_is_killed_frozen_and_paid_for(tmp_path: Path) -> None:
    worker = Worker(["sleep", "60"], tmp_path / "log")
    worker.start()
    assert worker.running()
    worker.freeze()
    worker.thaw()
    worker.kill()
    assert worker.exit_code == -9
    assert not worker.running()
    worker.start()
    assert worker.stop()
    assert (worker.lives, worker.exit_code) == (2, -15)
    assert worker.cpu_s > 0


def frame(api: int, correlation: int, version: int = 3) -> bytes:
    body = struct.pack(">hhi", api, version, correlation) + b"rest"
    return struct.pack(">i", len(body)) + body


def reply(correlation: int) -> bytes:
    body = struct.pack(">ibih", correlation, 0, 0, 0)  # head with tags, throttle time, no error
    return struct.pack(">i", len(body)) + body


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A broker that answers everything, and sees what comes."""
    while True:
        try:
            size = struct.unpack(">i", await reader.readexactly(4))[0]
        except asyncio.IncompleteReadError:
            writer.close()
            return
        body = await reader.readexactly(size)
        writer.write(reply(struct.unpack_from(">i", body, 4)[0]))


async def _through(rule: proxy.Rule, apis: list[int]) -> list[bytes]:
    """Send requests through a proxy to such a broker; give the replies within half a second."""
    from headrace.daemon import free_port

    upstream, port = free_port(), free_port()
    server = await asyncio.start_server(_echo, "127.0.0.1", upstream)
    replies: list[bytes] = []
    with Proxy(port, upstream, rule):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(frame(apis[0], 0))
        replies.append(await reader.readexactly(15))
        for correlation, api in enumerate(apis[1:], start=1):
            writer.write(frame(api, correlation))
        deadline = time.monotonic() + 0.5
        while len(replies) < len(apis) and (left := deadline - time.monotonic()) > 0:
            try:
                replies.append(await asyncio.wait_for(reader.readexactly(15), left))
            except (TimeoutError, asyncio.TimeoutError, asyncio.IncompleteReadError):
                break
        writer.close()
        await writer.wait_closed()
    server.close()
    await asyncio.sleep(0.05)  # the broker's end hears of it
    return replies


@pytest.mark.parametrize(
    ("action", "answered"),
    [
        (Action(), [0, 1, 2]),
        (Action(lose_reply=True), [0, 2]),
        (Action(lose_request=True), [0, 2]),
        (Action(cut_after=True), [0]),
        (Action(hold=True), [0]),
    ],
)
def test_the_proxy_does_what_the_rule_says(action: Action, answered: list[int]) -> None:
    def rule(request: Request) -> Action:
        return action if request.api == proxy.END_TXN else Action()

    apis = [proxy.PRODUCE, proxy.END_TXN, proxy.PRODUCE]
    replies = asyncio.run(_through(rule, apis))
    assert [struct.unpack_from(">i", r, 4)[0] for r in replies] == answered


def test_the_proxy_says_that_a_commit_failed_which_was_done() -> None:
    rule = {True: Action(fail_reply=True), False: Action()}
    apis = [proxy.PRODUCE, proxy.END_TXN]
    replies = asyncio.run(_through(lambda r: rule[r.api == proxy.END_TXN], apis))
    assert [struct.unpack_from(">h", r, 13)[0] for r in replies] == [0, 15]


def test_the_head_of_a_checkpoint_is_read_without_our_core() -> None:
    golden = sorted((Path(__file__).parents[1]).rglob("*.ckpt"))
    if not golden:
        pytest.skip("no checkpoint among the fixtures")
    head = checkpoints.head_of(golden[0].read_bytes())
    assert head.sections
