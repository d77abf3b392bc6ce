import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.errors import Humans4dError
from humans4d_core.io import PeopleCount, PeopleWriter, StageTimes, percentiles
from humans4d_core.io.results.run_summary import KEPT_TIMES
from humans4d_core.types import TrackState


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_one_line_a_frame_also_when_nobody_is_there(tmp_path, make_people):
    path = tmp_path / "people.jsonl"
    people = make_people(TrackState.CONFIRMED, TrackState.OCCLUDED)
    with PeopleWriter(path) as writer:
        writer.write(1, 5, people)
        writer.write(2, 2**60 + 1, people.select(np.zeros(2, bool)))
    first, second = lines(path)
    assert first["frame"] == 1 and first["stamp_ns"] == 5
    assert [p["state"] for p in first["people"]] == ["CONFIRMED", "OCCLUDED"]
    assert [p["track_id"] for p in first["people"]] == [1, 2]
    assert second["stamp_ns"] == 2**60 + 1 and second["people"] == []
    assert second["recovery"] == "landmarks" and second["body_model"] == "anny"


def test_numbers_are_those_of_the_people_rounded(tmp_path, make_people):
    path = tmp_path / "people.jsonl"
    people = make_people(TrackState.CONFIRMED)
    with PeopleWriter(path) as writer:
        writer.write(1, 0, people)
    (person,) = lines(path)[0]["people"]
    np.testing.assert_allclose(person["joints_cam"], people.bodies.joints_cam[0], atol=5.1e-5)
    np.testing.assert_allclose(person["pelvis_cam"], people.bodies.pelvis_cam[0], atol=5.1e-5)
    np.testing.assert_allclose(person["box"], people.bodies.boxes_px[0], atol=5.1e-3)
    assert np.shape(person["body_pose"]) == (23, 3) and np.shape(person["betas"]) == (10,)
    # 0.1 as float32 is 0.10000000149: it must not be written like that.
    assert person["confidence"] == 0.1 and '"confidence":0.1,' in path.read_text()


def test_rotations_are_written_as_axis_angle(tmp_path, make_people):
    people = make_people(TrackState.CONFIRMED)
    vectors = np.random.default_rng(1).uniform(-1.5, 1.5, (24, 3))
    matrices = Rotation.from_rotvec(vectors).as_matrix().astype(np.float32)
    people.bodies.global_orient[0] = matrices[0]
    people.bodies.body_pose[0] = matrices[1:]
    path = tmp_path / "people.jsonl"
    with PeopleWriter(path) as writer:
        writer.write(1, 0, people)
    (person,) = lines(path)[0]["people"]
    written = np.vstack((person["global_orient"], person["body_pose"]))
    np.testing.assert_allclose(written, vectors, atol=1e-4)


def test_what_is_not_finite_is_null_and_the_file_stays_json(tmp_path, make_people):
    people = make_people(TrackState.CONFIRMED)
    people.velocity_cam[0, 1] = np.nan
    people.bodies.global_orient[0] = np.inf
    path = tmp_path / "people.jsonl"
    with PeopleWriter(path) as writer:
        writer.write(1, 0, people)
    (person,) = lines(path)[0]["people"]
    assert person["velocity_cam"] == [0.0, None, 0.0]
    assert person["global_orient"] == [None] * 3
    assert "NaN" not in path.read_text()


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(Humans4dError, match="No such file"):
        PeopleWriter(tmp_path / "none" / "people.jsonl")


def test_only_believed_people_are_counted(make_people):
    count = PeopleCount()
    count.add(make_people(TrackState.TENTATIVE, TrackState.CONFIRMED, TrackState.OCCLUDED))
    count.add(make_people(TrackState.CONFIRMED, TrackState.LOST))
    count.add(make_people(TrackState.TENTATIVE))
    assert count.as_dict() == {
        "people": 3,
        "ids": 3,
        "most_at_once": 2,
        "frames_with_people": 2,
    }


def test_stage_times_are_percentiles_by_stage():
    times = StageTimes()
    for value in range(101):
        times.add({"detect": value, "track": 1.0})
    assert times.as_dict() == {
        "detect": {"p50": 50, "p95": 95},
        "track": {"p50": 1, "p95": 1},
    }
    assert percentiles([]) == {"p50": None, "p95": None}


def test_times_of_a_long_run_take_no_more_memory_and_keep_their_percentiles():
    times = StageTimes()
    for index in range(100_000):
        times.add({"detect": index / 1e5})
    assert len(times._seconds["detect"]) <= KEPT_TIMES
    found = times.as_dict()["detect"]
    assert found["p50"] == pytest.approx(0.5, abs=0.01)
    assert found["p95"] == pytest.approx(0.95, abs=0.01)
