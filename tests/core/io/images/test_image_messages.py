from array import array
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from humans4d_core.errors import ImageError
from humans4d_core.io import DeepImages, depth_message_to_metres, image_message_to_bgr

BGR = np.zeros((6, 8, 3), np.uint8)
BGR[:] = (30, 120, 210)
GRAY = np.full((6, 8), 90, np.uint8)


def message(encoding, pixels, padding=0, big_endian=False, **changes):
    height, width = pixels.shape[:2]
    rows = np.ascontiguousarray(pixels).view(np.uint8).reshape(height, -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=255)
    fields = {
        "encoding": encoding,
        "height": height,
        "width": width,
        "step": rows.shape[1],
        "is_bigendian": big_endian,
        "data": rows.tobytes(),
    }
    return SimpleNamespace(**{**fields, **changes})


@pytest.mark.parametrize(
    ("encoding", "pixels"),
    [
        ("bgr8", BGR),
        ("rgb8", BGR[..., ::-1]),
        ("bgra8", np.dstack((BGR, GRAY))),
        ("rgba8", np.dstack((BGR[..., ::-1], GRAY))),
    ],
)
@pytest.mark.parametrize("padding", [0, 5])
def test_colour_encodings_become_bgr(encoding, pixels, padding):
    np.testing.assert_array_equal(image_message_to_bgr(message(encoding, pixels, padding)), BGR)


def test_mono_becomes_gray_bgr():
    image = image_message_to_bgr(message("mono8", GRAY, padding=3))
    np.testing.assert_array_equal(image, np.dstack([GRAY] * 3))


@pytest.mark.parametrize(("dtype", "big_endian"), [("<u2", False), (">u2", True)])
def test_16_bit_mono_keeps_its_upper_byte(dtype, big_endian):
    pixels = (GRAY.astype(np.uint16) * 256 + 17).astype(dtype)
    image = image_message_to_bgr(message("mono16", pixels, padding=4, big_endian=big_endian))
    np.testing.assert_array_equal(image, np.dstack([GRAY] * 3))


@pytest.mark.parametrize(
    ("encoding", "channels"),
    [
        ("bgr16", [0, 1, 2]),
        ("rgb16", [2, 1, 0]),
        ("bgra16", [0, 1, 2, 0]),
        ("rgba16", [2, 1, 0, 0]),
    ],
)
@pytest.mark.parametrize(("dtype", "big_endian"), [("<u2", False), (">u2", True)])
@pytest.mark.parametrize("padding", [0, 3])
def test_16_bit_colours_keep_their_upper_byte(encoding, channels, dtype, big_endian, padding):
    pixels = (BGR[..., channels].astype(np.uint16) * 256 + 99).astype(dtype)
    image = image_message_to_bgr(message(encoding, pixels, padding, big_endian))
    np.testing.assert_array_equal(image, BGR)


def test_16_bit_bayer_is_read_in_its_byte_order():
    pixels = np.zeros((8, 8), ">u2")
    pixels[::2, ::2] = 200 * 256 + 7
    image = image_message_to_bgr(message("bayer_rggb16", pixels, 2, big_endian=True))
    assert image[4, 4].tolist() == [0, 0, 200]


@pytest.mark.parametrize(
    ("encoding", "order"), [("yuv422", "UYVY"), ("yuyv", "YUYV"), ("yuv422_yuy2", "YUYV")]
)
def test_yuv_422_becomes_bgr(encoding, order):
    y, u, v = cv2.cvtColor(BGR[:1, :1], cv2.COLOR_BGR2YUV)[0, 0]
    pair = {"UYVY": (u, y, v, y), "YUYV": (y, u, y, v)}[order]
    pixels = np.tile(np.array(pair, np.uint8), (6, 4)).reshape(6, 8, 2)
    image = image_message_to_bgr(message(encoding, pixels))
    # OpenCV's BGR2YUV and its YUV 4:2:2 differ in range (full, studio): colours agree roughly.
    assert np.abs(image.astype(int) - BGR).max() < 40


@pytest.mark.parametrize(
    ("encoding", "row", "column"),
    [("bayer_rggb8", 0, 0), ("bayer_bggr8", 1, 1), ("bayer_gbrg8", 1, 0), ("bayer_grbg8", 0, 1)],
)
def test_bayer_patterns_put_red_where_their_name_says(encoding, row, column):
    pixels = np.zeros((8, 8), np.uint8)
    pixels[row::2, column::2] = 200
    image = image_message_to_bgr(message(encoding, pixels))
    assert image[4 + row, 4 + column].tolist() == [0, 0, 200]


def test_data_may_be_an_array_as_rclpy_has_it():
    raw = message("rgb8", BGR[..., ::-1])
    raw.data = array("B", raw.data)
    np.testing.assert_array_equal(image_message_to_bgr(raw), BGR)


def test_a_bgr_image_is_not_copied():
    pixels = np.ascontiguousarray(BGR)
    raw = message("bgr8", pixels, data=pixels.ravel())
    assert np.shares_memory(image_message_to_bgr(raw), pixels)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (message("32FC1", GRAY), "32FC1"),
        (message("16UC1", GRAY), "16UC1"),
        (message("bgr8", BGR, step=7), "7 bytes a row"),
        (message("bgr8", BGR, data=b"\0" * 10), "holds 10 bytes"),
        (message("bgr8", BGR, width=0, step=0), "0x6"),
        (message("yuyv", np.zeros((6, 7, 2), np.uint8)), "even"),
    ],
)
def test_an_image_that_contradicts_itself_is_refused(raw, reason):
    with pytest.raises(ImageError, match=reason):
        image_message_to_bgr(raw)


def test_rows_with_padding_are_not_copied():
    padded = np.zeros((6, 8 * 3 + 5), np.uint8)
    padded[:, :24] = BGR.reshape(6, 24)
    raw = message("bgr8", BGR, data=padded.ravel(), step=29)
    image = image_message_to_bgr(raw)
    assert np.shares_memory(image, padded)
    np.testing.assert_array_equal(image, BGR)


MILLIMETRES = np.array([[0, 1, 500], [1234, 40000, 65535]])
METRES = np.array([[0.0, 0.5, 1.25], [np.nan, np.inf, -1.0]])


@pytest.mark.parametrize(("order", "big_endian"), [("<", False), (">", True)])
@pytest.mark.parametrize("padding", [0, 1, 4])
def test_depth_becomes_metres(order, big_endian, padding):
    depth = depth_message_to_metres(
        message("16UC1", MILLIMETRES.astype(order + "u2"), padding, big_endian)
    )
    assert depth.dtype == np.float32
    np.testing.assert_allclose(depth, MILLIMETRES / 1000, rtol=1e-6)
    depth = depth_message_to_metres(
        message("32FC1", METRES.astype(order + "f4"), padding, big_endian)
    )
    assert (depth.dtype, depth.dtype.isnative) == (np.float32, True)
    # What is unknown, too far or too near (REP-118) is 0.
    np.testing.assert_array_equal(depth, [[0, 0.5, 1.25], [0, 0, 0]])


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (message("bgr8", BGR), "depth encoding 'bgr8' is not one of 16UC1"),
        (message("16UC1", MILLIMETRES.astype("u2"), step=3), "3 bytes a row"),
        (message("32FC1", METRES.astype("f4"), data=b"\0" * 10), "holds 10 bytes"),
    ],
)
def test_depth_that_contradicts_itself_is_refused(raw, reason):
    with pytest.raises(ImageError, match=reason):
        depth_message_to_metres(raw)


def ramp(low, high, dtype="<u2"):
    """A scene: a ramp over the columns."""
    return np.tile(np.linspace(low, high, 64), (48, 1)).astype(dtype)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("encoding", ["mono16", "16UC1", "rgb16", "bgra16", "bayer_rggb16"])
@pytest.mark.parametrize(("order", "big_endian"), [("<u2", False), (">u2", True)])
def test_deep_images_are_scaled_by_the_bits_that_are_in_use(bits, encoding, order, big_endian):
    samples = ramp(0, 2**bits - 1, order)
    channels = {"rgb16": 3, "bgra16": 4}.get(encoding, 1)
    pixels = np.repeat(samples[..., None], channels, axis=2)
    image = image_message_to_bgr(message(encoding, pixels, 3, big_endian))
    middle = image[20:28, 8:-8].astype(int)
    assert np.abs(middle - np.linspace(0, 255, 64)[8:-8, None]).max() <= 5


@pytest.mark.parametrize(("low", "high"), [(7200, 8220), (28800, 31000), (3000, 3300)])
def test_a_thermal_image_fills_the_brightness_that_there_is(low, high):
    image = image_message_to_bgr(message("16UC1", ramp(low, high)))
    assert image.min() < 40 and image.max() > 215
    assert (np.diff(image[0, :, 0].astype(int)) >= 0).all()


def test_a_defect_pixel_does_not_darken_a_deep_image():
    pixels = ramp(0, 1023)
    pixels[5, 5] = 65535
    assert image_message_to_bgr(message("mono16", pixels)).max() == 255
    assert image_message_to_bgr(message("mono16", pixels))[0, 32].mean() > 100


def test_a_dark_image_among_others_stays_dark():
    deep = DeepImages()
    image_message_to_bgr(message("rgb16", np.dstack([ramp(0, 4095)] * 3)), deep)
    dark = image_message_to_bgr(message("rgb16", np.dstack([ramp(0, 255)] * 3)), deep)
    assert dark.max() <= 16


def test_a_deep_image_of_nothing_is_not_stretched_to_noise():
    noise = np.random.default_rng(0).integers(7990, 8010, (48, 64)).astype("<u2")
    assert image_message_to_bgr(message("16UC1", noise)).std() < 2


def test_a_thermal_image_does_not_flicker_when_something_warm_comes_in():
    deep, scene = DeepImages(), ramp(7200, 7700)
    before = image_message_to_bgr(message("16UC1", scene), deep)
    warm = scene.copy()
    warm[10:40, 20:40] = 8200
    levels = [image_message_to_bgr(message("16UC1", warm), deep)[0, 0, 0] for _ in range(60)]
    levels = np.array([before[0, 0, 0], *levels], int)
    assert np.abs(np.diff(levels)).max() < 12
    # In the end what is warm is inside of the range again.
    assert image_message_to_bgr(message("16UC1", warm), deep)[20, 30, 0] < 255


def test_what_is_done_to_deep_images_is_said():
    deep = DeepImages()
    assert deep.description == ""
    image_message_to_bgr(message("bgr8", BGR), deep)
    assert deep.description == ""
    image_message_to_bgr(message("rgb16", np.dstack([ramp(0, 4095)] * 3)), deep)
    assert "rgb16 images fill 12 of 16 bits" in deep.description
    image_message_to_bgr(message("16UC1", ramp(7200, 8220)), deep)
    assert "fill 14 of 16 bits, and of these a narrow part" in deep.description


def test_an_encoding_is_shown_without_what_a_terminal_obeys():
    with pytest.raises(ImageError) as error:
        image_message_to_bgr(message("\x1b[31mred" * 50, GRAY))
    assert "\x1b" not in str(error.value) and len(str(error.value)) < 600
