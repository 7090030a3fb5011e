"""Every exception that headrace raises, in one tree below :class:`HeadraceError`.

The core names the class of an error in one table (``cpp/include/headrace/base/error.hpp``); this
module holds those classes, and a test compares the two.
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
    """An argument has a value that the call cannot take; the message says which are possible."""


class UnknownColumn(HeadraceError, LookupError):
    """A column name that the schema does not have; the message has the nearest one and the list."""


class TypeMismatch(HeadraceError, TypeError):
    """An expression or indicator was given a column of a type that it cannot take."""


class Unsupported(HeadraceError, NotImplementedError):
    """Something that headrace does not do (yet); the message says what to use instead."""


class SchemaError(HeadraceError, ValueError):
    """A schema that contradicts itself."""


class DecodeError(HeadraceError, ValueError):
    """A format that cannot be decoded at all. A single bad record is a dead letter instead."""


class RecordRejected(HeadraceError, ValueError):
    """A record was rejected in a run with ``on_error="raise"``; the message is its dead letter."""


class KafkaError(HeadraceError):
    """Kafka or the client refused; ``retriable`` and ``native_code`` say more."""


class TopicNotFound(KafkaError):
    """The topic does not exist on this cluster."""


class BrokerUnavailable(KafkaError):
    """No broker answered in time; the message has the address."""


class AuthenticationError(KafkaError):
    """The broker refused the credentials."""


class AuthorizationError(KafkaError):
    """The user may not do this on the topic or group."""


class OffsetOutOfRange(KafkaError):
    """The position asked for is no longer (or not yet) in the log; the message has the range."""


class ModelError(HeadraceError):
    """A model cannot be loaded or does not fit its inputs; the message has the shapes."""


class CheckpointError(HeadraceError):
    """Saved state is damaged or of another pipeline."""


class StreamIOError(HeadraceError, OSError):
    """A file cannot be read or written."""


class Cancelled(HeadraceError):
    """The call was ended by ``stop()``."""


class InternalError(HeadraceError):
    """A defect of headrace itself; please report it with the message."""


class RejectedWarning(UserWarning):
    """Some records of a bounded run became dead letters."""


class KeysInSeveralPartitions(UserWarning):
    """A key was seen in more than one partition, so its state is split."""
