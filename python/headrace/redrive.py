"""Dead letters on their way back, exactly once: which are done, in transactions that say so."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from headrace.errors import Fenced, InvalidArgument, KafkaError

__all__ = ["Done", "Letter", "Record", "send"]

_FORM = "1:"  # of the metadata; another form would begin with another number
_METADATA_BYTES = 4000  # a broker takes 4096 (offset.metadata.max.bytes)
_CHUNK, _CHUNK_BYTES = 1_000, 4_000_000  # of a transaction
_FIRST_REST_S, _LONGEST_REST_S = 0.05, 2.0

Record = tuple[str, "bytes | None", bytes, int, int]  # as _core.Redrive.write takes them
Position = tuple[str, int, int, str]


class Letter(NamedTuple):
    """A record to be written, and the dead letter that it comes from."""

    partition: int
    offset: int
    record: Record


class Redrive(Protocol):
    """The core's part: `open` fences whoever was before, `write` is one transaction."""

    def open(self, topic: str, partitions: list[int]) -> list[Position]: ...

    def write(self, records: list[Record], positions: list[Position]) -> None: ...


@dataclass(frozen=True)
class Done:
    """Which dead letters of a partition are done: all below a position, and stretches above it.

    It is kept as a committed position with its metadata.

    Examples
    --------
    >>> from headrace.redrive import Done
    >>> done = Done().plus([0, 1, 2, 4, 5], chosen={0, 4, 5})
    >>> done
    Done(position=1, stretches=((4, 5),))
    >>> done.metadata(), Done.of(1, done.metadata()) == done
    ('1:3-4', True)
    """

    position: int = 0
    stretches: tuple[tuple[int, int], ...] = ()  # first and last, in order

    @classmethod
    def of(cls, offset: int, metadata: str, low: int = 0) -> Done:
        """Read what was committed; letters below `low` are gone."""
        done = cls(max(offset, 0))
        if metadata.startswith(_FORM):
            pairs = [part.split("-") for part in metadata.removeprefix(_FORM).split(",") if part]
            ends = tuple((offset + int(a), offset + int(b)) for a, b in pairs)
            done = cls(done.position, ends)
        return done._from(max(done.position, low))

    def metadata(self) -> str:
        """Return the stretches as text, from the position on."""
        parts = (f"{a - self.position}-{b - self.position}" for a, b in self.stretches)
        return _FORM + ",".join(parts)

    def has(self, offset: int) -> bool:
        """Tell whether the letter at `offset` is done."""
        at = bisect_left(self.stretches, (offset + 1,)) - 1
        return offset < self.position or (at >= 0 and offset <= self.stretches[at][1])

    def plus(self, held: Sequence[int], chosen: Collection[int]) -> Done:
        """Return what is done with `chosen` as well.

        `held` are the offsets of all letters of one stretch of the partition, in order. What lies
        between two of them is no letter; what lies before or behind may be.
        """
        first, last = held[0], held[-1]
        inside: list[tuple[int, int]] = []
        follows = False  # the letter before is done, too
        for offset in held:
            done = offset in chosen or self.has(offset)
            if done and follows:
                inside[-1] = (inside[-1][0], offset)
            elif done:
                inside.append((offset, offset))
            follows = done
        before = [(a, min(b, first - 1)) for a, b in self.stretches if a < first]
        behind = [(max(a, last + 1), b) for a, b in self.stretches if b > last]
        position = self.position
        if first <= position <= last:
            position = next((o for o in held if o not in chosen and not self.has(o)), last + 1)
        return Done(self.position, (*before, *inside, *behind))._from(position)

    def _from(self, position: int) -> Done:
        """Return the same without stretches below `position`, which swallows what it touches."""
        kept = []
        for a, b in self.stretches:
            if a <= position:
                position = max(position, b + 1)
            else:
                kept.append((a, b))
        return Done(position, tuple(kept))


def send(
    redrive: Redrive,
    topic: str,
    held: Mapping[int, Sequence[int]],
    letters: Sequence[Letter],
    lows: Mapping[int, int],
    timeout: float,
) -> int:
    """Write the letters that are not done yet and return how many those were.

    Parameters
    ----------
    redrive : Redrive
        Not open yet.
    topic : str
        The dead-letter topic.
    held : mapping
        Offsets of all letters that are known, by partition, in order.
    letters : sequence of Letter
        Those to be written, by partition and offset.
    lows : mapping
        The oldest offset that there is, by partition.
    timeout : float
        Seconds to keep trying for while brokers do not answer.

    Examples
    --------
    >>> from headrace.redrive import Letter, send
    >>> class Memory:
    ...     committed = {0: ("t", 0, -1, "")}
    ...     def open(self, topic, partitions):
    ...         return [self.committed[p] for p in partitions]
    ...     def write(self, records, positions):
    ...         self.committed.update({p[1]: p for p in positions})
    >>> letters = [Letter(0, 7, ("stocks", None, b"{}", -1, 1))]
    >>> [send(Memory(), "t", {0: [7, 8]}, letters, {0: 7}, 1.0) for _ in range(2)]
    [1, 0]
    """
    until = time.monotonic() + timeout
    rest = _FIRST_REST_S
    fenced = False
    count = None
    while True:
        try:
            done = {
                partition: Done.of(offset, metadata, lows.get(partition, 0))
                for _, partition, offset, metadata in redrive.open(topic, sorted(held))
            }
            left = [letter for letter in letters if not done[letter.partition].has(letter.offset)]
            count = len(left) if count is None else count
            for chunk in _chunks(left):
                done = _write(redrive, topic, held, chunk, done)
            return count
        except KafkaError as error:
            # Once: a broker fences a producer of ours as well, after a transaction took too long.
            if isinstance(error, Fenced) and fenced:
                raise
            fenced = fenced or isinstance(error, Fenced)
            if not error.retriable or time.monotonic() > until:
                raise
        time.sleep(rest)  # nothing is assumed of what failed: what is committed is asked for anew
        rest = min(2 * rest, _LONGEST_REST_S)


def _write(
    redrive: Redrive,
    topic: str,
    held: Mapping[int, Sequence[int]],
    chunk: Sequence[Letter],
    done: Mapping[int, Done],
) -> dict[int, Done]:
    after = dict(done)
    for partition in {letter.partition for letter in chunk}:
        offsets = {letter.offset for letter in chunk if letter.partition == partition}
        after[partition] = done[partition].plus(held[partition], offsets)
    positions = [(topic, p, d.position, d.metadata()) for p, d in after.items() if d != done[p]]
    if any(len(text) > _METADATA_BYTES for *_, text in positions):
        raise InvalidArgument(
            "redrive: the choice is too scattered: which dead letters of a partition are done has "
            f"to fit into {_METADATA_BYTES} bytes; redrive longer stretches first"
        )
    redrive.write([letter.record for letter in chunk], positions)
    return after


def _chunks(letters: Sequence[Letter]) -> Iterator[list[Letter]]:
    chunk: list[Letter] = []
    size = 0
    for letter in letters:
        if chunk and (len(chunk) == _CHUNK or size + len(letter.record[2]) > _CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(letter)
        size += len(letter.record[2])
    if chunk:
        yield chunk
