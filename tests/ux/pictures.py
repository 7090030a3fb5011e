"""What recorded frames show: whether there is a chart, with data, and how often it changes."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

_BLOCK = 16  # JPEG encodes blocks of this size, each by itself: the same pixels give the same bytes
_INK = 0.002  # share of pixels that are not background before we call it axes
_COLOURED = 48  # difference between the colour channels that no grey, no text reaches
_SPAN = 0.4  # share of the columns in which a line of data is; a legend's samples cover less


@dataclass(frozen=True)
class Box:
    """A rectangle of the page in CSS pixels."""

    x: float
    y: float
    width: float
    height: float

    def inside(self) -> tuple[slice, slice]:
        """Give rows and columns of the whole blocks in it, so that nothing outside shows through.

        Examples
        --------
        >>> Box(10, 20, 100, 50).inside()
        (slice(32, 64, None), slice(16, 96, None))
        """

        def blocks(start: float, length: float) -> slice:
            first = -(-int(start) // _BLOCK) * _BLOCK
            return slice(first, int(start + length) // _BLOCK * _BLOCK)

        return blocks(self.y, self.height), blocks(self.x, self.width)


@dataclass(frozen=True)
class Shot:
    """A frame of the compositor: when it was shown (seconds since 1970), and its JPEG in base64."""

    time: float
    data: str


def pixels(shot: Shot) -> Pixels:
    """Decode a frame."""
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(shot.data))) as image:
        return np.asarray(image.convert("RGB"))


def shows_axes(chart: Pixels) -> bool:
    """Tell whether there is anything but background."""
    background = chart.reshape(-1, 3).max(axis=0)
    ink = (np.abs(chart.astype(int) - background).max(axis=2) > _COLOURED).mean()
    return bool(ink > _INK)


def shows_data(chart: Pixels) -> bool:
    """Tell whether coloured lines span a good part of the chart."""
    spread = chart.max(axis=2).astype(int) - chart.min(axis=2)
    return bool((spread > _COLOURED).any(axis=0).mean() > _SPAN)


@dataclass(frozen=True)
class Seen:
    """What a recording shows of one chart."""

    axes: float | None  # first time that there are axes
    data: float | None  # first time that there are lines of data
    changes: list[float]  # times at which the chart looked different, blank frames left out
    frames: int


def look(shots: Sequence[Shot], box: Box, since: float) -> Seen:
    """Look at the chart's area in every frame after ``since``, when the page was given a picture.

    A blank between two pictures is no redraw.
    """
    axes = data = None
    changes = []
    former = b""
    rows, columns = box.inside()
    for shot in shots:
        if shot.time < since:
            continue  # something else is in that place
        chart = pixels(shot)[rows, columns]
        if not chart.size or not shows_axes(chart):
            continue
        digest = hashlib.sha1(chart.tobytes(), usedforsecurity=False).digest()
        if digest != former:
            changes.append(shot.time)
        former = digest
        axes = shot.time if axes is None else axes
        if data is None and shows_data(chart):
            data = shot.time
    return Seen(axes, data, changes, len(shots))
