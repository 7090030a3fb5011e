import io

import numpy as np
import pytest
from PIL import Image

import headrace as hr
from headrace.plot import screen


def test_outside_a_notebook_nothing_is_shown(live: hr.Live) -> None:
    assert screen.kind_of_screen() == "none"
    assert live.plot("Close")._screen is None


@pytest.mark.parametrize(
    ("backend", "notebook", "kind"),
    [
        ("module://matplotlib_inline.backend_inline", True, "inline"),
        ("", True, "inline"),
        ("agg", True, "inline"),
        ("agg", False, "none"),
        ("module://ipympl.backend_nbagg", True, "widget"),
        ("module://ipympl.backend_nbagg", False, "none"),
        ("qtagg", False, "window"),
    ],
)
def test_the_backend_says_where_it_is_seen(
    monkeypatch: pytest.MonkeyPatch, backend: str, notebook: bool, kind: str
) -> None:
    monkeypatch.setattr("matplotlib.get_backend", lambda **_: backend)
    monkeypatch.setattr(screen, "shell", lambda: object() if notebook else None)
    assert screen.kind_of_screen() == kind


def picture(grey: int = 255) -> np.ndarray:
    pixels = np.full((450, 800, 4), grey, np.uint8)
    pixels[..., 3] = 255
    return pixels


def test_a_live_picture_says_later_that_it_is_not() -> None:
    image = Image.open(io.BytesIO(screen.PngMaker().make(picture(), live=True)))
    assert (image.n_frames, image.info["duration"]) == (2, 5000)
    first = np.asarray(image.convert("RGB")).copy()
    image.seek(1)
    assert (np.asarray(image.convert("RGB")) != first).any()


def test_the_last_picture_has_one_frame() -> None:
    image = Image.open(io.BytesIO(screen.PngMaker().make(picture(), live=False)))
    assert getattr(image, "n_frames", 1) == 1


def test_another_look_gets_another_palette() -> None:
    maker = screen.PngMaker()
    maker.make(picture(), live=False, look=1)
    blue = picture()
    blue[..., :3] = (10, 20, 200)
    found = Image.open(io.BytesIO(maker.make(blue, live=False, look=2))).convert("RGB")
    assert np.abs(np.array(found.getpixel((5, 5))) - (10, 20, 200)).max() <= 8
