"""`humans4d train landmarks-corrector`, whole: motion capture in, weights and figures out."""

from functools import partial

import numpy as np
import pytest

from humans4d_core.recovery.landmarks.point_corrector import PointCorrector


@pytest.fixture
def run(humans4d):
    """Exit code, stdout and stderr of `humans4d train landmarks-corrector ...`."""
    return partial(humans4d, "train", "landmarks-corrector")


@pytest.mark.slow
def test_pairs_weights_and_figures(run, mocap_folder, tmp_path, landmarks):
    options = ["--mocap", mocap_folder, "-o", tmp_path / "w.npz", "--pairs", 6, "--held-out", 3,
               "--steps", 3, "--processes", 1]  # fmt: skip
    code, out, _ = run(*options)
    assert code == 0
    assert "20 poses, 10 of them held out" in out
    assert "corrected" in out and "MPJPE" in out
    names = sorted(path.name for path in (tmp_path / "pairs").iterdir())
    assert names == ["held_out_0_000.npz", "train_0_000.npz"]
    points, right = PointCorrector(landmarks, tmp_path / "w.npz")(
        np.zeros((1, len(landmarks), 2)), np.ones((1, len(landmarks))),
        np.zeros((1, len(landmarks), 3)),
    )  # fmt: skip
    assert np.isfinite(points).all() and ((right >= 0) & (right <= 1)).all()
    # What is there is not made again.
    code, out, _ = run(*options)
    assert code == 0 and "poses" not in out


def test_a_folder_without_motions_is_one_sentence(run, tmp_path):
    code, _, err = run("--mocap", tmp_path, "-o", tmp_path / "w.npz")
    assert code == 2 and "no motion capture" in err and err.count("\n") == 1


def test_motions_that_leave_nobody_to_judge_are_refused(run, mocap_folder, tmp_path):
    only = tmp_path / "only"
    only.mkdir()
    for path in mocap_folder.glob("05*"):
        (only / path.name).write_bytes(path.read_bytes())
    code, _, err = run("--mocap", only, "-o", tmp_path / "w.npz")
    assert code == 2 and "subjects 03, 07 or 38" in err
