"""A broker whose disk is full, a partition without a leader, a file that cannot be written."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from headrace.broker import TemporaryBroker
from tests.kernel.support import Kernel
from tests.mishaps.support import SCHEMA, Cluster, bars, committed, finished, reads, send, took

_SMALL = "8m"


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path_factory.mktemp("small-disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SMALL}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, timeout=20)
    except FileNotFoundError:
        pytest.skip("no mount")
    if done.returncode != 0:
        pytest.skip(f"no right to mount a file system: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True, timeout=20)


def fill_up(folder: Path) -> Path:
    """Leave no byte free."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 512, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
    return filler


def test_a_chart_is_saved_to_a_full_disk(kernel: Kernel, small_disk: Path) -> None:
    filler = fill_up(small_disk)
    kernel.run(
        "live = hr.from_frame(hr.market.bars(rows=60), schema=hr.market.SCHEMA).run()\n"
        "chart = live.plot('Close')"
    )
    for ending in ("png", "html"):
        path = small_disk / f"chart.{ending}"
        cell = kernel.run(f"chart.save({str(path)!r})")
        last = cell.error.splitlines()[-1]
        assert last.startswith("StreamIOError: "), cell.error
        assert str(path) in last
        assert "No space left on device" in last
        assert not path.exists() or os.path.getsize(path) == 0  # no half of a picture
    filler.unlink()


def test_a_chart_is_saved_where_there_is_no_folder(kernel: Kernel, tmp_path: Path) -> None:
    kernel.run(
        "live = hr.from_frame(hr.market.bars(rows=60), schema=hr.market.SCHEMA).run()\n"
        "chart = live.plot('Close')"
    )
    path = tmp_path / "nowhere" / "chart.png"
    cell = kernel.run(f"chart.save({str(path)!r})")
    assert cell.error.splitlines()[-1].startswith("StreamIOError: ")
    assert str(path) in cell.error
    assert "No such file or directory" in cell.error


class TwoDisks:
    """A broker that keeps half of its partitions on a small disk."""

    def __init__(self, broker: TemporaryBroker, large: Path, small: Path) -> None:
        self.bootstrap = broker.bootstrap
        self._large, self._small = large, small
        client = {"bootstrap.servers": broker.bootstrap, "log_level": 0}
        self._admin = AdminClient({**client, "error_cb": lambda _: None})
        committed(broker.bootstrap, "any", "any")  # the positions of groups have a place now
        assert self._disk_of("__consumer_offsets-0") == large

    def create(self, name: str, partitions: int = 1) -> list[int]:
        """Create a topic; those of its partitions that are on the small disk."""
        self._admin.create_topics([NewTopic(name, partitions, 1)])[name].result(20)
        return [p for p in range(partitions) if self._disk_of(f"{name}-{p}") == self._small]

    def _disk_of(self, partition: str) -> Path:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for disk in (self._large, self._small):
                if (disk / partition).is_dir():
                    return disk
            time.sleep(0.02)
        raise AssertionError(f"{partition} is on no disk")

    def topic_on(self, *, small: bool) -> str:
        """Create a topic of one partition on the disk that is wanted; the broker takes turns."""
        for turn in range(8):
            name = f"{'small' if small else 'large'}-{turn}"
            if bool(self.create(name)) is small:
                return name
        raise AssertionError("all partitions went to the other disk")


@pytest.fixture(scope="module")
def two_disks(
    tmp_path_factory: pytest.TempPathFactory, small_disk: Path, cluster: Cluster
) -> Iterator[TwoDisks]:
    del cluster  # asked for because it skips where there is no Java
    folder = tmp_path_factory.mktemp("two-disks")
    large, small = folder / "log", small_disk / "log"
    properties = {
        "log.dirs": f"{large},{small}",
        "log.index.size.max.bytes": "4096",  # allocated at once: 10 MB are too many
        "offsets.topic.num.partitions": "1",
    }
    with TemporaryBroker(folder, properties=properties) as broker:
        yield TwoDisks(broker, large, small)


def test_a_full_disk_under_a_sink_and_a_partition_without_a_leader(
    kernel: Kernel, two_disks: TwoDisks, small_disk: Path
) -> None:
    where = two_disks.bootstrap
    source, results = two_disks.topic_on(small=False), two_disks.topic_on(small=True)
    (lost,) = two_disks.create("split", 2)
    send(where, source, bars(range(20)))
    cell = kernel.run(
        f'bars = hr.kafka("{source}", bootstrap="{where}", schema={SCHEMA}, group="full")\n'
        f'live = bars.to_kafka("{results}", processing_guarantee="at-least-once").run()\n'
        f'split = hr.kafka("split", bootstrap="{where}", schema={SCHEMA}).run()\n'
        "chart = split.plot('Close')"
    )
    finished(cell)
    reads(kernel, "live.status().rows", "20", within=5)
    kernel.until(lambda: committed(where, "full", source) == 20)

    fill_up(small_disk)
    send(where, source, bars(range(20, 520)))  # more than what is left of a page of the disk
    reads(kernel, "live.status().message", f'cannot write to "{results}" on {where}: ', within=8)
    assert kernel.value("live.status().rows") == "520"  # results are there to look at
    assert committed(where, "full", source) == 20  # nothing is committed that was not written

    no_leader = f"split[{lost}] has no leader"
    reads(kernel, "split.status().message", no_leader, within=5)
    reads(kernel, "words(chart)", no_leader, within=2)
    send(where, "split", bars(range(10)), partition=1 - lost)
    reads(kernel, "len(split.frame())", "10", within=5)  # the other partition goes on
    assert kernel.value("split.status().state") == "running"
    for name in ("live", "split"):
        stopping = kernel.run(
            f"began = time.monotonic(); {name}.stop(); print(time.monotonic() - began)"
        )
        took(f"{name}.stop()", float(finished(stopping).stdout), 0.5)
