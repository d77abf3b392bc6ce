"""Pictures come as a player shows them: square pixels, turned, cut; and every step is said."""

import numpy as np
import pytest

from humans4d_core.io import CameraChoice, VideoSource
from humans4d_core.io.video.picture_display import plan_display
from humans4d_core.io.video.video_header import VideoHeader


def read(path, **options):
    with VideoSource(path, **options) as source:
        return list(source), source


def bright_corner(image):
    """(bottom, right): the quarter that is brightest."""
    h, w = image.shape[0] // 2, image.shape[1] // 2
    quarters = [[image[:h, :w], image[:h, w:]], [image[h:, :w], image[h:, w:]]]
    means = np.array([[float(q.mean()) for q in row] for row in quarters])
    return tuple(int(k) for k in np.unravel_index(means.argmax(), (2, 2)))


@pytest.mark.parametrize(
    ("aspect", "size"),
    [("2:1", (128, 48)), ("4:3", (85, 48)), ("1:2", (64, 96)), ("8:9", (64, 54))],
)
def test_pixels_are_made_square(y4m, aspect, size):
    frames, source = read(y4m(aspect=aspect), camera=CameraChoice(fov_degrees=60))
    camera = frames[0].camera
    assert frames[0].image_bgr.shape == (size[1], size[0], 3)
    assert (camera.width, camera.height) == size and camera.fx == camera.fy
    assert any("square" in note and f"{size[0]}x{size[1]}" in note for note in source.notes)


def test_square_pixels_are_left_alone(y4m):
    frames, source = read(y4m(aspect="1:1"))
    assert frames[0].image_bgr.shape == (48, 64, 3) and source.notes == []


@pytest.mark.parametrize("aspect", ["60000:1", "1:60000", "9:1"])
def test_a_pixel_shape_that_no_camera_has_is_not_believed(y4m, aspect):
    frames, source = read(y4m(aspect=aspect))
    assert frames[0].image_bgr.shape == (48, 64, 3)
    assert any("not believed" in note for note in source.notes)


@pytest.mark.parametrize(
    ("matrix", "corner", "is_upright", "is_mirrored"),
    [
        ((1, 0, 0, 1), (0, 0), True, False),
        ((0, 1, -1, 0), (0, 1), False, False),  # a phone held upright
        ((-1, 0, 0, -1), (1, 1), True, False),
        ((0, -1, 1, 0), (1, 0), False, False),
        ((-1, 0, 0, 1), (0, 1), True, True),  # a front camera
        ((1, 0, 0, -1), (1, 0), True, True),
        ((0, 1, 1, 0), (0, 0), False, True),
        ((0, -1, -1, 0), (1, 1), False, True),
    ],
)
def test_turned_and_mirrored_films_are_shown_as_players_show_them(
    tmp_path, set_matrix, matrix, corner, is_upright, is_mirrored
):
    frames, source = read(set_matrix(_corner_film(tmp_path), *matrix))
    image = frames[0].image_bgr
    assert image.shape == ((48, 64, 3) if is_upright else (64, 48, 3))
    assert bright_corner(image) == corner
    assert any("mirrored" in note for note in source.notes) == is_mirrored


def _corner_film(folder):
    import cv2

    image = np.zeros((48, 64, 3), np.uint8)
    image[:24, :32] = 255
    path = folder / "corner.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10.0, (64, 48))
    for _ in range(3):
        writer.write(image)
    writer.release()
    return path


def test_a_film_turned_askew_is_left_as_it_is_and_said(tmp_path, set_matrix):
    frames, source = read(set_matrix(_corner_film(tmp_path), 0.7, 0.7, -0.7, 0.7))
    assert frames[0].image_bgr.shape == (48, 64, 3)
    assert any("askew" in note for note in source.notes)


def test_the_turn_of_the_whole_movie_counts_too(tmp_path, edit_mp4):
    turn = b"".join(v.to_bytes(4, "big", signed=True) for v in (0, 65536, 0, -65536, 0, 0, 0, 0))
    path = edit_mp4(_corner_film(tmp_path), [b"moov", b"mvhd"], lambda t: t[:36] + turn + t[68:])
    frames, _ = read(path)
    assert frames[0].image_bgr.shape == (64, 48, 3)
    assert bright_corner(frames[0].image_bgr) == (0, 1)


def test_the_clean_aperture_is_cut_out(tmp_path, edit_mp4):
    # 32 x 24 of 64 x 48, its middle 16 pixels left of and 12 above the middle: the bright quarter.
    numbers = [(32, 1), (24, 1), (-16, 1), (-12, 1)]
    clap = b"".join(v.to_bytes(4, "big", signed=True) for pair in numbers for v in pair)
    box = (40).to_bytes(4, "big") + b"clap" + clap
    entry = [b"moov", b"trak", b"mdia", b"minf", b"stbl", (b"stsd", 8), b"mp4v"]
    frames, source = read(edit_mp4(_corner_film(tmp_path), entry, lambda e: e + box))
    image = frames[0].image_bgr
    assert image.shape == (24, 32, 3) and image[2:-2, 2:-2].mean() > 220
    assert (frames[0].camera.cx, frames[0].camera.cy) == (16, 12)
    assert any("32x24" in note for note in source.notes)


@pytest.mark.parametrize("first", [-2, 2])
@pytest.mark.parametrize("second", [-2, 2])
@pytest.mark.parametrize("is_transposed", [False, True])
def test_each_pixel_goes_where_the_matrix_puts_it(first, second, is_transposed):
    a, b, c, d = matrix = (0, first, second, 0) if is_transposed else (first, 0, 0, second)
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (3, 5, 3), np.uint8)
    shown = plan_display((5, 3), VideoHeader(matrix=matrix), 1.0, 0.0).apply(image)
    y, x = np.mgrid[:3, :5]
    to_x, to_y = (a * x + c * y) // 2, (b * x + d * y) // 2
    expected = np.zeros_like(shown)
    expected[to_y - to_y.min(), to_x - to_x.min()] = image
    assert np.array_equal(shown, expected)


def test_what_opencv_says_of_the_turn_counts_where_the_container_is_not_read():
    image = np.zeros((2, 4, 3), np.uint8)
    assert plan_display((4, 2), VideoHeader(), 1.0, 90.0).apply(image).shape == (4, 2, 3)
    assert plan_display((4, 2), VideoHeader(), 1.0, 0.0).apply(image).shape == (2, 4, 3)


@pytest.mark.parametrize("aperture", [(-1, 0, 3, 2), (0, 0, 9, 2), (3, 0, 3, 2), (0, 0, 4, 2)])
def test_an_aperture_that_makes_no_sense_is_ignored(aperture):
    header = VideoHeader(coded_size=(4, 2), aperture=aperture)
    assert plan_display((4, 2), header, 1.0, 0.0).notes == ()
