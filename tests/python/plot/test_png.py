import io

import numpy as np
import pytest
from PIL import Image

from headrace.plot import png

RESERVED = ("#FFFFFF", "#8C1D0F")


def picture(colours: int = 40) -> np.ndarray:
    """White, with boxes in a few colours."""
    pixels = np.full((60, 100, 4), 255, np.uint8)
    rng = np.random.default_rng(3)
    for i in range(colours):
        x, y = (i % 10) * 10, (i // 10) * 10
        pixels[y : y + 8, x : x + 8, :3] = rng.integers(0, 256, 3)
    return pixels


def decoded(data: bytes, frame: int = 0) -> np.ndarray:
    image = Image.open(io.BytesIO(data))
    image.seek(frame)
    return np.asarray(image.convert("RGB")).astype(int)


def test_a_file_has_the_colours_of_the_picture() -> None:
    pixels = picture()
    data = png.Encoder(png.Palette(pixels, RESERVED)).encode(pixels)
    assert png.frames(data) == 1
    # Colours are looked up with five bits a channel.
    assert np.abs(decoded(data) - pixels[..., :3]).max() <= 16
    assert (decoded(data)[-1] == 255).all()  # the background is exact


def test_reserved_colours_are_there_though_the_first_picture_lacks_them() -> None:
    pixels = picture()
    encoder = png.Encoder(png.Palette(pixels, RESERVED))
    pixels[:5, :5, :3] = (0x8C, 0x1D, 0x0F)
    assert np.abs(decoded(encoder.encode(pixels))[2, 2] - [0x8C, 0x1D, 0x0F]).max() <= 4


def test_more_colours_than_the_palette_has_are_near() -> None:
    pixels = picture(60)
    noise = np.random.default_rng(5).integers(-3, 4, (*pixels.shape[:2], 3))
    pixels[..., :3] = np.clip(pixels[..., :3].astype(int) + noise, 0, 255)
    data = png.Encoder(png.Palette(pixels)).encode(pixels)
    assert np.abs(decoded(data) - pixels[..., :3]).mean() < 6


def test_the_second_frame_is_what_comes_over_it_later() -> None:
    pixels, over = picture(), np.zeros((10, 20, 4), np.uint8)
    data = png.Encoder(png.Palette(pixels, ("#000000",))).encode(
        pixels, later=(over, 30, 5), after=5.0
    )
    assert png.frames(data) == 2
    image = Image.open(io.BytesIO(data))
    assert (image.n_frames, image.info["duration"], image.info["loop"]) == (2, 5000, 1)
    first, second = decoded(data, 0), decoded(data, 1)
    assert (second[5:15, 30:50] == 0).all()
    outside = np.ones(first.shape[:2], bool)
    outside[5:15, 30:50] = False
    assert (first[outside] == second[outside]).all()


def test_an_encoder_takes_pictures_of_another_size() -> None:
    encoder = png.Encoder(png.Palette(picture()))
    for shape in ((30, 40), (70, 20), (30, 40)):
        pixels = np.full((*shape, 4), 255, np.uint8)
        assert decoded(encoder.encode(pixels)).shape == (*shape, 3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (9, 1)])
def test_the_smallest_pictures(shape: tuple[int, int]) -> None:
    pixels = np.full((*shape, 4), 255, np.uint8)
    assert (decoded(png.Encoder(png.Palette(pixels)).encode(pixels)) == 255).all()
