"""E5 and E9: the network between a worker and the broker holds, loses and fails what matters."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.prove import proxy
from tests.prove.experiment import Context, Experiment, exactness, seed_of, seeds
from tests.prove.proxy import Action, Proxy, Request
from tests.prove.records import PARTITIONS, Records
from tests.prove.results import Line, add_up
from tests.prove.run import FAST, Outcome, Run, make_place

_PASS = Action()
_TRANSACTIONAL = (
    proxy.INIT_PRODUCER_ID,
    proxy.ADD_OFFSETS,
    proxy.TXN_OFFSET_COMMIT,
    proxy.END_TXN,
    proxy.PRODUCE,
)
_TOUCHES = 5  # in a run of E5
_COMMITS = 500  # in a run of E9
_TRICKLE = 10  # records twenty times a second: each commit has some
_LIMIT_S = 600.0
_HELD_S = 45.0  # a client that has not given up a held request by then waits for ever


@dataclass
class Seeded:
    """Chooses by a seed which requests are touched, and how."""

    seed: int
    left: int = _TOUCHES
    apis: Sequence[int] = _TRANSACTIONAL
    likely: float = 0.1
    rng: random.Random = field(init=False)
    due: int = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.apis = self.rng.sample(_TRANSACTIONAL, 2)
        self.due = self.rng.randint(1, 10)

    def __call__(self, request: Request) -> Action:
        """Touch one request of two kinds for certain, and then one in ten, a few times."""
        if request.api not in self.apis or self.left == 0:
            return _PASS
        self.due -= 1
        certain = self.due == 0 or (request.api == proxy.INIT_PRODUCER_ID and request.nth == 1)
        if not certain and self.rng.random() > self.likely:
            return _PASS
        self.left -= 1
        kind = self.rng.choice(("delay", "lose request", "lose reply", "cut"))
        return {
            "delay": Action(delay_s=40.0 * self.rng.random() ** 3),  # mostly short
            "lose request": Action(lose_request=True),
            "lose reply": Action(lose_reply=True),
            "cut": Action(cut_after=True),
        }[kind]


@dataclass
class HoldEnd:
    """Holds one EndTxn in the network, so that it may end the transaction after its own."""

    nth: int
    done: bool = False

    def __call__(self, request: Request) -> Action:
        """Hold the nth EndTxn, and nothing after it."""
        if request.api == proxy.END_TXN and request.nth >= self.nth and not self.done:
            self.done = True
            return Action(hold=True)
        return _PASS


@dataclass
class FailCommits:
    """Fails one in ten commits in one of three ways, after the broker has done them."""

    rng: random.Random

    def __call__(self, request: Request) -> Action:
        """Touch EndTxn alone."""
        if request.api != proxy.END_TXN or self.rng.random() > 0.1:
            return _PASS
        kinds = Action(cut_after=True), Action(fail_reply=True), Action(lose_reply=True)
        # The last one costs the whole deadline of the call.
        return self.rng.choices(kinds, (9, 9, 2))[0]


def _open(context: Context, records: Records, rate: float, *options: str) -> Run:
    cluster = context.cluster("proxied", proxied=True)
    folder = context.run_folder()
    place = make_place(cluster, folder, PARTITIONS, bootstrap=cluster.proxy_bootstrap)
    make_worker = context.launcher(folder, *options)
    return Run(cluster, place, records, make_worker, rate=rate, quiet_s=180.0)


def _proxy(context: Context, rule: proxy.Rule) -> Proxy:
    cluster = context.cluster("proxied", proxied=True)
    return Proxy(cluster.proxy_port, cluster.inner_port, rule)


def _through(run: Run, link: Proxy, share: float = 1.0) -> Outcome:
    """Let all records through, with trouble for a share of the run, and judge."""
    run.feeder.release_all()
    run.worker.start()
    while run.feeder.sent < run.records.count * share:
        run.revive()
        time.sleep(0.05)
    link.rule = lambda _: _PASS
    return run.finish()


def run_proxy(context: Context, case: str) -> Line:
    """E5: a few requests of a seeded kind are delayed, lost or cut."""
    seed = seed_of(case)
    run = _open(context, Records(seed, 6_000), 1_500.0)
    with _proxy(context, Seeded(seed)) as link, run:
        outcome = _through(run, link)
    line = outcome.line(touched=dict(_named(link)))
    return {**line, "ok": bool(line["ok"]) and bool(link.touched)}


def run_held_end(context: Context, case: str) -> Line:
    """E5: hold the end of transaction n, let the client go on, release it while n+1 is open."""
    rng = random.Random(seed_of(case))
    run = _open(context, Records(seed_of(case), 8_000), 500.0)
    with _proxy(context, HoldEnd(rng.randint(3, 12))) as link, run:
        run.feeder.release_all()
        run.worker.start()
        held = link.held.wait(60)
        marks, since = run.mark(), time.monotonic()
        went_on = run.first_result(marks, since, _HELD_S) is not None
        time.sleep(rng.uniform(0.0, 0.5))
        link.release()
        outcome = run.finish()
    line = outcome.line(held=held, went_on=went_on, touched=dict(_named(link)))
    return {**line, "ok": bool(line["ok"]) and held and went_on}


def run_failed_commits(context: Context, case: str) -> Line:
    """E9: one commit in ten is done, and the client is told otherwise or nothing."""
    seed = seed_of(case)
    commits = 40 if context.quick else _COMMITS
    run = _open(context, Records(seed, commits * 12 * _TRICKLE), FAST)
    with _proxy(context, FailCommits(random.Random(seed))) as link, run:
        run.worker.start()
        deadline = time.monotonic() + _LIMIT_S
        while link.seen[proxy.END_TXN] < commits and time.monotonic() < deadline:
            if run.feeder.sent == run.records.count:
                break
            run.feeder.release(_TRICKLE)
            run.revive()
            time.sleep(0.05)
        link.rule = lambda _: _PASS
        seen = link.seen[proxy.END_TXN]
        outcome = run.finish()
    line = outcome.line(commits=seen, touched=dict(_named(link)))
    return {**line, "ok": bool(line["ok"]) and seen >= commits}


def _named(link: Proxy) -> list[tuple[str, int]]:
    return [(proxy.NAMES.get(api, str(api)), count) for api, count in link.touched.items()]


def _touched(lines: Sequence[Line]) -> str:
    count = sum(sum(line.get("touched", {}).values()) for line in lines)  # type: ignore[attr-defined]
    return f"{exactness(lines)}; {count} requests or replies touched"


def _commits(lines: Sequence[Line]) -> str:
    return f"{_touched(lines)} of {add_up(lines, 'commits'):,} commits"


PROXY = Experiment(
    "E5",
    "a proxy delays, loses or cuts requests of the transaction (200 seeds)",
    "0 / 0 / 0",
    seeds(200, 2),
    run_proxy,
    _touched,
)
HELD_END = Experiment(
    "E5 held",
    "the end of transaction n is held until n+1 is open (10 seeds)",
    "0 / 0 / 0",
    seeds(10, 1),
    run_held_end,
    _touched,
)
FAILED_COMMITS = Experiment(
    "E9",
    "one commit in ten is done while the client is told otherwise or nothing (10,000 commits)",
    "0 / 0 / 0",
    seeds(20, 1),
    run_failed_commits,
    _commits,
)
