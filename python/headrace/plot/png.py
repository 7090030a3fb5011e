"""Small PNG files, quickly: up to 64 colours, and a second frame for when nobody draws them now.

A picture in a notebook is replaced at least every two seconds while its stream lives. The second
frame of the file is shown after five seconds, once and for good: so a picture whose kernel has
died, or that was read from a saved notebook, says by itself that it is not live.

Format: https://www.w3.org/TR/png-3/ (acTL, fcTL and fdAT are the chunks of animated PNG).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]  # rows x columns x RGBA, opaque

_COLOURS = 64  # more cannot be told apart and cost bytes; with 48 pale areas become grey
_LEVEL = 6  # zlib's: 3 gives a tenth more bytes in half the time, 9 a tenth less in ten times that
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MODE_NONE, _BLEND_SOURCE = 0, 0


class Palette:
    """The colours of a picture, and for each of 32,768 coarser ones the nearest of them.

    Parameters
    ----------
    pixels : array
        A picture that has the usual colours.
    reserved : sequence of str
        ``#RRGGBB`` colours that are kept in any case.
    """

    def __init__(self, pixels: Pixels, reserved: Sequence[str] = ()) -> None:
        kept = [tuple(bytes.fromhex(text[1:])) for text in reserved]
        self.colours = _choose(pixels, np.array(kept, np.int32).reshape(-1, 3))
        self._nearest = _nearest(self.colours)

    def index(self, pixels: Pixels, out: Pixels) -> None:
        """Write the palette's index of every pixel into `out`."""
        words = np.ascontiguousarray(pixels).view("<u4")[..., 0]
        coarse = (words >> 3) & 0x1F
        coarse |= (words >> 6) & 0x3E0
        coarse |= (words >> 9) & 0x7C00
        np.take(self._nearest, coarse, out=out, mode="clip")


def _choose(pixels: Pixels, kept: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return `kept` and the most frequent colours that differ clearly from those before them."""
    words, counts = np.unique(
        np.ascontiguousarray(pixels).view("<u4") & 0xFFFFFF, return_counts=True
    )
    words = words[np.argsort(-counts, kind="stable")][:2000].astype(np.int32)
    found = np.stack([words & 255, (words >> 8) & 255, words >> 16], axis=1)
    chosen = [tuple(colour) for colour in kept.tolist()]
    distance = np.full(len(found), np.iinfo(np.int32).max, np.int32)
    for colour in chosen:
        distance = np.minimum(distance, ((found - colour) ** 2).sum(axis=1))
    for apart in (30**2, 16**2, 8**2):
        for i in range(len(found)):
            if len(chosen) == _COLOURS:
                break
            if distance[i] > apart:
                chosen.append(tuple(found[i].tolist()))
                distance = np.minimum(distance, ((found - found[i]) ** 2).sum(axis=1))
    return np.array(chosen or [(255, 255, 255)], np.int32)


def _nearest(colours: npt.NDArray[np.int32]) -> Pixels:
    """Return for each colour of 5 bits a channel (red lowest) the index of the nearest one."""
    code = np.arange(1 << 15, dtype=np.int32)
    channels = [((code >> shift) & 31) * 255 // 31 for shift in (0, 5, 10)]
    best = np.full(len(code), np.iinfo(np.int32).max, np.int32)
    index = np.zeros(len(code), np.uint8)
    for i, colour in enumerate(colours):
        away = sum((c - int(v)) ** 2 for c, v in zip(channels, colour, strict=True))
        closer = away < best
        best[closer] = away[closer]  # type: ignore[index]
        index[closer] = i
    return index


class Encoder:
    """Encodes pictures of one size and palette; keeps its buffer from one to the next."""

    def __init__(self, palette: Palette) -> None:
        self._palette = palette
        self._rows = np.zeros((0, 0), np.uint8)

    def encode(
        self,
        pixels: Pixels,
        *,
        later: tuple[Pixels, int, int] | None = None,
        after: float = 5.0,
    ) -> bytes:
        """Return the picture as a file.

        Parameters
        ----------
        pixels : array
            The picture.
        later : (array, int, int), optional
            What is put over it, and at which column and row (from above), `after` so many seconds.
        after : float
            Seconds.
        """
        height, width = pixels.shape[:2]
        data = self._compress(pixels)
        head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
        chunks = [_chunk(b"IHDR", head)]
        if later is not None:
            chunks.append(_chunk(b"acTL", struct.pack(">II", 2, 1)))
        chunks.append(_chunk(b"PLTE", self._palette.colours.astype(np.uint8).tobytes()))
        if later is not None:
            chunks.append(_frame(0, (width, height, 0, 0), after))
        chunks.append(_chunk(b"IDAT", data))
        if later is not None:
            over, left, top = later
            chunks.append(_frame(1, (over.shape[1], over.shape[0], left, top), after))
            chunks.append(_chunk(b"fdAT", struct.pack(">I", 2) + self._compress(over, keep=False)))
        chunks.append(_chunk(b"IEND", b""))
        return _SIGNATURE + b"".join(chunks)

    def _compress(self, pixels: Pixels, *, keep: bool = True) -> bytes:
        height, width = pixels.shape[:2]
        rows = self._rows
        if rows.shape != (height, width + 1):
            rows = np.zeros((height, width + 1), np.uint8)  # a row begins with its filter: 0, none
            if keep:
                self._rows = rows
        self._palette.index(pixels, rows[:, 1:])
        return zlib.compress(rows.data, _LEVEL)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _frame(number: int, place: tuple[int, int, int, int], seconds: float) -> bytes:
    delay = (max(int(seconds * 1000), 0), 1000)
    return _chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, *place, *delay, _MODE_NONE, 0))


def frames(data: bytes) -> int:
    """Return how many frames a PNG file has.

    Examples
    --------
    >>> import numpy as np
    >>> from headrace.plot import png
    >>> white = np.full((4, 4, 4), 255, np.uint8)
    >>> png.frames(png.Encoder(png.Palette(white)).encode(white))
    1
    """
    at: Any = data.find(b"acTL")
    return 1 if at < 0 else int(struct.unpack(">I", data[at + 4 : at + 8])[0])
