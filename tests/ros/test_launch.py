"""The launch files, with a stand-in for `launch` that resolves them and real processes that run.

The wheels of ROS 2 have no `launch`: there the last test is skipped.
"""

import importlib.util
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from ament_index_python.packages import get_package_share_directory
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from humans4d_core.io import write_camera_bag
from humans4d_core.types import Camera, Frame

FILES = ("humans4d.launch.py", "replay.launch.py", "rviz.launch.py")
NEEDED = {"replay.launch.py": {"bag": "in", "output": "out"}}
PROFILE_VARIABLES = {
    "humble": "FASTRTPS_DEFAULT_PROFILES_FILE",
    "jazzy": "FASTRTPS_DEFAULT_PROFILES_FILE",
    "kilted": "FASTDDS_DEFAULT_PROFILES_FILE",
    "lyrical": "FASTDDS_DEFAULT_PROFILES_FILE",
}
FIRST_STAMP = 1_700_000_000_000_000_000


@pytest.fixture
def launch(monkeypatch):
    """launch(file, **arguments) -> what a launch file does with them."""
    path = Path(__file__).with_name("launch_stand_in.py")
    spec = importlib.util.spec_from_file_location("launch_stand_in", path)
    stand_in = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stand_in)
    stand_in.install(monkeypatch)
    launches = []

    def launch(file, **arguments):
        launches.append(stand_in.launch(file, **{**NEEDED.get(file, {}), **arguments}))
        return launches[-1]

    yield launch
    for each in launches:
        each.close()


def node_of(launched, executable="humans4d_node"):
    (process,) = [p for p in launched.processes if p.executable == executable]
    return process


def remappings(process) -> dict[str, str]:
    pairs = [a.split(":=") for a in process.command if ":=" in a and not a.startswith("__")]
    return dict(pair for pair in pairs if len(pair) == 2)


@pytest.mark.parametrize("file", FILES)
def test_every_argument_is_described_and_documented(launch, file):
    docs = Path(__file__).parents[2] / "docs" / "ros.md"
    text = docs.read_text()
    for argument in launch(file).declared.values():
        assert len(argument.description) > 10, argument.name
        assert f"`{argument.name}`" in text, f"{argument.name} of {file} is not in docs/ros.md"


def test_the_cameras_namespace_gives_its_topics(launch):
    given = remappings(node_of(launch("humans4d.launch.py", camera="/front")))
    assert given["image"] == "/front/image_raw"
    assert given["image/compressed"] == "/front/image_raw/compressed"
    assert given["camera_info"] == "/front/camera_info"
    assert given["depth"].startswith("/front/")
    given = remappings(node_of(launch("humans4d.launch.py", camera="/front", image="/other")))
    assert given["image/compressed"] == "/other/compressed"
    assert given["camera_info"] == "/front/camera_info"


def test_what_is_left_empty_is_left_to_the_parameter_file(launch):
    node = node_of(launch("humans4d.launch.py", params_file="/my/own.yaml"))
    assert node.parameters == {}
    assert "/my/own.yaml" in node.command
    node = node_of(
        launch("humans4d.launch.py", autostart="false", use_sim_time="true", checkpoint="123")
    )
    assert node.parameters == {"autostart": False, "use_sim_time": True, "checkpoint": "123"}


def test_it_starts_again_only_when_asked(launch):
    assert not node_of(launch("humans4d.launch.py")).respawn
    node = node_of(launch("humans4d.launch.py", respawn="true", respawn_delay="0.5"))
    assert (node.respawn, node.respawn_delay) == (True, 0.5)


def test_the_log_level_is_handed_on(launch):
    command = node_of(launch("humans4d.launch.py", log_level="debug")).command
    assert command[command.index("--log-level") + 1] == "debug"


def test_adapters_are_started_by_name_or_all_of_them(launch):
    launched = launch("humans4d.launch.py", adapters="people detections", namespace="front")
    command = node_of(launched, "humans4d_adapters").command
    assert command[1:3] == ["people", "detections"]
    assert "__ns:=/front" in command
    assert not [argument for argument in command if argument.startswith("__node:=")]
    command = node_of(launch("humans4d.launch.py", adapters="all"), "humans4d_adapters").command
    assert command[1] == "--ros-args"


def test_rviz_shows_the_node_of_the_namespace(launch):
    assert [p.executable for p in launch("humans4d.launch.py").processes] == ["humans4d_node"]
    launched = launch("humans4d.launch.py", rviz="true", namespace="front", fixed_frame="odom")
    command = node_of(launched, "rviz2").command
    assert os.path.isfile(command[command.index("-d") + 1])
    assert command[command.index("-f") + 1] == "odom"
    assert "/humans4d/markers:=/front/humans4d/markers" in command


@pytest.mark.parametrize("distribution", PROFILE_VARIABLES)
def test_it_sets_the_profile_variable_that_the_distribution_reads(
    launch, monkeypatch, distribution
):
    monkeypatch.setenv("ROS_DISTRO", distribution)
    for name in set(PROFILE_VARIABLES.values()):
        monkeypatch.delenv(name, raising=False)
    environment = node_of(launch("humans4d.launch.py")).environment
    set_ones = set(PROFILE_VARIABLES.values()) & environment.keys()
    assert set_ones == {PROFILE_VARIABLES[distribution]}
    assert os.path.isfile(environment[PROFILE_VARIABLES[distribution]])


@pytest.mark.parametrize("distribution", PROFILE_VARIABLES)
def test_a_profile_of_the_users_own_is_left_alone(launch, monkeypatch, distribution):
    variable = PROFILE_VARIABLES[distribution]
    monkeypatch.setenv("ROS_DISTRO", distribution)
    monkeypatch.setenv(variable, "/own/profile.xml")
    assert node_of(launch("humans4d.launch.py")).environment[variable] == "/own/profile.xml"


@pytest.fixture
def run():
    """run(process, folder) -> Popen of a launched node; what is left of it is killed."""
    running = []

    def run(process, folder: Path):
        log = open(folder / f"{process.executable}_{len(running)}.log", "w+")
        running.append(
            subprocess.Popen(
                process.command,
                env=process.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        )
        running[-1].log = Path(log.name)
        log.close()
        return running[-1]

    yield run
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until(is_it, what, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not is_it():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)


def test_the_node_that_it_starts_runs(launch, run, tmp_path):
    launched = launch(
        "humans4d.launch.py", camera="/front", namespace="robot", log_level="info",
        use_sim_time="false",
    )  # fmt: skip
    node = run(node_of(launched), tmp_path)
    wait_until(lambda: "active: listening" in node.log.read_text(), node.log.read_text)
    said = node.log.read_text()
    assert "/front/image_raw, /front/camera_info" in said
    assert "robot.humans4d" in said
    node.send_signal(signal.SIGINT)
    assert node.wait(30) == 0


def test_a_replay_makes_a_bag_of_people_and_ends(launch, run, tmp_path, video_frames):
    camera = Camera.from_fov(768, 576, 0.9)
    frames = [
        Frame(image, FIRST_STAMP + index * 500_000_000, camera)
        for index, image in enumerate(video_frames[:12])
    ]
    write_camera_bag(tmp_path / "camera", frames)
    launched = launch(
        "replay.launch.py", bag=str(tmp_path / "camera"), output=str(tmp_path / "people")
    )
    assert node_of(launched).parameters == {
        "autostart": True, "use_sim_time": True, "image_transport": "raw",
    }  # fmt: skip
    others = [run(p, tmp_path) for p in launched.processes if p.executable != "humans4d_bag_play"]
    player = run(node_of(launched, "humans4d_bag_play"), tmp_path)
    player.wait(90)
    assert player.returncode == 0, player.log.read_text()

    # What the real launch does at the player's end.
    (handler,) = launched.handlers
    assert handler.target_action is node_of(launched, "humans4d_bag_play").action
    (timer,) = handler.on_exit
    assert type(timer.actions[0]).__name__ == "Shutdown"
    time.sleep(timer.period)
    for process in others:
        process.send_signal(signal.SIGINT)
    for process in others:
        assert process.wait(30) == 0, process.log.read_text()

    people = []
    with AnyReader([tmp_path / "people"], default_typestore=get_typestore(Stores.EMPTY)) as reader:
        for connection, _, data in reader.messages():
            if connection.topic == "/humans4d/people":
                people.append(reader.deserialize(data, connection.msgtype))
    assert len(people) >= 6
    assert any(len(message.people) for message in people)
    stamps = {frame.stamp_ns for frame in frames}
    assert {m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in people} <= stamps


def displayed_topics(config_folder) -> dict[str, set[str]]:
    package = config_folder.parent
    rviz = yaml.safe_load((package / "rviz/humans4d.rviz").read_text())
    displays = rviz["Visualization Manager"]["Displays"]
    layout = json.loads((package / "foxglove/humans4d.json").read_text())
    panels = layout["configById"]
    named = set(panels["3D!people"]["topics"])
    named.add(panels["Image!overlay"]["imageMode"]["imageTopic"])
    named.add(panels["DiagnosticSummary!health"]["topicToRender"])
    named |= {path["value"].split(".")[0] for path in panels["Plot!latency"]["paths"]}
    return {"rviz": {d["Topic"]["Value"] for d in displays if "Topic" in d}, "foxglove": named}


def test_rviz_and_foxglove_show_topics_that_the_node_has(start_node, station, config_folder):
    node = start_node()
    node.wait_until_it_says("active: listening")
    station.wait_for(
        lambda: ("humans4d", "/") in station.node.get_node_names_and_namespaces(), "the node"
    )
    for shows, topics in displayed_topics(config_folder).items():
        published = station.node.get_publisher_names_and_types_by_node("humans4d", "/")
        assert topics <= {name for name, _ in published}, shows


def test_the_layouts_panels_are_all_shown_and_configured(config_folder):
    layout = json.loads((config_folder.parent / "foxglove/humans4d.json").read_text())

    def panels(part):
        if isinstance(part, str):
            return [part]
        return [name for side in ("first", "second") for name in panels(part[side])]

    assert sorted(panels(layout["layout"])) == sorted(layout["configById"])


def test_rviz_has_what_the_launch_file_moves_to_the_namespace(launch, config_folder):
    launched = launch("rviz.launch.py", namespace="front")
    moved = {source for source in remappings(node_of(launched, "rviz2"))}
    assert displayed_topics(config_folder)["rviz"] == moved


@pytest.mark.parametrize("file", FILES)
def test_the_real_launch_package_takes_it(file):
    pytest.importorskip("launch_ros", reason="comes with ROS 2's packages, not with its wheels")
    from launch import LaunchContext
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    path = os.path.join(get_package_share_directory("humans4d_ros"), "launch", file)
    description = PythonLaunchDescriptionSource(path).get_launch_description(LaunchContext())
    assert description.get_launch_arguments()
