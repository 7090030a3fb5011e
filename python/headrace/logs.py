"""librdkafka's log, through Python's ``logging`` under the name ``headrace.kafka``.

Core threads never touch Python: lines wait in a bounded buffer and are handed on whenever the user
looks at a stream. Nothing is printed unless the user configures logging.
"""

from __future__ import annotations

import logging

_LEVELS = {3: logging.ERROR, 4: logging.WARNING, 5: logging.INFO, 6: logging.INFO}

_logger = logging.getLogger("headrace.kafka")
_logger.addHandler(logging.NullHandler())


def forward() -> None:
    """Hand the lines that wait in the core to ``logging``."""
    from headrace import _core

    for level, facility, message in _core.drain_kafka_log():
        _logger.log(_LEVELS.get(level, logging.DEBUG), "%s: %s", facility, message)
