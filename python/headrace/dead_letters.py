"""A topic of dead letters: as a frame, and back to where they came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from headrace.arguments import names_checked
from headrace.errors import InvalidArgument, UnknownColumn
from headrace.lazy import pd
from headrace.mock import is_mock
from headrace.redrive import Letter, send

__all__ = ["DeadLetters", "Redriven", "dead_letters"]

_COLUMNS = (
    *("reason", "field", "detail"),
    *("topic", "partition", "offset", "timestamp", "attempt"),
    *("key", "value", "whole"),
    *("letter_partition", "letter_offset"),
)
_ANSWER_MS = 10_000

Filter = Callable[["pd.DataFrame"], Any] | Mapping[str, Any] | None


class Redriven(NamedTuple):
    """What a redrive did.

    Examples
    --------
    >>> from headrace.dead_letters import Redriven
    >>> Redriven(redriven=12, before=3, left=0).redriven
    12
    """

    redriven: int
    before: int  # chosen, but written by an earlier redrive
    left: int  # chosen, but their original bytes or their topic are not known


@names_checked
def dead_letters(
    topic: str,
    *,
    bootstrap: str = "localhost:9092",
    limit: int = 10_000,
    timeout: float = 30.0,
    config: Mapping[str, str] | None = None,
) -> DeadLetters:
    """Read a topic of dead letters, the newest of it.

    Only what was committed is read; no group is used, nothing is changed.

    Parameters
    ----------
    topic : str
        As in ``to_kafka(dead_letters=...)``.
    bootstrap : str
        Brokers.
    limit : int
        How many at most, spread over the partitions of the topic.
    timeout : float
        Seconds that the brokers may take.
    config : mapping, optional
        librdkafka settings.

    Returns
    -------
    DeadLetters
        As they were at the time of the call; call again for newer ones.

    Raises
    ------
    TopicNotFound
        If there is no such topic.
    BrokerUnavailable
        If they could not all be read in time.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.replay import produce
    >>> with hr.MockBroker(rejected=1) as broker:
    ...     n = produce([(b"AAPL", b"not JSON")], to="rejected", bootstrap=broker.bootstrap)
    ...     letters = hr.dead_letters("rejected", bootstrap=broker.bootstrap)
    >>> letters
    <DeadLetters: 1 of "rejected">
    """
    from headrace import _core

    if not isinstance(topic, str) or not topic:
        raise InvalidArgument(f"dead_letters: topic: expected a name, got {topic!r}")
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise InvalidArgument(f"dead_letters: limit: expected a number from 1, got {limit!r}")
    if not isinstance(timeout, (int, float)) or not timeout > 0:
        raise InvalidArgument(f"dead_letters: timeout: expected seconds, got {timeout!r}")
    settings = dict(config or {})
    ms = max(round(timeout * 1000), 1)
    marks = _core.Admin(bootstrap, settings).watermarks(topic, ms)  # before: they only grow
    letters = _core.read_letters(topic, bootstrap, settings, limit, ms)
    lows = {partition: low for partition, (low, _) in marks.items()}
    return DeadLetters(topic, bootstrap, settings, letters, lows)


class DeadLetters:
    """Dead letters that were read; made by :func:`headrace.dead_letters`.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.replay import produce
    >>> with hr.MockBroker(rejected=1) as broker:
    ...     n = produce([(b"AAPL", b"not JSON")], to="rejected", bootstrap=broker.bootstrap)
    ...     letters = hr.dead_letters("rejected", bootstrap=broker.bootstrap)
    >>> isinstance(letters, hr.DeadLetters), len(letters)
    (True, 1)
    """

    def __init__(
        self,
        topic: str,
        bootstrap: str,
        config: dict[str, str],
        letters: list[tuple[Any, ...]],
        lows: dict[int, int],
    ) -> None:
        self._topic, self._bootstrap, self._config = topic, bootstrap, config
        self._lows = lows
        ordered = sorted(letters, key=lambda letter: letter[:2])
        self._rows = [_row(letter) for letter in ordered if letter[4] is not None]
        self._keys = [letter[3] for letter in ordered if letter[4] is not None]

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f'<DeadLetters: {len(self):,} of "{self._topic}">'

    def frame(self) -> pd.DataFrame:
        """Return a row for each, in the order of the dead-letter topic.

        Returns
        -------
        DataFrame
            ``reason``, ``field``, ``detail``; ``topic``, ``partition``, ``offset`` and
            ``timestamp`` of the record; ``attempt`` (1: set aside for the first time); ``key`` and
            ``value`` as bytes; ``whole``, whether those are the original ones; and the place in
            the dead-letter topic, ``letter_partition`` and ``letter_offset``. Records that are not
            headrace's have no reason and no topic.

        Examples
        --------
        >>> import headrace as hr
        >>> from headrace.replay import produce
        >>> with hr.MockBroker(rejected=1) as broker:
        ...     n = produce([(b"AAPL", b"not JSON")], to="rejected", bootstrap=broker.bootstrap)
        ...     table = hr.dead_letters("rejected", bootstrap=broker.bootstrap).frame()
        >>> table[["key", "value", "whole"]].to_dict("records")
        [{'key': b'AAPL', 'value': b'not JSON', 'whole': True}]
        """
        table = pd.DataFrame(self._rows, columns=list(_COLUMNS))
        times = table["timestamp"].where(table["timestamp"] >= 0)
        table["timestamp"] = pd.to_datetime(times, unit="ms", utc=True)
        texts = dict.fromkeys(("reason", "field", "detail", "topic"), str)
        whole = ("partition", "offset", "attempt", "letter_partition", "letter_offset")
        return table.astype({**texts, **dict.fromkeys(whole, "int64"), "whole": bool})

    @names_checked
    def redrive(
        self,
        filter: Filter = None,
        *,
        to: str | None = None,
        group: str | None = None,
        timeout: float = 60.0,
    ) -> Redriven:
        """Write the original records again, each exactly once, however often this is called.

        Records and what is done of the dead-letter topic are one transaction. A redrive that was
        killed is gone on with by the next one; of two at a time the later one goes on and the
        other ends with :class:`~headrace.errors.Fenced`.

        Parameters
        ----------
        filter : callable or mapping, optional
            Which ones: a function of :meth:`frame` that gives a boolean for each row, or columns
            with the value, or list of values, that they must have. All, where it is not given.
        to : str, optional
            Topic; the one that each record came from, where it is not given.
        group : str, optional
            Under which the done ones are kept; ``headrace-redrive-`` and the topic's name, where
            it is not given. Another group knows of none.
        timeout : float
            Seconds to keep trying for while brokers do not answer.

        Returns
        -------
        Redriven
            ``redriven``; ``before``: written by an earlier redrive; ``left``: those whose original
            bytes or topic are not known, which stay where they are.

        Raises
        ------
        TopicNotFound
            If a topic to write to does not exist.
        Fenced
            If another redrive has taken over.

        Examples
        --------
        >>> import headrace as hr
        >>> letters = hr.dead_letters("rejected")  # doctest: +SKIP
        >>> letters.redrive({"reason": "rule", "field": ["Close", "High"]})  # doctest: +SKIP
        Redriven(redriven=12, before=0, left=0)
        >>> letters.redrive(lambda frame: frame["attempt"] < 3)  # doctest: +SKIP
        Redriven(redriven=30, before=12, left=1)
        """
        from headrace import _core

        if to is not None and (not isinstance(to, str) or not to):
            raise InvalidArgument(f"redrive: to: expected a topic, got {to!r}")
        if to == self._topic:
            raise InvalidArgument(f'redrive: to: "{to}" is the topic that they are in')
        if group is not None and (not isinstance(group, str) or not group):
            raise InvalidArgument(f"redrive: group: expected a name, got {group!r}")
        if is_mock(self._bootstrap):
            raise InvalidArgument("redrive: a MockBroker has no transactions")
        chosen = self._chosen(filter)
        letters = [letter for index in chosen if (letter := self._letter(index, to)) is not None]
        self._check_topics({letter.record[0] for letter in letters})
        core = _core.Redrive(
            self._bootstrap, self._config, group or f"headrace-redrive-{self._topic}"
        )
        done = 0
        if letters:
            done = send(core, self._topic, self._held(), letters, self._lows, timeout)
        return Redriven(done, len(letters) - done, len(chosen) - len(letters))

    def _chosen(self, filter: Filter) -> list[int]:
        if filter is None:
            return list(range(len(self)))
        if not callable(filter) and not isinstance(filter, Mapping):
            raise InvalidArgument(f"redrive: filter: expected a function or a dict, got {filter!r}")
        table = self.frame()
        mask = filter(table) if callable(filter) else _mask(table, filter)
        values: pd.Series[Any] = pd.Series(mask).reset_index(drop=True)
        if len(values) != len(self) or not pd.api.types.is_bool_dtype(values):
            raise InvalidArgument(
                f"redrive: filter: expected {len(self)} booleans, got {len(values)} of "
                f"{values.dtype}"
            )
        return [int(index) for index in values.index[values.fillna(False)]]

    def _letter(self, index: int, to: str | None) -> Letter | None:
        """Return the record to be written; None where it is not known."""
        row = dict(zip(_COLUMNS, self._rows[index], strict=True))
        topic = to or row["topic"]
        if not row["whole"] or not topic:
            return None
        record = (topic, self._keys[index], row["value"], row["timestamp"], row["attempt"])
        return Letter(row["letter_partition"], row["letter_offset"], record)

    def _check_topics(self, names: set[str]) -> None:
        """Say of a topic that does not exist what the user may have meant."""
        from headrace import _core

        admin = _core.Admin(self._bootstrap, self._config)
        for name in sorted(names):
            admin.watermarks(name, _ANSWER_MS)

    def _held(self) -> dict[int, list[int]]:
        held: dict[int, list[int]] = {}
        for *_, partition, offset in self._rows:
            held.setdefault(partition, []).append(offset)
        return held


def _row(letter: tuple[Any, ...]) -> tuple[Any, ...]:
    partition, offset, timestamp_ms, key, value, headers = letter

    def text(name: str) -> str:
        return str(headers.get(f"headrace.{name}", b"").decode("utf-8", "replace"))

    def number(name: str, otherwise: int) -> int:
        try:
            return int(text(name))
        except ValueError:
            return otherwise

    whole = not text("value_bytes") and not text("value_form")
    whole = whole and (bool(value) or text("reason") in ("empty", ""))  # what came without is none
    return (
        *(text("reason"), text("field"), text("detail")),
        *(text("topic"), number("partition", -1), number("offset", -1)),
        *(number("timestamp_ms", timestamp_ms), number("attempt", 1)),
        *(key if key is not None else b"", value, whole),
        *(partition, offset),
    )


def _mask(table: pd.DataFrame, wanted: Mapping[str, Any]) -> Any:
    from headrace import _core

    mask = pd.Series(True, index=table.index)
    for name, value in wanted.items():
        if name not in table.columns:
            known = list(table.columns)
            raise UnknownColumn(
                f"redrive: filter: {_core.unknown_name('column', str(name), known)}"
            )
        values = list(value) if isinstance(value, (list, tuple, set)) else [value]
        mask &= table[name].isin(values)
    return mask
