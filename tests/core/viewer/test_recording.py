"""What a run has left in its folder, shown again."""

import json

import numpy as np
import pytest

from humans4d_core.body import load_body
from humans4d_core.errors import InputFileError
from humans4d_core.io import PeopleWriter
from humans4d_core.types import People, TrackState
from humans4d_core.viewer.recording import ANY_CAMERA, open_recording

UP = np.array((0.0, -0.8, -0.6))


@pytest.fixture(scope="module")
def body():
    return load_body()


@pytest.fixture
def make_posed(body):
    """make_posed(count) -> people of random sizes and poses, with the free body's meshes."""
    from dataclasses import replace

    from made_people import made_people

    def make(count: int, states=None) -> People:
        people = made_people(count, states)
        bodies = people.bodies
        scale = np.linspace(0.8, 1.2, count).astype(np.float32)
        parts = (bodies.global_orient, bodies.body_pose, bodies.betas)
        rest = body(*parts).vertices
        vertices = rest * scale[:, None, None] + bodies.translation_cam[:, None]
        bodies = replace(bodies, vertices_cam=vertices, scale=scale)
        return replace(people, bodies=bodies)

    return make


def write(folder, frames, up=None):
    with PeopleWriter(folder / "people.jsonl") as file:
        for number, people in enumerate(frames, 1):
            file.write(number, number * 10**9, people, up)


def test_bodies_are_posed_again_as_they_were(tmp_path, make_posed):
    people = make_posed(3, [TrackState.CONFIRMED, TrackState.OCCLUDED, TrackState.LOST])
    write(tmp_path, [people], UP)
    recording, note = open_recording(tmp_path)
    shown = recording.frame(0)
    assert not note and recording.faces.shape[1] == 3
    # Angles are written with 4 decimals: some tenths of a millimetre at the end of an arm.
    there = shown.people.bodies
    np.testing.assert_allclose(there.vertices_cam, people.bodies.vertices_cam, atol=2e-3)
    np.testing.assert_allclose(there.joints_cam, people.bodies.joints_cam, atol=1e-4)
    assert shown.people.track_ids.tolist() == people.track_ids.tolist()
    assert shown.people.states.tolist() == people.states.tolist()
    assert shown.people.postures.tolist() == people.postures.tolist()
    np.testing.assert_allclose(shown.world_from_camera.apply(UP), (0, 0, 1), atol=1e-4)


def test_times_and_first_sights_are_known(tmp_path, make_posed):
    write(tmp_path, [make_posed(0), make_posed(1), make_posed(3)])
    recording, _ = open_recording(tmp_path / "people.jsonl")
    assert recording.stamps_ns == [10**9, 2 * 10**9, 3 * 10**9]
    assert recording.first_sight == {1: 1, 2: 2, 3: 2}
    assert len(recording.frame(0).people) == 0 and len(recording.frame(2).people) == 3
    assert recording.camera == ANY_CAMERA


def test_the_camera_is_the_summarys(tmp_path, make_posed):
    write(tmp_path, [make_posed(1)])
    camera = {"fx": 300, "fy": 301, "cx": 100, "cy": 90, "width": 200, "height": 180}
    (tmp_path / "summary.json").write_text(json.dumps({"camera": camera}))
    found = open_recording(tmp_path)[0].camera
    assert (found.fx, found.fy, found.cx, found.cy) == (300, 301, 100, 90)
    assert (found.width, found.height) == (200, 180)


def test_bodies_of_a_model_that_is_not_here_are_skeletons_and_it_is_said(tmp_path, make_posed):
    write(tmp_path, [make_posed(2)])
    file = tmp_path / "people.jsonl"
    file.write_text(file.read_text().replace('"anny"', '"smpl"'))
    recording, note = open_recording(tmp_path)
    assert "smpl" in note and "--body" in note
    assert recording.frame(0).people.bodies.vertices_cam.shape == (2, 0, 3)
    assert recording.faces.shape == (0, 3)


def test_lines_without_the_newer_keys_are_shown(tmp_path, make_posed):
    write(tmp_path, [make_posed(1)])
    line = json.loads((tmp_path / "people.jsonl").read_text())
    del line["people"][0]["scale"]
    (tmp_path / "people.jsonl").write_text(json.dumps(line) + "\n")
    assert open_recording(tmp_path)[0].frame(0).people.bodies.scale.tolist() == [1.0]


def test_numbers_that_were_not_finite_are_shown_without_failing(tmp_path, make_posed):
    write(tmp_path, [make_posed(1)])
    line = json.loads((tmp_path / "people.jsonl").read_text())
    line["people"][0]["body_pose"][3] = [None, None, None]
    (tmp_path / "people.jsonl").write_text(json.dumps(line) + "\n")
    assert np.isfinite(open_recording(tmp_path)[0].frame(0).people.bodies.vertices_cam).all()


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "is empty"), ("nonsense\n", "line 1 is no JSON"), ("[]\n", "no JSON object"),
     ("{}\n", "no stamp"), ('{"stamp_ns": 1, "people": 5}\n', "no people"),
     ("[" * 200_000 + "\n", "line 1 is no JSON"), ('{"a": "' + "x" * (9 << 20), "longer")],
    ids=["empty", "text", "list", "keys", "people", "deep", "long"],
)  # fmt: skip
def test_what_is_no_recording_is_one_sentence(tmp_path, text, reason):
    (tmp_path / "people.jsonl").write_text(text)
    with pytest.raises(InputFileError, match=reason):
        open_recording(tmp_path)


@pytest.mark.parametrize("people", ['[{"track_id": 1}]', "[5]", '[{"track_id": 1, "box": "a"}]'])
def test_a_line_that_is_damaged_names_itself(tmp_path, make_posed, people):
    write(tmp_path, [make_posed(1)])
    with (tmp_path / "people.jsonl").open("a") as file:
        head = '{"stamp_ns": 5, "recovery": "", "body_model": "anny", "people": '
        file.write(f"{head}{people}}}\n")
    recording, _ = open_recording(tmp_path)
    assert len(recording.frame(0).people) == 1
    with pytest.raises(InputFileError, match="line 2"):
        recording.frame(1)


def test_a_folder_without_a_recording_says_what_to_give(tmp_path):
    with pytest.raises(InputFileError, match="no people.jsonl: give the -o of humans4d run"):
        open_recording(tmp_path)
