"""Text and straight lines put right into the pixels of a picture.

Matplotlib takes about a millisecond to draw a label. A chart has forty, most of them the same as
before: here each is drawn once and kept as a mask.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headrace.plot import style

Pixels = npt.NDArray[np.uint8]

_KEPT = 1000  # masks, of a few kB each, for all charts


@dataclass(frozen=True)
class Label:
    """A line of text in a picture.

    ``x`` and ``y`` are pixels from the lower left corner, of the point that `across` ("left",
    "center", "right") and `along` ("bottom", "center", "top") name.
    """

    text: str
    x: float
    y: float
    across: str = "left"
    along: str = "center"
    size: float = style.LABEL
    colour: str = style.TEXT
    bold: bool = False
    fill: str | None = None
    edge: str | None = None


def shortened(text: str, most: int) -> str:
    """Return the text with at most so many letters: its beginning and its end.

    Examples
    --------
    >>> from headrace.plot.stamps import shortened
    >>> shortened("sensor_7_temperature_inlet", 15), shortened("Close", 15)
    ('sensor_…e_inlet', 'Close')
    """
    most = max(most, 5)
    if len(text) <= most:
        return text
    end = (most - 1) // 2
    return f"{text[: most - 1 - end]}…{text[-end:]}"


class Stamps:
    """Puts labels into pictures of one resolution."""

    def __init__(self, dpi: float) -> None:
        self.dpi = dpi

    def put(self, pixels: Pixels, label: Label) -> None:
        """Draw the label into a picture; what is outside is cut off."""
        if not label.text:
            return
        mask, rise = mask_of(label.text, label.size, label.bold, self.dpi)
        height, width = mask.shape
        left = label.x - {"left": 0.0, "center": width / 2, "right": width}[label.across]
        top = pixels.shape[0] - label.y
        # Centred on the middle of the capitals, so that neighbours stand on one line.
        middle = height - rise * 0.5
        top -= {"bottom": float(height), "center": middle, "top": 0.0}[label.along]
        self._box(pixels, label, round(left), round(top), width, height)
        _blend(pixels, mask, round(left), round(top), label.colour)

    def size(self, label: Label) -> tuple[int, int]:
        """Return width and height of the text in pixels."""
        mask, _ = mask_of(label.text, label.size, label.bold, self.dpi)
        return mask.shape[1], mask.shape[0]

    def _box(self, pixels: Pixels, label: Label, left: int, top: int, w: int, h: int) -> None:
        if label.fill is None:
            return
        pad = round(label.size * self.dpi / 72 * 0.45)
        x0, x1, y0, y1 = left - pad - 2, left + w + pad + 2, top - pad, top + h + pad
        fill(pixels, x0, y0, x1, y1, label.edge or label.fill)
        fill(pixels, x0 + 1, y0 + 1, x1 - 1, y1 - 1, label.fill)


@functools.lru_cache(_KEPT)
def mask_of(text: str, size: float, bold: bool, dpi: float) -> tuple[Any, float]:
    """Return the text's alpha mask without descent below capitals' line, and capitals' height."""
    from matplotlib.backends import backend_agg
    from matplotlib.font_manager import FontProperties

    font = FontProperties(size=size, weight="bold" if bold else "normal")
    make: Any = backend_agg.RendererAgg
    scratch = make(1, 1, dpi)
    width, height, descent = scratch.get_text_width_height_descent(text, font, False)
    _, capital, _ = scratch.get_text_width_height_descent("H", font, False)
    margin = 2
    columns, rows = int(width) + 2 * margin, int(np.ceil(height)) + 2 * margin
    renderer = make(columns, rows, dpi)
    renderer.draw_text(
        renderer.new_gc(), margin, rows - margin - round(descent), text, font, 0.0, False
    )
    mask = np.asarray(renderer.buffer_rgba())[..., 3].astype(np.int32)
    return mask[:, margin : columns - margin], capital + 2 * (descent + margin)


def _blend(pixels: Pixels, mask: Any, left: int, top: int, colour: str) -> None:
    height, width = mask.shape
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + width, pixels.shape[1]), min(top + height, pixels.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = mask[y0 - top : y1 - top, x0 - left : x1 - left, None]
    under = pixels[y0:y1, x0:x1, :3]
    under[...] = under + (rgb(colour) - under.astype(np.int32)) * part // 255


def fill(pixels: Pixels, x0: int, y0: int, x1: int, y1: int, colour: str) -> None:
    """Fill columns ``x0`` to ``x1`` of the rows ``y0`` to ``y1`` from above, ends not included."""
    pixels[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0), :3] = rgb(colour)


def rgb(colour: str) -> npt.NDArray[np.int32]:
    """Return the channels of ``#RRGGBB``."""
    return np.array(tuple(bytes.fromhex(colour[1:7])), np.int32)
