import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from humans4d_core.errors import ImageError
from humans4d_core.recovery.crops import person_crops as crops_module
from humans4d_core.recovery.crops.person_crops import MEAN, STD, box_squares, crop_people

BLACK = -(MEAN / STD)

boxes = st.tuples(
    st.floats(-100, 700), st.floats(-100, 500), st.floats(3, 1500), st.floats(3, 1500)
).map(lambda b: np.array([(b[0], b[1], b[0] + b[2], b[1] + b[3])]))


def gray_levels(images):
    """Normalised RGB (N, 3, 256, 256) -> RGB (N, 256, 256, 3) in gray levels."""
    return images.numpy().transpose(0, 2, 3, 1) * STD + MEAN


def textured(height, width, seed=0):
    noise = np.random.default_rng(seed).normal(size=(height, width, 3))
    return (128 + 127 * np.tanh(gaussian_filter(noise, (3, 3, 0)) * 12)).astype(np.uint8)


def use_matrices(monkeypatch):
    """For what newer OpenCV does faster, too."""
    monkeypatch.setattr(crops_module, "_LARGE_SIGMA", 0.0)
    monkeypatch.setattr(crops_module, "_WARP_IS_EXACT", False)


def read_by_hand(image, box):
    """The definition, pixel by pixel: blur everything, read bilinearly, black outside."""
    centers, sizes = box_squares(np.array([box]))
    ratio = sizes[0] / 512
    image = image.astype(np.float64)
    if ratio > 1.1:
        sigma = (ratio - 1) / 2
        image = gaussian_filter(image, (sigma, sigma, 0), mode="nearest", truncate=4)
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    positions = centers[0] + (np.arange(256)[:, None] - 128) * sizes[0] / 256  # (256, x y)
    limits = np.array(image.shape[1::-1])
    inside = np.clip(positions, -1, limits)
    whole = np.minimum(np.floor(inside), limits - 1).astype(int)
    part = inside - whole
    crop = np.zeros((256, 256, 3))
    for down in (0, 1):
        for right in (0, 1):
            corner = padded[np.ix_(whole[:, 1] + down + 1, whole[:, 0] + right + 1)]
            rows = part[:, 1] if down else 1 - part[:, 1]
            columns = part[:, 0] if right else 1 - part[:, 0]
            crop += corner * rows[:, None, None] * columns[:, None]
    return crop[..., ::-1]


@pytest.mark.parametrize("by_matrices", [False, True])
def test_crops_equal_the_originals(parity_folder, by_matrices, monkeypatch):
    if by_matrices:
        use_matrices(monkeypatch)
    recorded = np.load(parity_folder / "crops.npz")
    crops = crop_people(recorded["image_bgr"], recorded["boxes_xyxy"])
    difference = np.abs(crops.images.numpy() - recorded["crops_rgb_norm"])
    assert difference.mean((1, 2, 3)).max() < 1e-3
    assert difference.max() < 0.05
    np.testing.assert_allclose(crops.sizes, recorded["box_size"], rtol=1e-6)
    corners = recorded["boxes_xyxy"].reshape(-1, 2, 2)
    np.testing.assert_allclose(crops.centers, corners.mean(1), rtol=1e-6)


def test_squares_hold_the_originals_widened_boxes(parity_folder):
    recorded = np.load(parity_folder / "crops.npz")
    inside = np.concatenate((np.zeros_like(recorded["expand_in"]), recorded["expand_in"]), 1)
    expected = recorded["expand_out_192x256"].max(1)
    np.testing.assert_allclose(box_squares(inside)[1], expected, rtol=1e-6)


@pytest.mark.parametrize(
    "box",
    [
        (100, 60, 180, 300),  # sampled as it is
        (-40, -50, 60, 120),  # over the corner
        (10, 10, 410, 640),  # larger than 563 px: blurred
        (-500, -700, 1400, 1500),  # larger than the image, strongly blurred
        (-2000, -2200, 3000, 2400),  # blurred by matrix products
    ],
)
def test_crops_follow_their_definition(box):
    image = textured(480, 420)
    (crop,) = gray_levels(crop_people(image, np.array([box])).images)
    difference = np.abs(crop - read_by_hand(image, box))
    assert difference.mean() < 0.3  # unblurred crops have whole gray levels
    assert difference.max() < 4


def test_matrix_products_and_opencv_agree(monkeypatch):
    image = textured(700, 900)
    some = np.array([(-100, 20, 500, 680), (200, -300, 1000, 1400), (700, 500, 1300, 1200.0)])
    by_opencv = crop_people(image, some).images
    use_matrices(monkeypatch)
    assert (crop_people(image, some).images - by_opencv).abs().max() < 2e-3


def test_a_smooth_gradient_is_read_at_the_right_place():
    y, x = np.mgrid[:480, :640]
    image = np.stack((x / 4, y / 3, (x + y) / 8), -1).round().astype(np.uint8)
    box = np.array([(150.0, 90.0, 330.0, 410.0)])
    (crop,) = gray_levels(crop_people(image, box).images)
    step = 320 / 256
    x, y = 240 + (np.arange(256) - 128) * step, 250 + (np.arange(256) - 128) * step
    shown = np.s_[4:-30]  # of a crop's rows, those inside the image
    expected = np.stack(np.broadcast_arrays((x + y[:, None]) / 8, y[:, None] / 3, x / 4), -1)
    assert np.abs(crop - expected)[shown].max() < 1.01


@settings(max_examples=25, deadline=None)
@given(boxes, st.integers(0, 300), st.integers(0, 300))
def test_a_crop_moves_with_the_image(box, right, down):
    image = textured(60, 80)
    large = np.zeros((60 + 400 + 600, 80 + 400 + 600, 3), np.uint8)
    large[400:460, 400:480] = image
    moved = np.roll(large, (down, right), (0, 1))
    # A black surrounding, so that only squares which reach the border of `large` may differ.
    square = np.concatenate((box[0, :2], box[0, 2:]))
    square = np.clip(square, 0, 480)[None] + (0, 0, 4, 4)
    crops = crop_people(large, square)
    shifted = crop_people(moved, square + (right, down, right, down))
    assert (crops.images - shifted.images).abs().max() < 0.02
    np.testing.assert_allclose(shifted.centers - crops.centers, [(right, down)], atol=1e-3)


@settings(max_examples=25, deadline=None)
@given(boxes)
def test_the_crop_of_a_mirrored_image_is_mirrored(box):
    image = textured(480, 640)
    mirrored_box = np.array([(639 - box[0, 2], box[0, 1], 639 - box[0, 0], box[0, 3])])
    crop = crop_people(image, box).images
    mirrored = crop_people(image[:, ::-1], mirrored_box).images
    # Pixel 128 holds the middle: pixel i mirrors to 256 - i, and pixel 0 has no partner.
    difference = (crop[..., 1:] - mirrored.flip(3)[..., :-1]).abs()
    assert difference.mean() < 0.01
    assert difference.max() < 0.3


def test_people_do_not_influence_each_other():
    image = textured(480, 640)
    many = np.array([(10, 10, 90, 200), (-50, -50, 700, 600), (300, 100, 420, 460.0)])
    together = crop_people(image, many)
    for k in range(3):
        alone = crop_people(image, many[k : k + 1])
        assert (alone.images == together.images[k : k + 1]).all()
        assert (alone.centers == together.centers[k]).all()


def test_a_box_outside_the_image_is_black():
    image = np.full((48, 64, 3), 255, np.uint8)
    outside = np.array([(100, 100, 150, 180), (-900, -900, -300, -200.0)])
    images = crop_people(image, outside).images.numpy()
    np.testing.assert_allclose(images, np.broadcast_to(BLACK[:, None, None], images.shape))


def test_no_boxes_give_no_crops():
    crops = crop_people(textured(20, 20), np.zeros((0, 4), np.float32))
    assert len(crops) == 0
    assert crops.images.shape == (0, 3, 256, 256)
    assert crops.centers.shape == (0, 2)


def test_a_crowd_is_cropped():
    start = np.random.default_rng(0).uniform(0, 400, (100, 2))
    crops = crop_people(textured(480, 640), np.concatenate((start, start + (30, 80)), 1))
    assert crops.images.shape == (100, 3, 256, 256)
    assert np.isfinite(crops.images.numpy()).all()


@pytest.mark.parametrize("box", [(0, 0, 1, 1), (-5, -9, 7, 4), (-900, -900, 900, 900)])
def test_an_image_of_one_pixel_can_be_cropped(box):
    image = np.array([[[10, 200, 90]]], np.uint8)
    (crop,) = gray_levels(crop_people(image, np.array([box])).images)
    np.testing.assert_allclose(crop, read_by_hand(image, box), atol=1.5)


def test_an_8k_image_is_read_where_the_box_is():
    image = np.zeros((4320, 7680, 3), np.uint8)
    image[4000:4300, 7300:7600] = 200
    (crop,) = gray_levels(crop_people(image, np.array([(7250, 3950, 7650, 4320.0)])).images)
    assert crop[128, 128].round().tolist() == [200, 200, 200]
    assert crop[0, 0].round().tolist() == [0, 0, 0]


@pytest.mark.parametrize("extent", [1e6, 1e30])
def test_a_box_far_larger_than_the_image_shows_it_in_the_middle(extent):
    image = np.full((100, 100, 3), 255, np.uint8)
    crop = crop_people(image, np.array([(-extent, -extent, extent, extent)])).images[0].numpy()
    assert np.isfinite(crop).all()
    np.testing.assert_allclose(crop[:, :120], np.broadcast_to(BLACK[:, None, None], (3, 120, 256)))


def test_views_and_read_only_images_are_cropped_like_copies():
    image = textured(200, 300)
    view = np.ascontiguousarray(image[:, ::-1])[:, ::-1]
    view.setflags(write=False)
    box = np.array([(20, 30, 120, 180)])
    assert (crop_people(view, box).images == crop_people(image, box).images).all()


@pytest.mark.parametrize(
    "box",
    [(0, 0, np.nan, 9), (0, 0, np.inf, 9), (5, 0, 5, 9), (9, 0, 5, 9), (0, 9, 5, 9)],
)
def test_boxes_without_a_size_are_named(box):
    with pytest.raises(ValueError, match="box 1 is"):
        crop_people(textured(20, 20), np.array([(0, 0, 5, 5), box]))


def test_boxes_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"expected \(N, 4\)"):
        crop_people(textured(20, 20), np.zeros(4))


@pytest.mark.parametrize("image", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float32)])
def test_images_of_another_kind_are_refused(image):
    with pytest.raises(ImageError, match="expected"):
        crop_people(image, np.array([(0, 0, 5, 5)]))
