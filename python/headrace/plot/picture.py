"""The picture of a stream: figure, axes and artists, and the rows that are in them."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.plot import style
from headrace.plot.feed import MOST_KEYS, Feed, Keys
from headrace.plot.notice import AS_OF, Notice
from headrace.plot.options import Options, Recipe
from headrace.plot.painter import Painter
from headrace.plot.screen import new_figure
from headrace.plot.stamps import Label, Pixels, shortened
from headrace.plot.views import Moment, View

if TYPE_CHECKING:
    from headrace.live import Live
    from headrace.status import Status

_KEYS_EVERY = 2.0  # seconds between two looks at which keys there are
_LEFT, _TITLE_LETTER = 66, 8.6  # pixels at 100 dpi: the axes' left edge; a letter of the title
_LINES_APART = 23.0  # pixels at 100 dpi between lines of a notice, each in its box
_NOTE = (style.NOTE_FILL, style.NOTE_EDGE, style.NOTE_TEXT)
_ERROR = (style.ERROR_FILL, style.ERROR_EDGE, style.ERROR_TEXT)


class Picture:
    """Draws what is new of a stream. All methods under the figure's lock.

    Parameters
    ----------
    live : Live
        The stream.
    options : Options
        What was asked for.
    screen : str
        ``inline``, ``widget``, ``window`` or ``none``.
    """

    def __init__(self, live: Live, options: Options, screen: str) -> None:
        self._live = live
        self._options = options
        self._recipe: Recipe | None = None
        self._feed: Feed | None = None
        self._view: View | None = None
        self._keys: Keys | None = None
        self._keys_at = -_KEYS_EVERY
        self._shown: list[str | None] = list(options.keys or [None])
        self._seen: object = None
        self._rejects: list[tuple[int, int, str | None]] = []
        self._rejected = 0
        self.rows = 0
        if live._resolved:
            self.resolve()
        size = self._recipe.figure_size(self._shown) if self._recipe else options.figsize
        self.figure = new_figure(screen, size or (8.0, 4.5))
        self.painter = Painter(self.figure)
        self._resized = self.figure.canvas.mpl_connect("resize_event", self._on_resize)

    # -- what it is made of

    def resolve(self) -> None:
        """Find columns and panels, once the stream's are known."""
        recipe = Recipe(self._options, self._live._stream)
        self._feed = Feed(self._live, recipe.columns, self._options.last, recipe.category)
        if self._options.keys is None and recipe.key_column and self._options.kind != "bar":
            self._keys = Keys(recipe.key_column)
        self._recipe = recipe

    def _find_keys(self, *, now: bool) -> bool:
        """Look which keys there are, now or now and then; whether others are to be shown."""
        at = time.monotonic()
        if self._keys is None or self._feed is None:
            return False
        if not now and at - self._keys_at < _KEYS_EVERY:
            return False
        changed = self._keys.look(self._feed.newest())
        if self._keys.shown:
            self._keys_at = at
        self._shown = list(self._keys.shown) or [None]
        return changed

    def _build(self, *, final: bool) -> View | None:
        if self._recipe is None:
            return None
        changed = self._find_keys(now=final)
        if self._view is None or changed:
            self.painter.clear()
            if changed:
                self.figure.set_size_inches(*self._recipe.figure_size(self._shown))
            self._view = self._recipe.view(self.figure, self._shown)
            self._seen = None
        return self._view

    def _on_resize(self, _: object) -> None:
        if self._view is not None:
            with self.figure.lock:
                self._view.grid.place()
                self.painter.rebuild()
                self._seen = None  # widths of bars, places of labels: all is computed anew

    # -- what it shows

    def refresh(self, status: Status, *, final: bool = False) -> bool:
        """Take the newest rows into the artists; True where they are others than before.

        Parameters
        ----------
        status : Status
            Where the stream stands.
        final : bool
            Whether the picture will stay, in a file or for good: then with each key that is there.
        """
        if self._recipe is None and self._live._resolved:
            self.resolve()
        view = self._build(final=final or status.ended)
        if view is None or self._feed is None:
            return False
        snapshot = self._feed.read(self._shown)
        new_rejects = self._look_at_rejects(status)
        seen = (snapshot.signature, snapshot.places, status.ended)
        if seen == self._seen and not new_rejects:
            return False
        self._seen = seen
        touched = self.figure.stale
        self.rows = sum(len(rows.x) for rows in snapshot.rows)
        view.update(snapshot, Moment(self._options.last, status.ended, self._rejects))
        self.figure.stale = touched  # what we draw over it is none of the figure's business
        return True

    def _look_at_rejects(self, status: Status) -> bool:
        count = sum(status.rejected.values())
        if count == self._rejected or self._options.markers is False:
            return False
        self._rejected = count
        self._rejects = [
            (partition, offset, key.decode("utf-8", "replace") if key else None)
            for _, _, _, _, partition, offset, _, key, *_ in self._live._engine.rejects()
        ]
        return True

    def paint(self, notice: Notice) -> Pixels:
        """Draw everything; the pixels are valid until the next picture."""
        if self.figure.stale:  # the user has changed something of it
            self.painter.rebuild()
        areas = self._view.areas if self._view else []
        pixels = self.painter.paint(areas, self._labels(notice), faded=notice.grey)
        self.figure.stale = False
        return pixels

    @property
    def look(self) -> object:
        """Changes when the colours of the picture may have changed."""
        return id(self._view), self.rows > 0, len(self._rejects) > 0

    def _labels(self, notice: Notice) -> list[Label]:
        width, height = self.figure.canvas.get_width_height(physical=True)
        one = self.figure.dpi / style.DPI
        pills, right = self._pills(notice, width - 12 * one, height - 15 * one, one)
        labels = [*self._title(height - 15 * one, right, one), *pills]
        if notice.stamp.startswith(AS_OF):
            labels.append(
                Label(notice.stamp, width - 10 * one, 10 * one, "right", size=style.SMALL,
                      colour=style.SOFT)
            )  # fmt: skip
        if self._view is not None:
            context = shortened(self._view.context(), 80)
            labels.append(
                Label(context, _LEFT * one, 10 * one, size=style.SMALL, colour=style.SOFT)
            )
        return labels + self._middle(notice, width, height, one)

    def _pills(
        self, notice: Notice, right: float, y: float, one: float
    ) -> tuple[list[Label], float]:
        """Return what is said in the upper right corner, and where that begins."""
        stamp = "" if notice.stamp.startswith(AS_OF) else notice.stamp
        pills = []
        for text, look in ((notice.badge, _ERROR), (notice.state, _NOTE), (stamp, _NOTE)):
            if text:
                fill, edge, colour = look
                pill = Label(text, right, y, "right", "center", 8.0, colour, True, fill, edge)
                pills.append(pill)
                right -= self.painter.stamps.size(pill)[0] + 20 * one
        return pills, right

    def _middle(self, notice: Notice, width: int, height: int, one: float) -> list[Label]:
        """Return the lines in the middle of the first axes; of the figure where there are none."""
        x, y = width / 2, height / 2
        if self._view is not None:
            box = self._view.areas[0].ax.bbox
            x, y = float(box.x0 + box.width / 2), float(box.y0 + box.height / 2)
        fill, edge, colour = _ERROR if notice.error else _NOTE
        apart = _LINES_APART * one
        y += apart * (len(notice.middle) - 1) / 2
        return [
            Label(text, x, y - i * apart, "center", "center", 9.0, colour, False, fill, edge)
            for i, text in enumerate(notice.middle)
        ]

    def _titles(self) -> tuple[str, str]:
        """Return the title and what is said smaller beside it."""
        source = self._live._name()
        if self._options.title is not None:
            return self._options.title, ""
        if self._keys is not None and self._keys.present > MOST_KEYS:
            return f"{len(self._shown)} busiest of {self._keys.present} keys", source
        if len(self._shown) == 1 and self._shown[0] is not None:
            return self._shown[0], source
        return source, ""

    @property
    def title(self) -> str:
        """All of it."""
        return " · ".join(part for part in self._titles() if part)

    def _title(self, y: float, right: float, one: float) -> list[Label]:
        main, rest = self._titles()
        left, letter = _LEFT * one, _TITLE_LETTER * one
        bold = Label(
            shortened(main, int((right - left) / letter)), left, y, size=style.TITLE, bold=True
        )
        left += self.painter.stamps.size(bold)[0] + 7 * one
        room = int((right - left) / letter * style.TITLE / style.LABEL)
        if not rest or room < 5:
            return [bold]
        return [bold, Label(shortened(rest, room), left, y, size=style.LABEL, colour=style.SOFT)]

    # -- files

    def file(self, kind: str, dpi: float, notice: Notice) -> bytes:
        """Return the picture as ``png``, ``svg`` or ``pdf``."""
        buffer = io.BytesIO()
        areas = self._view.areas if self._view else []
        self.paint(notice)
        with self.painter.native(areas):
            self.figure.savefig(buffer, format=kind, dpi=dpi, facecolor="white")
        self.painter.rebuild()
        return buffer.getvalue()

    def give_up(self) -> None:
        """Forget all that is drawn, of which something cannot be: an empty figure is left."""
        self._view = self._recipe = None
        self.painter.clear()

    def close(self) -> None:
        """Let go of what is only needed for more pictures."""
        self.figure.canvas.mpl_disconnect(self._resized)

    @property
    def columns(self) -> Sequence[str]:
        """The columns drawn."""
        return self._recipe.columns if self._recipe else self._options.columns
