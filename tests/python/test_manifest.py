"""The commits of a directory: whole or not there, in order, without gaps."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from headrace import manifest
from headrace.errors import CheckpointError
from headrace.manifest import Entry, Manifest


def entry(number: int) -> Entry:
    files = [{"path": f"ä-{number}.parquet", "rows": number}]
    return {
        "commit": number,
        "files": files,
        "dead_letters": [],
        "positions": [["t", 0, number, ""]],
    }


def written(directory: Path, commits: int) -> Manifest:
    made = Manifest(directory)
    made.create()
    for number in range(1, commits + 1):
        made.add(entry(number))
    return made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folds soon, and leaves few."""
    monkeypatch.setattr(manifest, "_FOLD", 8)
    monkeypatch.setattr(manifest, "_LOOSE", 3)


def test_an_empty_directory_has_no_commits(tmp_path: Path) -> None:
    assert Manifest(tmp_path / "none").newest() is None
    assert list(written(tmp_path, 0).entries()) == []


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("commits", [1, 7, 8, 9, 16, 50])
def test_all_commits_are_there_in_order(tmp_path: Path, commits: int) -> None:
    made = written(tmp_path, commits)
    found = list(made.entries())
    assert [one["commit"] for one in found] == list(range(1, commits + 1))
    assert [one["files"] for one in found] == [entry(n)["files"] for n in range(1, commits + 1)]
    assert made.newest() == entry(commits)
    singles = list(made.folder.glob("commit-*.json"))
    assert len(singles) < 3 + 8 + 1


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("call", range(1, 40))
def test_a_call_that_fails_leaves_the_commit_done_or_not_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """Whatever fails while commit 8 is added and folded: it is there, or it can be added again."""
    made = written(tmp_path, 7)
    calls = 0

    def counted(real: object) -> object:
        def one(*arguments: object, **options: object) -> object:
            nonlocal calls
            calls += 1
            if calls == call:
                raise OSError(28, "No space left on device")
            return real(*arguments, **options)  # type: ignore[operator]

        return one

    for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink"), (Path, "open")):
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
    try:
        made.add(entry(8))
    except OSError:
        assert calls == call
    monkeypatch.undo()
    again = Manifest(tmp_path)
    again.create()
    newest = again.newest()
    assert newest is not None
    if newest["commit"] == 7:
        again.add(entry(8))
    for number in range(9, 18):
        again.add(entry(number))
    assert [one["commit"] for one in again.entries()] == list(range(1, 18))
    assert not list(again.folder.glob(".*"))


@pytest.mark.usefixtures("quick")
def test_a_reader_that_comes_while_files_are_folded_looks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = written(tmp_path, 15)
    reader = Manifest(tmp_path)
    real = Manifest._names
    looked: list[int] = []

    def fold_behind(self: Manifest) -> tuple[set[int], list[tuple[int, int]]]:
        names = real(self)
        if self is reader and not looked:
            looked.append(1)
            made.add(entry(16))
        return names

    monkeypatch.setattr(Manifest, "_names", fold_behind)
    assert [one["commit"] for one in reader.entries()] == list(range(1, 17))


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"3", b'{"commit": 2}'])
def test_damage_is_said_and_nothing_is_guessed(tmp_path: Path, damage: bytes) -> None:
    made = written(tmp_path, 2)
    newest = made.folder / "commit-000000000002.json"
    newest.write_bytes(damage)
    with pytest.raises(CheckpointError, match=r"02\.json is damaged.*written again"):
        made.newest()
    with pytest.raises(CheckpointError, match="is damaged"):
        list(made.entries())
    newest.unlink()  # as the message says
    assert made.newest() == entry(1)


def test_a_flipped_bit_is_damage(tmp_path: Path) -> None:
    made = written(tmp_path, 1)
    path = made.folder / "commit-000000000001.json"
    path.write_bytes(path.read_bytes().replace(b'"rows": 1', b'"rows": 9'))
    with pytest.raises(CheckpointError, match="checksum"):
        made.newest()


@pytest.mark.usefixtures("quick")
def test_a_missing_commit_is_said(tmp_path: Path) -> None:
    made = written(tmp_path, 12)
    (made.folder / "commit-000000000010.json").unlink()
    with pytest.raises(CheckpointError, match="commit 10 is missing"):
        list(made.entries())
    for path in made.folder.glob("commit-*.json"):
        path.unlink()
    with pytest.raises(CheckpointError, match=r"05\.json is missing: it has the positions"):
        made.newest()


def test_what_a_commit_of_another_number_says_is_not_believed(tmp_path: Path) -> None:
    made = written(tmp_path, 2)
    first, second = (made.folder / f"commit-00000000000{n}.json" for n in (1, 2))
    second.write_bytes(first.read_bytes())
    with pytest.raises(CheckpointError, match="damaged"):
        made.newest()


def test_what_is_the_same_for_all_commits(tmp_path: Path) -> None:
    made = written(tmp_path, 0)
    assert made.about() is None
    made.set_about({"columns": {"x": "int64"}})
    assert made.about() == {"columns": {"x": "int64"}}
