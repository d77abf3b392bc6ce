"""COCO's annotations: who is taken, where joints are, what is wrong with a file."""

import json

import cv2
import numpy as np
import pytest

from humans4d_core.errors import InputFileError
from humans4d_core.training.hmr2.coco_people import ROWS, CocoPeople

#: COCO's: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles; left first.
PLACES = [(100, 40), (104, 36), (96, 36), (108, 38), (92, 38), (120, 70), (80, 70), (130, 100),
          (70, 100), (135, 130), (65, 130), (112, 140), (88, 140), (113, 190), (87, 190),
          (114, 230), (86, 230)]  # fmt: skip


def annotation(seen=17, **changes):
    keypoints = [v for k, (x, y) in enumerate(PLACES) for v in (x, y, 2 if k < seen else 0)]
    return {"image_id": 7, "bbox": [60, 20, 80, 220], "keypoints": keypoints, "iscrowd": 0,
            **changes}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    image = np.zeros((260, 200, 3), np.uint8)
    cv2.circle(image, PLACES[9], 5, (0, 0, 255), -1)  # the left wrist
    cv2.imwrite(str(tmp_path / "seven.png"), image)

    def write(*annotations, name="seven.png"):
        path = tmp_path / "a.json"
        content = {"images": [{"id": 7, "file_name": name}], "annotations": annotations}
        path.write_text(json.dumps(content))
        return path

    return write


@pytest.mark.parametrize("flip", [False, True])
def test_joints_are_where_the_image_shows_them_also_in_a_mirror(write, tmp_path, flip):
    people = CocoPeople(write(annotation()), tmp_path)
    for rng in (None, np.random.default_rng(0), np.random.default_rng(5)):
        sample = people.sample(0, rng, flip)
        # The mirror image's right wrist is the left one.
        wrist = sample.keypoints_2d[4 if flip else 7]
        red = np.argwhere(sample.crop_bgr[..., 2] > 127).mean(0)[::-1]
        np.testing.assert_allclose((wrist[:2] + 0.5) * 256, red, atol=1.5)
        assert wrist[2] == 1 and sample.keypoints_2d[:, 2].sum() == 17
        assert not sample.is_known.any() and not sample.keypoints_3d.any()


def test_left_and_right_of_all_joints_change_places_in_a_mirror(write, tmp_path):
    people = CocoPeople(write(annotation()), tmp_path)
    plain, mirror = (people.sample(0, None, flip).keypoints_2d for flip in (False, True))
    rows = list(ROWS)
    other = [rows[0]] + [rows[k + 1 if k % 2 else k - 1] for k in range(1, 17)]
    # Pixel 128 is the crop's middle, and the mirror image's is one further.
    middle = 2 * (0.5 - 128 / 256)
    np.testing.assert_allclose(mirror[rows, 0], middle - plain[other, 0], atol=0.006)
    np.testing.assert_allclose(mirror[rows, 1:], plain[other, 1:], atol=1e-6)


def test_who_has_too_little_to_learn_from_is_left_out(write, tmp_path):
    path = write(annotation(4), annotation(), annotation(iscrowd=1), {"image_id": 7, "bbox": []},
                 annotation(5), annotation(bbox=[0, 0, 0.5, 9]))  # fmt: skip
    people = CocoPeople(path, tmp_path)
    assert len(people) == 2 and not people.problems


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"bbox": [1, 2]}, "annotation 1"), ({"keypoints": [1, 2, 3]}, "annotation 1"),
     ({"image_id": 8}, "8"), ({"bbox": [0, 0, float("nan"), 5]}, "not finite")],
)  # fmt: skip
def test_a_wrong_annotation_is_named_and_the_others_are_taken(write, tmp_path, changes, reason):
    people = CocoPeople(write(annotation(), annotation(**changes)), tmp_path)
    assert len(people) == 1
    assert reason in people.problems[0]


@pytest.mark.parametrize(
    ("name", "reason"), [("../x.png", "outside of the folder"), ("/etc/passwd", "outside")]
)
def test_images_outside_of_the_folder_are_not_opened(write, tmp_path, name, reason):
    with pytest.raises(InputFileError, match="holds nobody"):
        CocoPeople(write(annotation(), name=name), tmp_path)


def test_an_image_that_is_missing_is_named(write, tmp_path):
    people = CocoPeople(write(annotation(), name="eight.png"), tmp_path)
    with pytest.raises(InputFileError, match=r"eight\.png"):
        people.sample(0, None, False)


@pytest.mark.parametrize("text", ["{}", "[]", "nonsense", '{"images": 5, "annotations": []}'])
def test_what_is_no_annotation_file_is_one_sentence(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputFileError, match=r"x\.json") as caught:
        CocoPeople(tmp_path / "x.json", tmp_path)
    assert "\n" not in str(caught.value)
