import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from humans4d_core.errors import ImageError
from humans4d_core.recovery.crops.device_crops import DeviceCropper, sample_crops, visible_window
from humans4d_core.recovery.crops.person_crops import BLUR_ABOVE, box_squares, crop_people
from humans4d_core.recovery.hmr2 import load_checkpoint

DEVICES = ["cpu"] + ["cuda"] * torch.cuda.is_available()
PEOPLE = np.array(
    [
        (10, 20, 90, 300),
        (-40, -50, 60, 120),  # over a corner
        (300.3, 100.7, 420.2, 460.9),
        (500, 200, 500.5, 201),  # less than a pixel
        (5, 10, 470, 640),  # from here on blurred
        (-200, -900, 900, 800),
        (-500, -700, 1400, 1500),
        (2000, 2000, 2100, 2200),  # outside
    ]
)


def textured(height, width, seed=0):
    noise = np.random.default_rng(seed).normal(size=(height, width, 3))
    return (128 + 127 * np.tanh(gaussian_filter(noise, (2, 2, 0)) * 8)).astype(np.uint8)


def crop_people_batched(image, boxes, device):
    return DeviceCropper(device)(image, boxes)


def mean_difference(a, b):
    """Of each crop, normalised units: (N,)."""
    return np.abs(a.images.cpu().numpy() - b.images.cpu().numpy()).mean((1, 2, 3))


def geodesic_degrees(a, b):
    """Angles (..., ) between rotations (..., 3, 3)."""
    return torch.rad2deg(2 * torch.asin(((a - b).norm(dim=(-2, -1)) / 8**0.5).clamp(max=1)))


@pytest.mark.parametrize("device", DEVICES)
def test_batched_crops_are_near_the_reference(device):
    image = textured(480, 640)
    crops, reference = crop_people_batched(image, PEOPLE, device), crop_people(image, PEOPLE)
    assert crops.images.device.type == device
    assert mean_difference(crops, reference).max() < 0.01
    assert (crops.images.cpu() - reference.images).abs().max() < 0.5
    assert (crops.centers == reference.centers).all()
    assert (crops.sizes == reference.sizes).all()


@pytest.mark.parametrize("device", DEVICES)
def test_batched_crops_are_near_the_originals(parity_folder, device):
    recorded = np.load(parity_folder / "crops.npz")
    image, boxes = recorded["image_bgr"], recorded["boxes_xyxy"]
    crops = crop_people_batched(image, boxes, device).images.cpu().numpy()
    assert np.abs(crops - recorded["crops_rgb_norm"]).mean((1, 2, 3)).max() < 0.005


def test_batched_crops_turn_no_rotation_by_half_a_degree(parity_folder, tiny_config):
    model = load_checkpoint(parity_folder / "tiny_hmr2", tiny_config)
    recorded = np.load(parity_folder / "crops.npz")
    crops = (
        crop(recorded["image_bgr"], recorded["boxes_xyxy"]).images
        for crop in (crop_people, lambda *a: crop_people_batched(*a, "cpu"))
    )
    with torch.inference_mode():
        expected, found = (model(images) for images in crops)
    for name in ("global_orient", "body_pose"):
        angles = geodesic_degrees(getattr(expected, name), getattr(found, name))
        assert angles.mean() < 0.1
        assert angles.max() < 0.5


def test_the_blur_counts():
    image = textured(480, 640)
    large = torch.tensor([(320.0, 240.0, 1600.0)])
    image_tensor = torch.from_numpy(image)
    reference = crop_people(image, np.array([(-280, -560, 920, 1040.0)])).images
    blurred, sharp = (sample_crops(image_tensor, large, blur) for blur in (True, False))
    assert (blurred - reference).abs().mean() < 0.2 * (sharp - reference).abs().mean()


@pytest.mark.parametrize("device", DEVICES)
def test_rows_do_not_influence_each_other(device):
    image = textured(480, 640)
    together = crop_people_batched(image, PEOPLE[4:], device).images
    for k in range(len(together)):
        alone = crop_people_batched(image, PEOPLE[4 + k :][:1], device).images
        assert (alone[0] - together[k]).abs().max() < 1e-4


def test_small_squares_do_not_feel_that_others_are_blurred():
    image = torch.from_numpy(textured(480, 640))
    small = torch.tensor([(100.0, 120.0, 300.0), (320.0, 240.0, 563.0)])
    assert (sample_crops(image, small, True) - sample_crops(image, small, False)).abs().max() < 1e-4


def test_a_crop_moves_with_the_image():
    image = torch.zeros((700, 700, 3), dtype=torch.uint8)
    image[300:400, 200:330] = torch.from_numpy(textured(100, 130))
    squares = torch.tensor([(260.0, 350.0, 90.5), (280.0, 330.0, 600.0)])
    moved = sample_crops(image.roll((37, -21), (0, 1)), squares + torch.tensor((-21.0, 37, 0)))
    assert (moved - sample_crops(image, squares)).abs().max() < 2e-2


def test_the_crop_of_a_mirrored_image_is_mirrored():
    image = torch.from_numpy(textured(480, 640))
    squares = torch.tensor([(100.0, 120.0, 200.0), (320.0, 240.0, 900.0), (10.0, 0.0, 300.0)])
    mirrored = torch.stack((639 - squares[:, 0], squares[:, 1], squares[:, 2]), 1)
    crops, others = sample_crops(image, squares), sample_crops(image.flip(1), mirrored)
    assert (crops[..., 1:] - others.flip(3)[..., :-1]).abs().max() < 2e-2


def test_what_is_launched_depends_on_shapes_alone():
    # Tensors without data: reading one on the host would fail.
    image = torch.empty((480, 640, 3), dtype=torch.uint8, device="meta")
    for count in (1, 3, 100):
        crops = sample_crops(image, torch.empty((count, 3), device="meta"))
        assert crops.shape == (count, 3, 256, 256)
        assert crops.dtype == torch.float32


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_cuda_graph_holds_the_crops():
    image = torch.from_numpy(textured(480, 640)).cuda()
    squares = torch.tensor([(100.0, 120.0, 300.0), (320.0, 240.0, 900.0)], device="cuda")
    sample_crops(image, squares)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        crops = sample_crops(image, squares)
    squares += 7
    image.copy_(image.flip(0))
    graph.replay()
    assert (crops - sample_crops(image, squares)).abs().max() < 1e-4


def test_a_crowd_is_cropped():
    start = np.random.default_rng(0).uniform(0, 400, (100, 2))
    boxes = np.concatenate((start, start + (30, 80)), 1)
    boxes[::9] = (0, 0, 640, 480)  # blurred: read in several parts
    image = textured(480, 640)
    crops, reference = crop_people_batched(image, boxes, "cpu"), crop_people(image, boxes)
    assert mean_difference(crops, reference).max() < 0.01


def test_no_boxes_give_no_crops():
    crops = crop_people_batched(textured(20, 20), np.zeros((0, 4), np.float32), "cpu")
    assert len(crops) == 0
    assert crops.images.shape == (0, 3, 256, 256)


@pytest.mark.parametrize(
    "box", [(0, 0, 1, 1), (-5, -9, 7, 4), (-900, -900, 900, 900), (-1e6, -1e6, 1e6, 1e6)]
)
def test_an_image_of_one_pixel_can_be_cropped(box):
    image, boxes = np.array([[[10, 200, 90]]], np.uint8), np.array([box])
    crops, reference = crop_people_batched(image, boxes, "cpu"), crop_people(image, boxes)
    assert (crops.images - reference.images).abs().max() < 0.02


def test_an_8k_image_is_read_where_the_box_is():
    image = np.zeros((4320, 7680, 3), np.uint8)
    image[4000:4300, 7300:7600] = textured(300, 300)
    box = np.array([(7250, 3950, 7650, 4320.0)])
    crops, reference = crop_people_batched(image, box, "cpu"), crop_people(image, box)
    assert mean_difference(crops, reference).max() < 0.01


def test_views_and_read_only_images_are_cropped_like_copies():
    image = textured(200, 300)
    view = np.ascontiguousarray(image[:, ::-1])[:, ::-1]
    view.setflags(write=False)
    box = np.array([(20, 30, 120, 180)])
    crops = crop_people_batched(view, box, "cpu")
    assert torch.equal(crops.images, crop_people_batched(image, box, "cpu").images)


def test_a_cropper_can_be_used_again():
    """Its buffer is kept: smaller and larger frames in turn."""
    cropper = DeviceCropper("cpu")
    for image in (textured(480, 640), textured(60, 50), textured(480, 640, seed=1)):
        height, width = image.shape[:2]
        box = np.array([(1, 2, width - 3, height - 1)])
        crops, reference = cropper(image, box), crop_people(image, box)
        assert mean_difference(crops, reference).max() < 0.01


def test_only_what_crops_show_travels():
    """The rest of the image has no say: it may as well be cut off, or be anything."""
    image = textured(480, 640)
    some = PEOPLE[2:4]
    centers, sizes = box_squares(some)
    rows, columns = visible_window(centers, sizes, 480, 640)
    assert (rows.stop - rows.start) * (columns.stop - columns.start) < 0.8 * 480 * 640
    other = 255 - image
    other[rows, columns] = image[rows, columns]
    assert torch.equal(
        crop_people_batched(other, some, "cpu").images,
        crop_people_batched(image, some, "cpu").images,
    )


@settings(max_examples=15, deadline=None)
@given(
    st.tuples(st.floats(-400, 400), st.floats(-400, 400), st.floats(3, 1500), st.floats(3, 1500))
)
def test_a_window_of_the_image_does_as_well_as_all_of_it(numbers):
    x, y, width, height = numbers
    image = textured(120, 160)
    box = np.array([(x, y, x + width, y + height)])
    centers, sizes = box_squares(box)
    squares = torch.from_numpy(np.column_stack((centers, sizes))).float()
    blur = bool((sizes > BLUR_ABOVE).any())
    whole = sample_crops(torch.from_numpy(image), squares, blur)
    # Positions are float32: up to some 1e-4 px apart, which grain makes a gray level.
    assert (crop_people_batched(image, box, "cpu").images - whole).abs().max() < 0.02


def test_a_person_outside_of_the_image_does_not_move_the_others():
    image = textured(480, 640)
    together = crop_people_batched(image, PEOPLE[[2, 7]], "cpu").images
    alone = crop_people_batched(image, PEOPLE[[2]], "cpu").images
    assert (together[0] - alone[0]).abs().max() < 0.02


def test_bad_boxes_and_images_are_refused_like_by_the_reference():
    with pytest.raises(ValueError, match="box 0 is"):
        crop_people_batched(textured(20, 20), np.array([(5, 5, 5, 9)]), "cpu")
    with pytest.raises(ImageError, match="expected"):
        crop_people_batched(np.zeros((20, 20, 3)), np.array([(5, 5, 8, 9)]), "cpu")
