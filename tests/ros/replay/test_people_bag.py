"""The bag that an exact run leaves: what a node would have published, under the images' stamps."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ament_index_python.packages import get_package_share_directory
from humans4d_ros.outputs.people_messages import people_to_message
from humans4d_ros.replay.bag_writer import BagWriter
from made_sequences import make_sequence
from rclpy.serialization import serialize_message

from humans4d_core.cli.clip_runner import ClipOptions, run_clip
from humans4d_core.config import PipelineConfig
from humans4d_core.errors import InputFileError
from humans4d_core.evaluation.inputs import clips_of, find_inputs
from humans4d_core.evaluation.results.evaluation_folder import EvaluationFolder, Plan
from humans4d_core.evaluation.results.image_table import read_images
from humans4d_core.evaluation.results.people_table import read_people
from humans4d_core.evaluation.truth import TruthOptions, read_truth
from humans4d_core.geometry.coordinate_frames import people_in_coordinate_frame
from humans4d_core.io import CameraChoice, message_typestore, read_messages
from humans4d_core.io.bags.bag_messages import join_stamp
from humans4d_core.io.bags.people_messages import message_to_people
from humans4d_core.types import Pose, TrackState
from humans4d_core.viewer.bag_recording import open_bag_recording

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


@pytest.mark.parametrize("target_frame", ["", "odom"])
def test_a_bag_of_people_is_a_truth_of_another_run(tmp_path, clip, target_frame):
    bag, people = clip[0] / "people", read_people(clip[0] / "tracks.parquet")
    images = read_images(clip[0] / "images.parquet")
    poses = np.tile(np.eye(3, 4), (len(images), 1, 1))
    poses[:, :, 3] = (3.0, -1.0, 0.5)
    if target_frame:
        bag = in_another_frame(clip[0], tmp_path / "odom", target_frame, poses[0, :, 3])
    images = replace(images, fixed_from_camera=poses)
    truth = read_truth(Path(f"{bag}#/humans4d/people"), images, TruthOptions())
    believed = people.in_states(TrackState.CONFIRMED)
    assert truth.rows.frame.tolist() == believed.frame.tolist()
    assert truth.rows.person.tolist() == believed.track_id.tolist()
    np.testing.assert_allclose(truth.rows.place_cam, believed.pelvis_cam, atol=1e-4)
    np.testing.assert_allclose(truth.rows.joints_cam, believed.joints_cam, atol=1e-4)
    np.testing.assert_allclose(truth.rows.box, believed.box, atol=1e-3)
    if target_frame:
        images = replace(images, fixed_from_camera=np.full_like(poses, np.nan))
        with pytest.raises(InputFileError, match="--fixed-frame"):
            read_truth(Path(f"{bag}#/humans4d/people"), images, TruthOptions())


def in_another_frame(clip, output, frame_id, move):
    """A copy of the people of a bag as a node with a target frame would have published them."""
    types = message_typestore(Path(get_package_share_directory("humans4d_msgs")))
    writer = BagWriter(output)
    writer.open()
    topic = writer.add_connection(
        "/humans4d/people", "humans4d_msgs/msg/TrackedPeople", typestore=types
    )
    for log_ns, recorded in messages(clip, "/humans4d/people"):
        people = message_to_people(recorded)
        moved = people_in_coordinate_frame(people, Pose(np.eye(3), np.asarray(move)))
        message = people_to_message(moved, stamp_ns=log_ns, frame_id=frame_id)
        writer.write(topic, log_ns, serialize_message(message))
    writer.close()
    return output


def test_a_bag_of_people_is_a_recording(clip):
    recording, note = open_bag_recording(clip[0] / "people")
    images, people = (
        read_images(clip[0] / "images.parquet"),
        read_people(clip[0] / "tracks.parquet"),
    )
    assert note == "" and recording.stamps_ns == images.stamp_ns.tolist()
    assert set(recording.first_sight) == set(people.track_id.tolist())
    for row in (5, 2, 11):
        rows = people.select(people.frame == row + 1)
        frame = recording.frame(row)
        bodies = frame.people.bodies
        assert frame.people.track_ids.tolist() == rows.track_id.tolist()
        np.testing.assert_allclose(bodies.joints_cam, rows.joints_cam, atol=1e-4)
        # The meshes were not published: the body is posed again, around its own joints.
        assert bodies.vertices_cam.shape == (len(rows), len(recording.body.data.template), 3)
        middle = bodies.vertices_cam.mean(1) - bodies.joints_cam.mean(1)
        assert np.linalg.norm(middle, axis=1).max() < 0.5
        assert not recording.frame(row, with_meshes=False).people.bodies.vertices_cam.size


def test_people_in_another_frame_are_shown_where_they_are(tmp_path, clip):
    bag = in_another_frame(clip[0], tmp_path / "odom", "odom", (0.0, 0.0, 3.0))
    frame = open_bag_recording(bag)[0].frame(5)
    assert frame.camera is None
    np.testing.assert_array_equal(frame.world_from_camera.rotation, np.eye(3))


def test_bags_without_people_and_other_topics_are_said(tmp_path, clip):
    with pytest.raises(InputFileError, match="no people on /other: they are on /humans4d/people"):
        open_bag_recording(clip[0] / "people", "/other")
    writer = BagWriter(tmp_path / "empty")
    writer.open()
    topic = writer.add_connection("/tf", "tf2_msgs/msg/TFMessage", typestore=message_typestore())
    writer.write(topic, 1, b"\0\1\0\0\0\0\0\0")
    writer.close()
    with pytest.raises(InputFileError, match="record a topic of type humans4d_msgs"):
        open_bag_recording(tmp_path / "empty")


def test_the_commands_take_bags_too(tmp_path, clip):
    command = [sys.executable, "-m", "humans4d_core.cli.main"]
    view = subprocess.Popen(
        [*command, "view", clip[0] / "people"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert "view: http://127.0.0.1:" in view.stdout.readline()
        view.send_signal(signal.SIGINT)
        assert view.wait(60) == 0
    finally:
        view.kill()
        view.communicate()
    done = subprocess.run(
        [*command, "export-motion", clip[0] / "people", "-o", tmp_path / "motion"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "motion").glob("person_*.npz"))) == 2
    no_bag = subprocess.run(
        [*command, "view", clip[0], "--topic", "/x"], capture_output=True, text=True, timeout=60
    )
    assert no_bag.returncode == 2 and "is no bag" in no_bag.stderr
