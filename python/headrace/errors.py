"""Every exception that headrace raises, in one tree below :class:`HeadraceError`.

The core names the class of an error in one table (``cpp/include/headrace/base/error.hpp``); this
module holds those classes, and a test compares the two.

Examples
--------
>>> from headrace import errors
>>> errors.UnknownColumn.__mro__[1:3]
(<class 'headrace.errors.HeadraceError'>, <class 'LookupError'>)
"""

from __future__ import annotations


class HeadraceError(Exception):
    """Base of every exception of headrace.

    Parameters
    ----------
    message : str
        What happened, in the user's words, with the received value and what to do.
    code : str, optional
        Stable name of the error for logs and metrics, e.g. ``"offset_out_of_range"``.
    retriable : bool, optional
        True where the same call may succeed later without the user's help.
    native_code : int, optional
        librdkafka's or errno's number where there is one, else 0.

    Examples
    --------
    >>> from headrace.errors import HeadraceError, UnknownColumn
    >>> issubclass(UnknownColumn, HeadraceError)
    True
    """

    def __init__(
        self, message: str = "", code: str = "", retriable: bool = False, native_code: int = 0
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retriable = retriable
        self.native_code = native_code


class InvalidArgument(HeadraceError, ValueError):
    """An argument has a value that the call cannot take; the message says which are possible.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.col("Close").shift(0)
    Traceback (most recent call last):
    headrace.errors.InvalidArgument: shift: expected a whole number of records from 1, got 0
    """


class UnknownColumn(HeadraceError, LookupError):
    """A column name that the schema does not have; the message has the nearest one and the list.

    Examples
    --------
    >>> import headrace as hr
    >>> bars = hr.kafka("stocks", schema=hr.Schema({"Ticker": hr.string, "Close": hr.float64}))
    >>> try:
    ...     bars.filter(hr.col("Clos") > 0)
    ... except hr.errors.UnknownColumn as error:
    ...     print(error)
    filter: no column "Clos"; did you mean "Close"? columns: Ticker, Close
    """


class TypeMismatch(HeadraceError, TypeError):
    """An expression or indicator was given a column of a type that it cannot take.

    Examples
    --------
    >>> import headrace as hr
    >>> bars = hr.kafka("stocks", schema=hr.Schema({"Ticker": hr.string}))
    >>> try:
    ...     bars.with_columns(hr.ta.rsi("Ticker"))
    ... except hr.errors.TypeMismatch as error:
    ...     print("refused")
    refused
    """


class Unsupported(HeadraceError, NotImplementedError):
    """Something that headrace does not do (yet); the message says what to use instead.

    Examples
    --------
    >>> import headrace as hr
    >>> bars = hr.from_frame(hr.market.bars(rows=4), schema=hr.market.SCHEMA)
    >>> try:
    ...     bars.run(checkpoint="state/")
    ... except hr.errors.Unsupported as error:
    ...     print(str(error))
    run: checkpoint: the positions of a DataFrame of 4 rows cannot be kept with the results
    """


class SchemaError(HeadraceError, ValueError):
    """A schema that contradicts itself.

    Examples
    --------
    >>> import headrace as hr
    >>> try:
    ...     hr.Schema({"Close": float})
    ... except hr.errors.SchemaError as error:
    ...     print("got" in str(error))
    True
    """


class DecodeError(HeadraceError, ValueError):
    """A format that cannot be decoded at all. A single bad record is a dead letter instead.

    Examples
    --------
    >>> import headrace as hr
    >>> try:
    ...     hr.Schema.from_json("no,json,at,all")
    ... except hr.errors.DecodeError as error:
    ...     print("not JSON" in str(error))
    True
    """


class RecordRejected(HeadraceError, ValueError):
    """A record was rejected in a run with ``on_error="raise"``; the message is its dead letter.

    Examples
    --------
    >>> import headrace as hr, pandas as pd
    >>> rows = hr.from_frame(pd.DataFrame({"x": [1.0, None]}), schema=hr.Schema({"x": hr.float64}))
    >>> try:
    ...     rows.collect(on_error="raise")
    ... except hr.errors.RecordRejected as error:
    ...     print('field "x"' in str(error))
    True
    """


class KafkaError(HeadraceError):
    """Kafka or the client refused; ``retriable`` and ``native_code`` say more.

    Examples
    --------
    >>> from headrace import errors
    >>> issubclass(errors.TopicNotFound, errors.KafkaError)
    True
    """


class TopicNotFound(KafkaError):
    """The topic does not exist on this cluster.

    Examples
    --------
    >>> from headrace import errors
    >>> error = errors.TopicNotFound('topic "ohclv" does not exist (did you mean "ohlcv"?)')
    >>> isinstance(error, errors.KafkaError)
    True
    """


class BrokerUnavailable(KafkaError):
    """No broker answered in time; the message has the address.

    Examples
    --------
    >>> import headrace as hr
    >>> try:
    ...     hr.kafka("stocks", bootstrap="127.0.0.1:1", timeout=0.5)
    ... except hr.errors.BrokerUnavailable as error:
    ...     print("127.0.0.1:1" in str(error), error.retriable)
    True True
    """


class AuthenticationError(KafkaError):
    """The broker refused the credentials.

    Examples
    --------
    >>> from headrace import errors
    >>> errors.AuthenticationError("refused").retriable
    False
    """


class AuthorizationError(KafkaError):
    """The user may not do this on the topic or group.

    Examples
    --------
    >>> from headrace import errors
    >>> errors.AuthorizationError("no read access").retriable
    False
    """


class OffsetOutOfRange(KafkaError):
    """The position asked for is no longer (or not yet) in the log; the message has the range.

    Examples
    --------
    >>> import headrace as hr
    >>> with hr.MockBroker(stocks=1) as broker:
    ...     bars = hr.kafka("stocks", bootstrap=broker.bootstrap, until="end", start={0: 500},
    ...                     schema=hr.Schema({"Close": hr.float64}))
    ...     try:
    ...         bars.collect()
    ...     except hr.errors.OffsetOutOfRange as error:
    ...         print("500" in str(error))
    True
    """


class ModelError(HeadraceError):
    """A model cannot be loaded or does not fit its inputs; the message has the shapes.

    Examples
    --------
    >>> import headrace as hr
    >>> bars = hr.kafka("stocks", schema=hr.Schema({"Close": hr.float64}))
    >>> bars.predict("gone.pt", inputs=["Close"])
    Traceback (most recent call last):
    headrace.errors.ModelError: no model file 'gone.pt'
    """


class FunctionError(HeadraceError):
    """A function of your own, given to ``map_batches``, raised or returned what does not fit.

    Examples
    --------
    >>> from headrace import errors
    >>> issubclass(errors.FunctionError, errors.HeadraceError)
    True
    """


class Fenced(KafkaError):
    """Another run with the same group has taken over; this one has stopped writing.

    What was not committed here is written by the other run: nothing is lost or doubled.

    Examples
    --------
    >>> from headrace import errors
    >>> issubclass(errors.Fenced, errors.KafkaError)
    True
    """


class CheckpointError(HeadraceError):
    """Saved state is damaged or of another pipeline.

    Examples
    --------
    >>> from headrace import errors
    >>> issubclass(errors.CheckpointError, errors.HeadraceError)
    True
    """


class StreamIOError(HeadraceError, OSError):
    """A file cannot be read or written.

    Examples
    --------
    >>> from headrace import errors
    >>> issubclass(errors.StreamIOError, OSError)
    True
    """


class Cancelled(HeadraceError):
    """The call was ended by ``stop()``.

    Examples
    --------
    >>> from headrace import errors
    >>> issubclass(errors.Cancelled, errors.HeadraceError)
    True
    """


class InternalError(HeadraceError):
    """A defect of headrace itself; please report it with the message.

    Examples
    --------
    >>> from headrace import errors
    >>> issubclass(errors.InternalError, errors.HeadraceError)
    True
    """


class RejectedWarning(UserWarning):
    """Some records of a bounded run became dead letters.

    Examples
    --------
    >>> import headrace as hr, pandas as pd, warnings
    >>> rows = hr.from_frame(pd.DataFrame({"x": [1.0, None]}), schema=hr.Schema({"x": hr.float64}))
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", hr.errors.RejectedWarning)  # for tests
    ...     try:
    ...         rows.collect()
    ...     except hr.errors.RejectedWarning as warning:
    ...         print(str(warning).partition(" (")[0])
    1 records rejected
    """


class SavepointWarning(UserWarning):
    """Some steps of a pipeline begin without the state that a savepoint has of others.

    Examples
    --------
    >>> import headrace as hr
    >>> issubclass(hr.errors.SavepointWarning, UserWarning)
    True
    """


class KeysInSeveralPartitions(UserWarning):
    """A key was seen in more than one partition, so its state is split.

    Examples
    --------
    >>> import warnings
    >>> from headrace import errors
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", errors.KeysInSeveralPartitions)  # where it is meant so
    """
