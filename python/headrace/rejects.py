"""Dead letters in words: one line each, a table of the newest, one warning for each new reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headrace import logs
from headrace.errors import RejectedWarning
from headrace.lazy import pd

if TYPE_CHECKING:
    from headrace.status import Status

__all__ = ["LATE_REASONS", "badge_of", "counts_of", "table_of", "text_of"]

LATE_REASONS = ("late", "future")  # those that are about an event time and those before it
_COLUMNS = (
    *("reason", "field", "detail"),
    *("topic", "partition", "offset", "timestamp"),
    *("key", "value"),
)
_KEY_BYTES = 40  # of a key that is longer, the beginning


def text_of(row: Mapping[str, Any] | pd.Series[Any]) -> str:
    """Return a dead letter as one line: its place, its key and what is wrong with it.

    Parameters
    ----------
    row : mapping or Series
        A row of ``Live.rejected()``.

    Examples
    --------
    >>> from headrace import rejects
    >>> rejects.text_of({"topic": "ohlcv", "partition": 0, "offset": 18231, "key": b"AAPL",
    ...                  "detail": 'field "Close": expected number, got "n/a"'})
    'ohlcv[0]@18231 key=AAPL: field "Close": expected number, got "n/a"'
    """
    key = _key_text(row["key"])
    place = f"{row['topic']}[{row['partition']}]@{row['offset']}"
    return f"{place}{' key=' if key else ''}{key}: {row['detail']}"


def _key_text(key: bytes) -> str:
    """Return the key with all that would not print on one line escaped."""
    text = key[:_KEY_BYTES].decode("utf-8", "backslashreplace")
    escaped = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return escaped + ("..." if len(key) > _KEY_BYTES else "")


def table_of(letters: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """Return dead letters as ``Live.rejected()`` shows them.

    Parameters
    ----------
    letters : sequence of tuple
        As ``_core.Engine.rejects`` returns them.

    Examples
    --------
    >>> from headrace import rejects
    >>> letter = ("null", "f", 'field "f" is null', "t", 0, 7, -1, b"", b"{}")
    >>> rejects.table_of([letter])["text"][0]
    't[0]@7: field "f" is null'
    """
    letters = [letter[: len(_COLUMNS)] for letter in letters]
    table = pd.DataFrame(letters, columns=list(_COLUMNS))
    times = table["timestamp"].where(table["timestamp"] >= 0)
    table["timestamp"] = pd.to_datetime(times, unit="ms", utc=True)
    rows = (dict(zip(_COLUMNS, letter, strict=True)) for letter in letters)
    table["text"] = pd.Series([text_of(row) for row in rows], dtype=str)
    return table


def counts_of(rejected: Mapping[str, int]) -> str:
    """Return the counts by reason, the most frequent first.

    Examples
    --------
    >>> from headrace import rejects
    >>> rejects.counts_of({"null": 1, "wrong_type": 1200})
    'wrong_type 1,200, null 1'
    """
    ordered = sorted(rejected.items(), key=lambda entry: (-entry[1], entry[0]))
    return ", ".join(f"{reason} {count:,}" for reason, count in ordered)


def badge_of(rejected: Mapping[str, int]) -> str:
    """Return what a chart or a panel shows in its corner; empty without dead letters.

    Examples
    --------
    >>> from headrace import rejects
    >>> rejects.badge_of({"null": 1, "wrong_type": 2})
    '3 rejected'
    """
    count = sum(rejected.values())
    return f"{count:,} rejected" if count else ""


class Announcer:
    """Says the first dead letter of each reason in a warning, and never a second one.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace import rejects
    >>> announcer = rejects.Announcer()
    >>> announcer.news(hr.Status("running", first_rejects={"null": 't[0]@7: field "f" is null'}))
    ['t[0]@7: field "f" is null']
    >>> announcer.news(hr.Status("running", first_rejects={"null": 't[0]@7: field "f" is null'}))
    []
    """

    def __init__(self) -> None:
        self._said: set[str] = set()

    def news(self, status: Status) -> list[str]:
        """Return the first dead letters of the reasons that were not said before."""
        fresh = [reason for reason in status.first_rejects if reason not in self._said]
        self._said.update(fresh)
        return [status.first_rejects[reason] for reason in fresh]

    def warn(self, status: Status) -> None:
        """Warn of the reasons that were not said before."""
        for line in self.news(status):
            logs.warn(
                f"record rejected: {line} (said once for each reason; .rejected() lists them)",
                RejectedWarning,
            )
