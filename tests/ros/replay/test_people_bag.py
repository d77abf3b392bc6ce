"""The bag that an exact run leaves: what a node would have published, under the images' stamps."""

from pathlib import Path

import numpy as np
import pytest
from ament_index_python.packages import get_package_share_directory
from humans4d_ros.outputs.people_messages import join_stamp, message_to_people
from made_sequences import make_sequence

from humans4d_core.cli.clip_runner import ClipOptions, run_clip
from humans4d_core.config import PipelineConfig
from humans4d_core.evaluation.inputs import clips_of, find_inputs
from humans4d_core.evaluation.results.evaluation_folder import EvaluationFolder, Plan
from humans4d_core.evaluation.results.image_table import read_images
from humans4d_core.evaluation.results.people_table import read_people
from humans4d_core.io import CameraChoice, message_typestore, read_messages
from humans4d_core.types import TrackState

CONFIG = PipelineConfig().replaced({"recovery": "upright", "tracker.use_images": False})


def run(sequence, output):
    (clip,) = clips_of(find_inputs([sequence]), (), [sequence / "gt/gt.txt"], None)
    folder = EvaluationFolder(output)
    folder.begin(Plan({}, {}, (clip,)))
    run_clip(clip, folder, CONFIG, ClipOptions(CameraChoice()))
    return folder.clip(clip.name)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    root = tmp_path_factory.mktemp("bag")
    return run(make_sequence(root / "walk", 12), root / "out"), root / "walk"


def messages(clip, topic):
    types = message_typestore(Path(get_package_share_directory("humans4d_msgs")))
    return [(log_ns, m) for _, log_ns, m in read_messages(clip / "people", [topic], types)]


def test_every_image_has_its_people_under_its_own_stamp(clip):
    images, people = (
        read_images(clip[0] / "images.parquet"),
        read_people(clip[0] / "tracks.parquet"),
    )
    found = messages(clip[0], "/humans4d/people")
    assert [log_ns for log_ns, _ in found] == images.stamp_ns.tolist()
    for log_ns, message in found:
        assert join_stamp(message.header.stamp) == log_ns
        rows = people.select(people.stamp_ns == log_ns)
        told = message_to_people(message)
        assert told.track_ids.tolist() == rows.track_id.tolist()
        assert told.states.tolist() == rows.state.tolist()
        np.testing.assert_allclose(told.bodies.pelvis_cam, rows.pelvis_cam, atol=1e-5)


def test_transforms_and_markers_are_there_for_rviz(clip):
    (transforms,) = [m for log_ns, m in messages(clip[0], "/tf")][-1:]
    names = {transform.child_frame_id for transform in transforms.transforms}
    people = read_people(clip[0] / "tracks.parquet")
    last = people.select(people.frame == people.frame.max()).in_states(TrackState.CONFIRMED)
    assert names == {f"body_{track_id}" for track_id in last.track_id.tolist()}
    assert len(messages(clip[0], "/humans4d/markers")) == 12
    assert len(messages(clip[0], "/humans4d/body_model")) == 1


def test_equal_runs_leave_equal_bags(clip, tmp_path):
    again = run(clip[1], tmp_path / "out")
    assert (again / "people/people.mcap").read_bytes() == (
        clip[0] / "people/people.mcap"
    ).read_bytes()
