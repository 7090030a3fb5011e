"""Whether there is data in a picture of a chart: lines, bars or points, not just axes and words."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

# Share of the columns: the samples of a legend and the values at the right have less.
ENOUGH = 0.2
_COLOURED = 80  # between the colour channels: more than any grey has
_YELLOW = 60  # between red and green: notices have less, in their areas and words
_HEADER = 60  # pixels from above: title, stamp and badge


def spread(png: bytes) -> float:
    """Return the share of the picture's columns in which something coloured is drawn."""
    with Image.open(io.BytesIO(png)) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=np.int16)[_HEADER:]
    red, green = pixels[:, :, 0], pixels[:, :, 1]
    coloured = pixels.max(axis=2) - pixels.min(axis=2) >= _COLOURED
    coloured &= (red < green) | (red - green >= _YELLOW)
    return float(coloured.any(axis=0).mean())
