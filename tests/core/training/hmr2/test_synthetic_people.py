"""Crops whose truth is exact."""

from dataclasses import fields
from itertools import islice

import numpy as np

from humans4d_core.body import BodyModel
from humans4d_core.training.hmr2.samples import mirrored
from humans4d_core.training.hmr2.synthetic_people import SyntheticPeople


def equal(a, b):
    return all(np.array_equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))


def test_equal_seeds_give_equal_people_and_others_do_not(poses, people):
    again = list(islice(SyntheticPeople(poses, seed=3), 3))
    assert all(map(equal, again, people[:3]))
    assert not equal(next(iter(SyntheticPeople(poses, seed=4))), people[0])


def test_the_keypoints_are_those_of_the_parameters(people, body):
    model = BodyModel(body)
    for sample in people:
        joints = model(sample.global_orient[None], sample.body_pose[None], sample.betas[None])[1][0]
        places = sample.keypoints_3d[:, :3]
        np.testing.assert_allclose(joints - joints[0], places - places[0], atol=1e-4)


def test_joints_lie_on_the_person_where_the_mask_shows_him(people):
    """Of those that the crop shows; what stands in front hides some."""
    on, inside = 0, 0
    for sample in people:
        pixels = np.rint((sample.keypoints_2d[:, :2] + 0.5) * 256).astype(int)
        shown = ((pixels >= 0) & (pixels < 256)).all(1)
        inside += shown.sum()
        on += (sample.mask[pixels[shown, 1], pixels[shown, 0]] > 0).sum()
        assert set(np.unique(sample.mask)) <= {0, 255} and (sample.mask > 0).any()
    assert on > 0.8 * inside > 100


def test_a_mirror_exchanges_left_and_right_in_everything(people, body):
    model = BodyModel(body)
    for sample in people[:4]:
        image = mirrored(sample)
        assert np.array_equal(image.crop_bgr, sample.crop_bgr[:, ::-1])
        pose = image.global_orient[None], image.body_pose[None], image.betas[None]
        joints = model(*pose)[1][0]
        places = image.keypoints_3d[:, :3]
        # The free body's two sides differ by millimetres.
        np.testing.assert_allclose(joints - joints[0], places - places[0], atol=0.02)
        np.testing.assert_allclose(image.keypoints_2d[1, 0], -sample.keypoints_2d[2, 0])
        assert equal(mirrored(image), sample)
