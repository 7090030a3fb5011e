import numpy as np
import pytest

from headrace.plot.stamps import Label, Stamps, fill, mask_of, rgb


def blank() -> np.ndarray:
    return np.full((60, 200, 4), 255, np.uint8)


def ink(pixels: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is not white."""
    rows, columns = np.nonzero((pixels[..., :3] != 255).any(axis=2))
    return columns.min(), rows.min(), columns.max(), rows.max()


@pytest.mark.parametrize(("across", "low", "high"), [("left", 98, 104), ("right", 60, 75)])
def test_a_label_stands_where_it_is_told(across: str, low: int, high: int) -> None:
    pixels = blank()
    Stamps(100).put(pixels, Label("12.34", 100, 30, across, "center"))
    left, top, right, bottom = ink(pixels)
    assert low <= left <= high
    assert abs((top + bottom) / 2 - 30) <= 2
    assert 25 <= right - left <= 40


def test_the_same_text_is_drawn_once() -> None:
    first = mask_of("100", 8.0, False, 100.0)
    assert mask_of("100", 8.0, False, 100.0) is first
    assert mask_of("100", 8.0, True, 100.0) is not first


def test_masks_do_not_pile_up() -> None:
    stamps = Stamps(100)
    for i in range(1200):
        stamps.size(Label(str(i), 0, 0))
    assert mask_of.cache_info().currsize <= 1000


def test_what_is_outside_is_cut_off() -> None:
    stamps, pixels = Stamps(100), blank()
    for x, y in ((-20, 30), (195, 30), (100, -5), (100, 62), (-500, -500)):
        stamps.put(pixels, Label("1234567", x, y))
    assert pixels.shape == (60, 200, 4)


def test_a_box_is_filled_and_has_an_edge() -> None:
    pixels = blank()
    Stamps(100).put(
        pixels, Label("paused", 100, 30, "center", fill="#FFF3CD", edge="#E0B84C", bold=True)
    )
    left, top, *_ = ink(pixels)
    assert tuple(pixels[top, left + 3, :3]) == tuple(rgb("#E0B84C"))
    assert tuple(pixels[top + 2, left + 2, :3]) == tuple(rgb("#FFF3CD"))


def test_a_larger_resolution_makes_larger_letters() -> None:
    small, large = (Stamps(dpi).size(Label("Close", 0, 0)) for dpi in (100, 200))
    assert large[0] == pytest.approx(2 * small[0], abs=6)


def test_fill_keeps_to_the_picture() -> None:
    pixels = blank()
    fill(pixels, -5, 50, 20, 90, "#000000")
    assert (pixels[50:, :20, :3] == 0).all()
    assert (pixels[:50, :, :3] == 255).all()
