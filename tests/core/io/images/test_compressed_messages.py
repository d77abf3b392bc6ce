"""CompressedImage: what is decoded, what its format means, and why the rest is refused."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from humans4d_core.errors import ImageError
from humans4d_core.io import compressed_message_to_bgr, image_message_to_bgr

BGR = np.zeros((6, 8, 3), np.uint8)
BGR[:] = (30, 120, 210)
SCENE = cv2.GaussianBlur(
    np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8), (9, 9), 3
)


def decoded(data: bytes, image_format: str = "jpeg") -> np.ndarray:
    return compressed_message_to_bgr(SimpleNamespace(format=image_format, data=data))


def encoded(suffix: str, image: np.ndarray, *options: int) -> bytes:
    return cv2.imencode(suffix, image, options)[1].tobytes()


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_compressed_images_are_decoded(suffix):
    data = cv2.imencode(suffix, BGR)[1].tobytes()
    image = compressed_message_to_bgr(SimpleNamespace(format=suffix[1:], data=data))
    assert np.abs(image.astype(int) - BGR).max() < 6


JPEG = cv2.imencode(".jpg", BGR)[1].tobytes()


@pytest.mark.parametrize("data", [b"", b"not a jpeg", JPEG[:-40], JPEG[:30]])
def test_a_broken_compressed_image_is_refused(data):
    with pytest.raises(ImageError, match="cannot be decoded"):
        compressed_message_to_bgr(SimpleNamespace(format="jpeg", data=data))


def test_a_jpeg_that_a_camera_padded_is_decoded():
    image = compressed_message_to_bgr(SimpleNamespace(format="jpeg", data=JPEG + bytes(64)))
    assert image.shape == BGR.shape


PNG = encoded(".png", BGR)
#: A segment of EXIF with a thumbnail, which has an end marker of its own.
THUMBNAIL = b"Exif\0\0" + encoded(".jpg", BGR[:4, :4])
WITH_THUMBNAIL = JPEG[:2] + b"\xff\xe1" + (len(THUMBNAIL) + 2).to_bytes(2, "big") + THUMBNAIL
WITH_THUMBNAIL += JPEG[2:]
PROGRESSIVE = encoded(".jpg", SCENE, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
RESTARTS = encoded(".jpg", SCENE, cv2.IMWRITE_JPEG_RST_INTERVAL, 2)
TAILS = {
    "line end": b"\r\n",
    "fill bytes": b"\xff" * 3,
    "8192 zeros": bytes(8192),
    "a phone's trailer": b"SEFT" * 50,
    "a second picture": encoded(".jpg", 255 - SCENE),
    "half of a second picture": JPEG[:-40],
}


@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
@pytest.mark.parametrize(
    "jpeg",
    [JPEG, encoded(".jpg", SCENE), WITH_THUMBNAIL, PROGRESSIVE, RESTARTS],
    ids=["small", "scene", "thumbnail", "progressive", "restarts"],
)
def test_what_follows_the_end_of_a_jpeg_does_not_matter(jpeg, tail):
    whole = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decoded(jpeg + tail), whole)


@pytest.mark.parametrize(
    "jpeg", [WITH_THUMBNAIL, PROGRESSIVE, RESTARTS], ids=["thumbnail", "progressive", "restarts"]
)
@pytest.mark.parametrize("tail", [b"", bytes(64), JPEG], ids=["", "zeros", "the next picture"])
def test_a_jpeg_without_its_end_is_cut_short_whatever_follows(jpeg, tail):
    scan = jpeg.rindex(b"\xff\xda") + 20
    for end in (scan, (scan + len(jpeg)) // 2, len(jpeg) - 2, len(jpeg) - 1):
        with pytest.raises(ImageError, match="cut short"):
            decoded(jpeg[:end] + tail)


def test_fill_bytes_before_a_marker_are_none():
    np.testing.assert_array_equal(decoded(JPEG[:-2] + b"\xff" * 9 + b"\xd9"), decoded(JPEG))


@pytest.mark.parametrize("head", [b"\r\n", b"\0" * 12])
def test_what_a_stream_leaves_before_a_jpeg_does_not_matter(head):
    np.testing.assert_array_equal(decoded(head + JPEG), decoded(JPEG))


@pytest.mark.parametrize("tail", [b"\r\n", bytes(8192), b"SEFT" * 50])
def test_what_follows_the_end_of_a_png_does_not_matter(tail):
    np.testing.assert_array_equal(decoded(PNG + tail, "png"), BGR)


@pytest.mark.parametrize("cut", [5, 13, len(PNG) // 2])
@pytest.mark.parametrize("tail", [b"", bytes(64)])
def test_a_png_without_its_end_is_cut_short(cut, tail):
    with pytest.raises(ImageError, match="cannot be decoded"):
        decoded(PNG[:-cut] + tail, "png")


def test_millions_of_empty_segments_and_scans_are_refused_soon():
    comment = b"\xff\xfe\0\x02"
    with pytest.raises(ImageError, match="segments"):
        decoded(JPEG[:2] + comment * 2_000_000 + JPEG[2:])
    scan = PROGRESSIVE.index(b"\xff\xda")
    end = PROGRESSIVE.index(b"\xff", scan + 20)
    with pytest.raises(ImageError, match="scans"):
        decoded(PROGRESSIVE[:scan] + PROGRESSIVE[scan:end] * 1000 + PROGRESSIVE[scan:])


def test_a_picture_that_asks_for_all_memory_is_refused_by_its_header():
    size = JPEG.index(b"\xff\xc0") + 5
    with pytest.raises(ImageError, match="65535x65535"):
        decoded(JPEG[:size] + b"\xff" * 4 + JPEG[size + 4 :])
    with pytest.raises(ImageError, match="65535x65535"):
        decoded(PNG[:16] + b"\0\0\xff\xff" * 2 + PNG[24:], "png")


def test_a_large_sound_picture_is_decoded():
    large = cv2.resize(SCENE, (8192, 4096))
    assert decoded(encoded(".jpg", large)).shape == (4096, 8192, 3)


PATTERNS = {"rggb": (2, 1, 1, 0), "bggr": (0, 1, 1, 2), "gbrg": (1, 0, 2, 1), "grbg": (1, 2, 0, 1)}


def mosaic(pattern: str, image: np.ndarray) -> np.ndarray:
    pixels = np.empty(image.shape[:2], image.dtype)
    for index, channel in enumerate(PATTERNS[pattern]):
        row, column = divmod(index, 2)
        pixels[row::2, column::2] = image[row::2, column::2, channel]
    return pixels


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(
    ("suffix", "bits", "image_format"),
    [
        (".jpg", 8, "bayer_{}8; jpeg compressed "),
        (".png", 8, "bayer_{}8; png compressed "),
        (".png", 16, "bayer_{}16; png compressed "),
        (".png", 8, "bayer_{}8;png compressed"),
    ],
)
def test_a_compressed_mosaic_gets_its_colours_back(pattern, suffix, bits, image_format):
    flat = np.tile(BGR, (4, 4, 1))
    deep = flat if bits == 8 else flat.astype(np.uint16) * 257
    data = encoded(suffix, mosaic(pattern, deep), cv2.IMWRITE_JPEG_QUALITY, 100)
    image = decoded(data, image_format.format(pattern))
    inner = image[2:-2, 2:-2].astype(int)
    assert np.abs(inner - BGR[0, 0]).max() <= (12 if suffix == ".jpg" else 1)


def test_a_mosaic_that_was_made_colours_before_is_left_as_it_is():
    data = encoded(".png", BGR)
    np.testing.assert_array_equal(decoded(data, "bayer_rggb8; png compressed bgr8"), BGR)


@pytest.mark.parametrize(
    ("stored", "image_format"),
    [
        (BGR, "rgb8; png compressed bgr8"),
        (BGR, "bgr8; png compressed bgr8"),
        (BGR, "rgb8; png compressed"),
        (BGR, "png"),
        (BGR, "PNG"),
        (BGR, ""),
        (BGR, "jpeg"),  # wrong, but the bytes say what they are
        (BGR[..., ::-1], "rgb8; png compressed rgb8"),
        (np.dstack((BGR, BGR[..., :1])), "bgra8; png compressed bgra8"),
        (BGR.astype(np.uint16) * 257, "rgb16; png compressed bgr16"),
        (BGR[..., ::-1].astype(np.uint16) * 257, "rgb16; png compressed rgb16"),
    ],
)
def test_colours_come_out_in_their_order(stored, image_format):
    np.testing.assert_array_equal(decoded(encoded(".png", stored), image_format), BGR)


@pytest.mark.parametrize(
    "image_format", ["jpeg", "jpg", "JPEG", "", "mjpeg", "image/jpeg", "mono8; jpeg compressed "]
)
def test_a_gray_jpeg_becomes_gray_bgr(image_format):
    image = decoded(encoded(".jpg", np.full((16, 16), 90, np.uint8)), image_format)
    assert image.shape == (16, 16, 3) and np.abs(image.astype(int) - 90).max() <= 2


@pytest.mark.parametrize(
    "image_format", ["mono16; png compressed ", "16UC1; png compressed ", "png"]
)
def test_a_deep_gray_png_is_scaled_as_a_deep_image_is(image_format):
    samples = np.tile(np.linspace(7200, 8220, 64), (48, 1)).astype(np.uint16)
    raw = SimpleNamespace(
        encoding="16UC1", width=64, height=48, step=128, is_bigendian=False, data=samples.tobytes()
    )
    image = decoded(encoded(".png", samples), image_format)
    np.testing.assert_array_equal(image, image_message_to_bgr(raw))


def test_one_bit_and_palette_pngs_are_decoded():
    checkers = np.indices((16, 16)).sum(0) % 2 * np.uint8(255)
    image = decoded(encoded(".png", checkers, cv2.IMWRITE_PNG_BILEVEL, 1), "png")
    np.testing.assert_array_equal(image, np.dstack([checkers] * 3))


def test_exif_does_not_turn_the_image():
    """CameraInfo is of the image as it is stored."""
    tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    exif = b"Exif\0\0" + tiff
    turned = JPEG[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + JPEG[2:]
    assert cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR).shape == (8, 6, 3)
    assert decoded(turned).shape == (6, 8, 3)


@pytest.mark.parametrize(
    ("data", "image_format", "told"),
    [
        (b"\0\0\0\x01" + b"x" * 99, "h264", "'h264'"),
        (b"\0\0\0\x01" + b"x" * 99, "hevc", "'hevc'"),
        (b"\0\0\0\x01" + b"x" * 99, "jpeg", "h264 or h265 video"),
        (b"\x12\0\x0a\x0a", "av1", "'av1'"),
        (encoded(".tiff", BGR), "bgr8; tiff compressed ", "it is tiff"),
        (encoded(".bmp", BGR), "bmp", "it is bmp"),
        (encoded(".webp", BGR), "jpeg", "it is webp"),
        (b"\0\0\0\x1cftypavif" + bytes(20), "avif", "it is avif"),
        (b"GIF89a" + bytes(20), "", "it is gif"),
        (bytes(12) + PNG, "16UC1; compressedDepth png", "depth only"),
        (PNG, "16UC1; compressedDepth", "depth only"),
        (b"whatever", "", "neither jpeg nor png, it begins with 77 68 61 74"),
        (b"", "jpeg", "it is empty"),
        (JPEG[:2], "jpeg", "neither jpeg nor png"),
        (JPEG, "bayer_xxxx8; jpeg compressed ", "unknown encoding 'bayer_xxxx8'"),
    ],
)
def test_what_is_not_decoded_is_named_for_what_it_is(data, image_format, told):
    if told == "unknown encoding 'bayer_xxxx8'":
        data = encoded(".jpg", BGR[..., 0])
    with pytest.raises(ImageError, match=told) as error:
        decoded(data, image_format)
    assert "\n" not in str(error.value)
