import json

import numpy as np
import pytest
import torch

from humans4d_core.tracking.phalp.pose_predictor import PosePredictor
from humans4d_core.tracking.phalp.pose_predictor_checkpoint import load_pose_predictor
from humans4d_core.tracking.phalp.pose_transformer import PosePredictorConfig


def changed(people, **changes):
    return {name: changes.get(name, value.clone()) for name, value in people.items()}


def close(a: torch.Tensor, b: torch.Tensor) -> bool:
    return torch.allclose(a, b, rtol=0, atol=1e-5)


# The original's numbers


@pytest.fixture(scope="module")
def golden(parity_folder) -> dict[str, torch.Tensor]:
    recorded = np.load(parity_folder / "phalp_pose_tiny.npz")
    return {k: torch.from_numpy(v) for k, v in recorded.items()}


@pytest.fixture(scope="module")
def original(parity_folder) -> PosePredictor:
    return load_pose_predictor(
        parity_folder / "phalp_pose_tiny.ckpt", parity_folder / "synthetic_smpl" / "mean_std.npy"
    )


def after(original, golden, missed, rows) -> torch.Tensor:
    """Predictions for `rows` after some missed frames each."""
    times = golden["en_time"][rows]
    seen = torch.ones_like(times, dtype=torch.bool)
    return original.predict(golden["en_pose"][rows], seen, times, times[:, -1] + 1 + missed)


def test_statistics_are_the_originals(original, golden):
    assert torch.equal(original.mean, golden["mean"])
    assert torch.equal(original.std, golden["std"])


def test_encoder_equals_the_original(original, golden):
    features = original.encoder(
        golden["enc_pose_shape_norm"][:, :, 0], golden["enc_has_detection"][:, :, 0, 0] > 0
    )
    # The original puts the class token, which nothing looks at, in front.
    ours = torch.cat((original.encoder.class_token, features), dim=1)
    torch.testing.assert_close(ours, golden["enc_out"], rtol=0, atol=1e-4)


def test_read_out_equals_the_original(original, golden):
    features = golden["enc_out"][:, 1:]
    poses = original.encoder.poses(features)
    torch.testing.assert_close(poses, golden["dec_pose_camera"][:, :, 0], rtol=0, atol=1e-4)
    torch.testing.assert_close(poses[..., 226:], golden["dec_camera"][:, :, 0], rtol=0, atol=1e-4)


@pytest.mark.parametrize("missed", [0, 3])
def test_predictions_equal_the_originals_where_all_rows_end_at_one_index(original, golden, missed):
    rows = [0, 1, 3]  # these span as many frames as row 0, at which the original reads all
    ours = after(original, golden, missed, rows)
    torch.testing.assert_close(ours, golden[f"pred_t{missed}"][rows], rtol=0, atol=1e-4)


def test_a_person_alone_equals_the_original(original, golden):
    ours = after(original, golden, 3, [2])
    torch.testing.assert_close(ours, golden["pred_single2_t3"], rtol=0, atol=1e-4)


def test_a_batch_is_not_read_at_the_first_rows_index(original, golden):
    missed = golden["mixed_ttp"]
    ours = after(original, golden, missed, [0, 1, 2, 3])
    alone = [after(original, golden, missed[row], [row]) for row in range(4)]
    torch.testing.assert_close(ours, torch.cat(alone), rtol=0, atol=1e-5)
    defect = (ours - golden["pred_mixed"]).abs().amax(1)
    assert (defect[[0, 3]] < 1e-4).all() and (defect[[1, 2]] > 0.1).all()


def test_smoothing_equals_the_original(original, golden):
    smoothed = original.smooth(
        golden["smooth_in_pose_shape"][:, 0], golden["smooth_in_has"][:, 0, 0] > 0,
        int(golden["smooth_step"]), int(golden["smooth_window"]),
    )  # fmt: skip
    torch.testing.assert_close(smoothed, golden["smooth_pose_shape"][:, 0], rtol=0, atol=1e-4)
    torch.testing.assert_close(smoothed[:, 226:], golden["smooth_cam"][:, 0], rtol=0, atol=1e-4)


def test_the_network_has_the_names_and_shapes_of_the_original(parity_folder):
    keys = json.loads((parity_folder / "phalp_pose_keys.json").read_text())["keys"]
    with torch.device("meta"):
        state = PosePredictor(PosePredictorConfig()).state_dict()
    assert {name: list(tensor.shape) for name, tensor in state.items()} == {
        name: shape for name, (shape, _dtype) in keys.items()
    }


# Prediction


def test_rows_of_a_batch_equal_the_same_rows_alone(predictor, people):
    together = predictor.predict(**people)
    for row in range(len(together)):
        alone = predictor.predict(**{k: v[row : row + 1] for k, v in people.items()})
        assert close(alone[0], together[row])


def test_more_people_than_fit_at_once_are_predicted_alike(predictor, people):
    together = predictor.predict(**people)
    many = predictor.predict(**{k: torch.cat([v] * 40) for k, v in people.items()})
    assert close(many, torch.cat([together] * 40))


def test_predictions_hold_rotations(predictor, people):
    rotations = predictor.predict(**people)[:, :216].reshape(-1, 3, 3)
    assert close(rotations @ rotations.mT, torch.eye(3).expand_as(rotations))
    assert close(torch.linalg.det(rotations), torch.ones(len(rotations)))


def test_predictions_depend_on_the_history_and_on_the_frame(predictor, people):
    predicted = predictor.predict(**people)
    later = predictor.predict(**changed(people, at=people["at"] + 1))
    moved = predictor.predict(**changed(people, tokens=people["tokens"] + 1))
    assert ((predicted - later).abs().amax(1) > 1e-3).all()
    assert ((predicted - moved).abs().amax(1) > 1e-3).all()


def test_only_differences_of_frame_numbers_count(predictor, people):
    later = changed(people, times=people["times"] + 1_000_000, at=people["at"] + 1_000_000)
    assert torch.equal(predictor.predict(**later), predictor.predict(**people))


@pytest.mark.parametrize("junk", [7.0, float("nan"), float("inf")])
def test_what_is_not_valid_does_not_count(predictor, people, junk):
    tokens, times = people["tokens"].clone(), people["times"].clone()
    tokens[~people["valid"]] = junk
    times[~people["valid"]] = 104
    ours = predictor.predict(**changed(people, tokens=tokens, times=times))
    assert torch.equal(ours, predictor.predict(**people))


def test_an_observation_with_nan_counts_as_not_valid(predictor, people):
    tokens, valid = people["tokens"].clone(), people["valid"].clone()
    tokens[0, 2, 5] = torch.nan
    valid[0, 2] = False
    ours = predictor.predict(**changed(people, tokens=tokens))
    assert torch.equal(ours, predictor.predict(**changed(people, valid=valid)))


def test_a_person_without_observation_is_nan_and_alone_in_it(predictor, people):
    valid = people["valid"].clone()
    valid[1] = False
    predicted = predictor.predict(**changed(people, valid=valid))
    assert predicted[1].isnan().all()
    assert close(predicted[[0, 2, 3]], predictor.predict(**people)[[0, 2, 3]])
    valid[:] = False
    assert predictor.predict(**changed(people, valid=valid)).isnan().all()


def test_nobody_is_predicted_to_be_nobody(predictor, people):
    nobody = predictor.predict(**{k: v[:0] for k, v in people.items()})
    assert nobody.shape == (0, 229)


def test_of_two_observations_at_one_frame_the_later_counts(predictor, people):
    times, valid = people["times"].clone(), people["valid"].clone()
    times[0, 3] = times[0, 2]
    valid[0, 2] = False
    ours = predictor.predict(**changed(people, times=times))
    expected = predictor.predict(**changed(people, times=times, valid=valid))
    assert close(ours, expected)


def test_a_long_history_is_left_behind_rather_than_squeezed(predictor, people):
    # Only the last observation is within the 20 frames that end at `at`.
    times = torch.tensor([[0, 1, 2, 50]])
    row = {k: v[:1] for k, v in people.items()}
    row = changed(row, times=times, at=torch.tensor([60]))
    valid = torch.tensor([[False, False, False, True]])
    recent = predictor.predict(**changed(row, valid=valid, times=torch.tensor([[41, 0, 0, 50]])))
    ours = predictor.predict(**row)
    assert ours.isfinite().all()
    # The timeline begins at frame 41, not at the observation, so it is not that of `recent`.
    assert not close(ours, recent)
    moved = row["tokens"].clone()
    moved[0, :3] += 1
    assert torch.equal(predictor.predict(**changed(row, tokens=moved)), ours)


def test_too_far_ahead_it_answers_for_the_last_frame_it_knows(predictor, people):
    row = {k: v[:1] for k, v in people.items()}
    last = row["times"].max()
    newest = torch.tensor([[False, False, False, True]])
    end = predictor.predict(**changed(row, valid=newest, at=(last + 19)[None]))
    for frames in (20, 500, 10**12):
        far = predictor.predict(**changed(row, at=(last + frames)[None]))
        assert close(far, end)


def test_shapes_that_do_not_fit_are_refused(predictor, people):
    with pytest.raises(ValueError, match="do not fit"):
        predictor.predict(**changed(people, at=people["at"][:2]))
    with pytest.raises(ValueError, match="do not fit"):
        predictor.predict(**changed(people, tokens=people["tokens"][..., :226]))


# Smoothing


@pytest.fixture(scope="module")
def track() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    observed = torch.ones(47, dtype=torch.bool)
    observed[10:14] = False
    return torch.randn(47, 229, generator=generator), observed


def test_gaps_are_filled_without_a_look_at_what_stands_in_them(predictor, track):
    tokens, observed = track
    smoothed = predictor.smooth(tokens, observed, step=5, window=7)
    assert smoothed.isfinite().all()
    junk = torch.where(observed[:, None], tokens, torch.nan)
    assert torch.equal(predictor.smooth(junk, torch.ones(47), step=5, window=7), smoothed)


def test_frames_see_their_window_and_no_further(predictor, track):
    tokens, observed = track
    smoothed = predictor.smooth(tokens, observed, step=5, window=7)
    moved = tokens.clone()
    moved[32] += 1
    difference = (predictor.smooth(moved, observed, step=5, window=7) - smoothed).abs().amax(1)
    # Steps of 5 that have frame 32 among themselves and 7 on both sides: 25 to 39.
    assert (difference[25:40] > 1e-6).all()
    assert (difference[:25] < 1e-6).all() and (difference[40:] < 1e-6).all()


def test_long_tracks_are_smoothed_like_their_parts(predictor, track):
    tokens, observed = torch.cat([track[0]] * 8), torch.cat([track[1]] * 8)
    whole = predictor.smooth(tokens, observed, step=2, window=4)  # 188 timelines
    part = predictor.smooth(tokens[100:200], observed[100:200], step=2, window=4)
    assert close(whole[110:190], part[10:90])


def test_frames_without_anything_in_reach_are_nan(predictor, track):
    observed = torch.zeros(47, dtype=torch.bool)
    observed[0] = True
    smoothed = predictor.smooth(track[0], observed, step=5, window=5)
    assert smoothed[:10].isfinite().all() and smoothed[10:].isnan().all()
    assert predictor.smooth(track[0][:0], observed[:0], 5, 5).shape == (0, 229)


def test_windows_wider_than_the_network_are_refused(predictor, track):
    with pytest.raises(ValueError, match="do not fit into 20 frames"):
        predictor.smooth(*track, step=10, window=6)
