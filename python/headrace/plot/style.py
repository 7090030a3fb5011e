"""Colours, sizes and what is usual for the panel of an indicator."""

from __future__ import annotations

from dataclasses import dataclass

# Okabe and Ito's palette, told apart by colour-blind readers too.
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#E69F00", "#56B4E9", "#000000")
BAND = "#56B4E9"
UP, DOWN = GREEN, ORANGE
VOLUME = "#9AA5B1"
GRID, FRAME, SOFT, TEXT = "#E6E6E6", "#B0B0B0", "#6B6B6B", "#262626"
NOTE_FILL, NOTE_EDGE, NOTE_TEXT = "#FFF3CD", "#E0B84C", "#664D03"
ERROR_FILL, ERROR_EDGE, ERROR_TEXT = "#FBE3E0", "#D88A80", "#8C1D0F"
# In every palette, whatever else is in the picture: notices must look the same on each.
RESERVED = (
    *("#FFFFFF", TEXT, SOFT, FRAME, GRID),
    *(NOTE_FILL, NOTE_EDGE, NOTE_TEXT, ERROR_FILL, ERROR_EDGE, ERROR_TEXT),
)

DPI = 100.0
LABEL, SMALL, TITLE = 8.0, 7.0, 10.5  # points

PRICE, VOLUME_PANEL, PREDICTION = "price", "volume", "prediction"


@dataclass(frozen=True)
class PanelStyle:
    """How a panel is drawn; without limits they follow the data."""

    label: str = ""
    guides: tuple[float, ...] = ()
    limits: tuple[float, float] | None = None
    ticks: tuple[float, ...] | None = None


_STYLES = {
    "aroon": PanelStyle("Aroon", (30, 70), (-4, 104), (0, 30, 70, 100)),
    "aroonosc": PanelStyle("Aroon osc.", (0,), (-104, 104), (-100, -50, 0, 50, 100)),
    "rsi": PanelStyle("RSI", (30, 70), (0, 100), (10, 30, 50, 70, 90)),
    "macd": PanelStyle("MACD", (0,)),
    "roc": PanelStyle("ROC (%)", (0,)),
    "atr": PanelStyle("ATR"),
    "pct_change": PanelStyle("change", (0,)),
    "stddev": PanelStyle("std. dev."),
    "zscore": PanelStyle("z-score", (-2, 0, 2)),
    "sum": PanelStyle("sum"),
    VOLUME_PANEL: PanelStyle("volume"),
    PREDICTION: PanelStyle("prediction", (0.5,), (-0.04, 1.04), (0, 0.5, 1)),
}


def panel_style(name: str) -> PanelStyle:
    """Return how the panel called `name` is drawn."""
    return _STYLES.get(name, PanelStyle(name))
