import numpy as np
import pytest
from made_scenes import make_images, make_published, make_truth, walks
from scipy.spatial.transform import Rotation

from humans4d_core.evaluation.scores.pose_figures import HIPS, pose_figures, pose_rows
from humans4d_core.evaluation.scores.scene import Scene


def scene_of(change, known=None, rate=10.0, count=30):
    """One person whose true joints are random, and published after `change`."""
    rng = np.random.default_rng(0)
    images = make_images(count, rate)
    people, frames, places = walks(images, [(0, 0.2, 5)], [(0, 0, 0)])
    joints = places[:, None] + rng.normal(0, 0.3, (1, 24, 3))
    published = make_published(images, people, frames, places)
    published.joints_cam[:] = change(joints)
    truth = joints.copy()
    if known is not None:
        truth[:, ~known] = np.nan
    scene = Scene.of(
        "pose", images, published,
        make_truth(people, frames, places, joints_cam=truth.astype(np.float32)),
    )  # fmt: skip
    return scene


def figures(scene):
    return {(f.name, f.where): f.value for f in pose_figures(pose_rows([scene], {"pose": False}))}


def test_moved_bodies_are_right_relative_to_their_hips():
    found = figures(scene_of(lambda joints: joints + (0.5, 0.1, 2.0)))
    assert found["MPJPE.mean", "all"] == pytest.approx(0, abs=1e-5)
    assert found["PCK.150mm", "all"] == 100


def test_turned_and_scaled_bodies_are_right_after_the_best_similarity_only():
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    found = figures(scene_of(lambda joints: 1.3 * joints @ turn.T))
    assert found["PA-MPJPE.mean", "all"] == pytest.approx(0, abs=1e-5)
    assert found["MPJPE.mean", "all"] > 0.2


@pytest.mark.parametrize("angle", [0.0, 0.3, 2.0, -3.0])
def test_a_body_that_is_turned_about_the_vertical_has_that_heading_error(angle):
    turn = Rotation.from_rotvec((0, angle, 0)).as_matrix()

    def change(joints):
        return joints @ turn.T

    found = figures(scene_of(change))
    assert found["heading_error.mean", "all"] == pytest.approx(abs(angle), abs=1e-5)


def test_joints_that_the_truth_lacks_do_not_count():
    known = np.zeros(24, bool)
    known[[*HIPS, 4, 5, 7, 8, 16, 17]] = True

    def change(joints):
        moved = joints.copy()
        moved[:, 20] += 5  # a wrist that nobody knows
        moved[:, 4] += (0.16, 0, 0)
        return moved

    found = figures(scene_of(change, known))
    assert found["joint_error", "left_knee"] == pytest.approx(0.16, abs=1e-5)
    assert found["MPJPE.mean", "all"] == pytest.approx(0.16 / 8, abs=1e-5)
    assert found["PCK.150mm", "all"] == pytest.approx(100 * 7 / 8)
    assert ("joint_error", "left_wrist") not in found


@pytest.mark.parametrize("rate", [5.0, 10.0, 30.0])
def test_accelerations_are_per_second_whatever_the_rate(rate):
    seconds = np.arange(30) / rate

    def change(joints):
        moved = joints.copy()
        moved[:, 10, 0] += 0.5 * 3.0 * seconds**2  # 3 m/s^2
        moved[:, 11, 1] += seconds**3  # third derivative 6 m/s^3
        return moved

    found = figures(scene_of(change, rate=rate))
    acceleration = 3.0 + 6 * seconds[1:-1].mean()
    assert found["acceleration_error", "all"] == pytest.approx(acceleration / 24, rel=0.02)
    assert found["jitter", "all"] == pytest.approx(6 / 24, rel=0.05)
