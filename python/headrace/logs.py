"""What headrace tells besides its results: ``logging`` and warnings.

``headrace.kafka`` is librdkafka's log. Core threads never touch Python: lines wait in a bounded
buffer and are handed on about once a second while a stream runs. ``headrace`` is our own: started,
reconnecting, first dead letter of each reason, ended. Nothing is printed unless the user configures
logging.
"""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path

_LEVELS = {3: logging.ERROR, 4: logging.WARNING, 5: logging.INFO, 6: logging.INFO}
_PACKAGE = str(Path(__file__).parent)

logger = logging.getLogger("headrace")
logger.addHandler(logging.NullHandler())
_kafka = logging.getLogger("headrace.kafka")


def forward() -> None:
    """Hand the lines that wait in the core to ``logging``."""
    from headrace import _core

    for level, facility, message in _core.drain_kafka_log():
        _kafka.log(_LEVELS.get(level, logging.DEBUG), "%s: %s", facility, message)


def warn(message: str, category: type[Warning]) -> None:
    """Warn at the line of the user's code that called into headrace.

    Examples
    --------
    >>> import warnings
    >>> from headrace import errors, logs
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     logs.warn("3 records rejected", errors.RejectedWarning)
    >>> caught[0].category.__name__
    'RejectedWarning'
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
