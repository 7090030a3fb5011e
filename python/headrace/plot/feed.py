"""The newest rows of a stream as a chart needs them: by key, with their places on the time axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from headrace import frames
from headrace.plot.decimate import Floats
from headrace.plot.times import Times

if TYPE_CHECKING:
    from headrace import _core
    from headrace.live import Live

MOST_KEYS = 6  # beside one another; more cannot be read
_LOOKED_AT = 20_000  # newest rows in which keys are looked for
_CLEARLY = 1.5  # a key that is so much busier takes the place of one that is shown


@dataclass
class Rows:
    """The rows of one key (or of all, where there is none)."""

    key: str | None
    x: Floats  # places on the time axis, rising
    values: dict[str, Floats]
    partitions: Any = None
    offsets: Any = None


@dataclass
class Snapshot:
    """What is drawn at one moment."""

    rows: list[Rows] = field(default_factory=list)
    times: Times | None = None  # of each place; None: the stream has no event time
    places: int = 0
    newest: dict[str, list[float]] = field(default_factory=dict)  # by category, for bars

    @property
    def signature(self) -> object:
        """The same for the same rows."""
        return tuple(
            (rows.key, len(rows.x), int(rows.partitions[-1]), int(rows.offsets[-1]))
            if len(rows.x)
            else (rows.key, 0)
            for rows in self.rows
        )


class Keys:
    """Finds the keys of a chart for which none was named: the busiest ones, six at most."""

    def __init__(self, column: str) -> None:
        self._column = column
        self.shown: list[str] = []
        self.present = 0

    def look(self, frame: _core.Frame) -> bool:
        """Count the keys among the newest rows; whether those to show have changed."""
        count = self._counts(frame)
        self.present = max(self.present, len(count))
        chosen = sorted(count, key=lambda key: (-count[key], key))[:MOST_KEYS]
        kept = [key for key in self.shown if key in count]
        rest = [key for key in chosen if key not in kept]
        while rest and len(kept) < MOST_KEYS:
            kept.append(rest.pop(0))
        for key in rest:
            least = min(kept, key=lambda k: count[k])
            if count[key] > _CLEARLY * count[least]:
                kept[kept.index(least)] = key
        changed = sorted(kept) != self.shown
        self.shown = sorted(kept)
        return changed

    def _counts(self, frame: _core.Frame) -> dict[str, int]:
        if self._column not in frame.names:
            return {}
        values, valid, words = frame.column(frame.names.index(self._column))
        if words is not None:
            counts = np.bincount(values[values >= 0], minlength=len(words))
            return {word: int(n) for word, n in zip(words, counts, strict=True) if n}
        found, counts = np.unique(values if valid is None else values[valid], return_counts=True)
        return {str(word): int(n) for word, n in zip(found, counts, strict=True)}


class Feed:
    """Reads the rows of the keys shown.

    Parameters
    ----------
    live : Live
        The stream.
    columns : sequence of str
        What is drawn.
    last : int
        Newest rows of each key.
    category : str
        The column of which each value gets a bar; empty for other charts.
    """

    def __init__(self, live: Live, columns: Sequence[str], last: int, category: str = "") -> None:
        self._live = live
        self._last = last
        self._category = category
        schema = live.schema
        self._time = schema.event_time if schema.event_time in schema.columns else None
        self._columns = list(dict.fromkeys(columns))

    def newest(self) -> _core.Frame:
        """Return the newest rows of all keys, enough to see which keys there are."""
        return self._live._engine.frame(_LOOKED_AT, None)

    def read(self, keys: Sequence[str | None]) -> Snapshot:
        """Return the newest rows of the keys."""
        snapshot = Snapshot()
        found = [self._read_key(key, snapshot) for key in keys]
        snapshot.rows = [rows for rows, _ in found]
        times = [t for _, t in found]
        lengths = [len(rows.x) for rows in snapshot.rows]
        if len(found) == 1 or self._time is None:
            snapshot.places = max(lengths, default=0)
            snapshot.times = times[0] if len(found) == 1 else None
            for rows in snapshot.rows:  # the newest are on the right
                rows.x = rows.x + (snapshot.places - len(rows.x))
            return snapshot
        # Several keys share the axis: a place for each time that any of them has.
        stamps = [t for t in times if t is not None]
        shared = np.unique(np.concatenate(stamps))
        for rows, t in zip(snapshot.rows, stamps, strict=True):
            rows.x = np.searchsorted(shared, t).astype(np.float64)
        snapshot.times, snapshot.places = shared, len(shared)
        return snapshot

    def _read_key(self, key: str | None, snapshot: Snapshot) -> tuple[Rows, Times | None]:
        frame = self._live._engine.frame(self._last, key)
        if self._category:
            snapshot.newest |= newest_of_each(frame, self._category, self._columns, self._time)
        wanted = self._columns + ([self._time] if self._time else [])
        arrays = frames.to_numpy(frame, wanted)
        values = {name: as_floats(arrays[name]) for name in self._columns}
        x = np.arange(frame.rows, dtype=np.float64)
        rows = Rows(key, x, values, frame.partitions(), frame.offsets())
        if not self._time:
            return rows, None
        stamps = arrays[self._time].astype("datetime64[ns]").view(np.int64)
        # Rows that came late stand where they came; the axis does not run backwards.
        return rows, np.maximum.accumulate(stamps).view("datetime64[ns]")


def newest_of_each(
    frame: _core.Frame, category: str, columns: Sequence[str], time: str | None = None
) -> dict[str, list[float]]:
    """Return for each value of `category` the values of its newest row, nulls left out.

    Newest by event time, of equal times the last to come: the result of yesterday's window, which
    closes while today's is being counted, does not take its place.
    """
    arrays = frames.to_numpy(frame, [category, *columns, *([time] if time else [])])
    names = arrays[category]
    _, place = np.unique(np.array(names, dtype=str), return_inverse=True)
    came = np.arange(len(names))
    stamps = arrays[time].astype("datetime64[ns]").view(np.int64) if time else came
    order = np.lexsort((came, stamps, place))
    rows = order[np.flatnonzero(np.diff(place[order], append=-1))]  # the last of each place
    values = [as_floats(arrays[column])[rows] for column in columns]
    return {
        str(names[row]): [float(v[i]) for v in values]
        for i, row in enumerate(rows)
        if names[row] is not None
    }


def as_floats(column: frames.Array) -> Floats:
    """Return a column of numbers with NaN for null."""
    if isinstance(column, np.ma.MaskedArray):
        return np.asarray(np.ma.filled(column.astype(np.float64), np.nan))
    return np.asarray(column, dtype=np.float64)


def places_of_rejects(rows: Rows, rejects: Sequence[tuple[int, int]]) -> Floats:
    """Return where on the axis dead letters belong: after the row before them in their partition.

    Parameters
    ----------
    rows : Rows
        What is shown.
    rejects : sequence of (int, int)
        Partition and offset.
    """
    found: list[float] = []
    for partition in {p for p, _ in rejects}:
        at = np.flatnonzero(rows.partitions == partition)
        if not len(at):
            continue
        offsets = rows.offsets[at]
        wanted = np.array([o for p, o in rejects if p == partition])
        after = np.searchsorted(offsets, wanted) - 1
        inside = (after >= 0) & (wanted > offsets[0])
        found += (rows.x[at[after[inside]]] + 0.5).tolist()
    return np.array(sorted(set(found)), dtype=np.float64)
