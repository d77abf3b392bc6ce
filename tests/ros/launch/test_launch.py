"""The launch files, with a stand-in for `launch` that resolves them and real processes that run.

The wheels of ROS 2 have no `launch`: there the last test is skipped.
"""

import os
import re
import sys
from types import SimpleNamespace

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from ament_index_python.packages import get_package_share_directory
from launched import node_of, remappings
from places import ROOT

FILES = ("cameras.launch.py", "humans4d.launch.py", "replay.launch.py", "rviz.launch.py")
PROFILE_VARIABLES = {
    "humble": "FASTRTPS_DEFAULT_PROFILES_FILE",
    "jazzy": "FASTRTPS_DEFAULT_PROFILES_FILE",
    "kilted": "FASTDDS_DEFAULT_PROFILES_FILE",
    "lyrical": "FASTDDS_DEFAULT_PROFILES_FILE",
}


@pytest.mark.usefixtures("rviz_installed")
@pytest.mark.parametrize("file", FILES)
def test_every_argument_is_described_and_documented(launch, file):
    docs = ROOT / "docs" / "ros.md"
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


def test_several_cameras_have_a_node_each_and_one_list(launch):
    launched = launch("cameras.launch.py", cameras="front,/left/", target_frame="map")
    nodes = [p for p in launched.processes if p.executable == "humans4d_node"]
    assert [remappings(node)["image"] for node in nodes] == ["/front/image_raw", "/left/image_raw"]
    assert ["__ns:=/front" in nodes[0].command, "__ns:=/left" in nodes[1].command] == [True, True]
    fusion = node_of(launched, "humans4d_fusion")
    assert fusion.command[fusion.command.index("-p") + 1] == "cameras:=[front, left]"
    assert fusion.parameters["target_frame"] == "map"
    alone = launch("cameras.launch.py", cameras="front", nodes="false", use_sim_time="true")
    assert [p.executable for p in alone.processes] == ["humans4d_fusion"]
    assert alone.processes[0].parameters["use_sim_time"] is True
    with pytest.raises(RuntimeError, match="cameras is empty"):
        launch("cameras.launch.py", cameras=" , ")


def test_what_is_left_empty_is_left_to_the_parameter_file(launch, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("/**: {ros__parameters: {max_rate: 5.0}}")
    node = node_of(launch("humans4d.launch.py", params_file=str(own)))
    assert node.parameters == {}
    assert str(own) in node.command
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


@pytest.mark.usefixtures("adapters_installed")
def test_adapters_are_started_by_name_or_all_of_them(launch):
    launched = launch("humans4d.launch.py", adapters="people detections", namespace="front")
    command = node_of(launched, "humans4d_adapters").command
    assert command[1:3] == ["people", "detections"]
    assert "__ns:=/front" in command
    assert not [argument for argument in command if argument.startswith("__node:=")]
    command = node_of(launch("humans4d.launch.py", adapters="all"), "humans4d_adapters").command
    assert command[1] == "--ros-args"


def test_the_view_is_started_where_it_is_asked_for(launch):
    launched = launch("humans4d.launch.py", view="true", namespace="front", camera="/cam")
    view = node_of(launched, "humans4d_view")
    assert "__ns:=/front" in view.command
    assert remappings(view)["image"] == "/cam/image_raw"
    assert remappings(view)["camera_info"] == "/cam/camera_info"


@pytest.mark.usefixtures("rviz_installed")
def test_rviz_shows_the_node_of_the_namespace(launch):
    assert [p.executable for p in launch("humans4d.launch.py").processes] == ["humans4d_node"]
    launched = launch("humans4d.launch.py", rviz="true", namespace="front", fixed_frame="odom")
    command = node_of(launched, "rviz2").command
    assert os.path.isfile(command[command.index("-d") + 1])
    assert command[command.index("-f") + 1] == "odom"
    assert "/humans4d/markers:=/front/humans4d/markers" in command


@pytest.mark.usefixtures("adapters_installed")
def test_arguments_of_the_launch_reach_the_adapters(launch, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("/**: {ros__parameters: {id_prefix: front_}}")
    launched = launch(
        "humans4d.launch.py", adapters="people", log_level="debug", respawn="true",
        respawn_delay="0.5", use_sim_time="true", params_file=str(own), namespace="front",
    )  # fmt: skip
    adapters, node = node_of(launched, "humans4d_adapters"), node_of(launched)
    assert (adapters.respawn, adapters.respawn_delay) == (True, 0.5)
    assert adapters.parameters == {"use_sim_time": True}
    for process in (adapters, node):
        assert str(own) in process.command
        assert process.command[process.command.index("--log-level") + 1] == "debug"
        assert "__ns:=/front" in process.command


@pytest.mark.usefixtures("adapters_installed")
def test_adapters_end_with_a_node_that_does_not_come_back_and_nothing_else_does(launch):
    launched = launch("humans4d.launch.py", adapters="people")
    (handler,) = launched.handlers
    assert handler.target_action is node_of(launched).action
    (emit,) = handler.on_exit
    ends = emit.event.process_matcher
    assert ends(node_of(launched, "humans4d_adapters").action)
    assert not ends(node_of(launched).action)
    assert launch("humans4d.launch.py", adapters="people", respawn="true").handlers == []


@pytest.mark.parametrize(
    ("camera", "image"),
    [
        ("/front/", "/front/image_raw"),
        ("//front", "/front/image_raw"),
        ("/robot//front//", "/robot/front/image_raw"),
        (" /front ", "/front /image_raw"),
        ("front", "front/image_raw"),  # below the namespace, as ROS has it
        ("front/", "front/image_raw"),
        ("/", "/image_raw"),
        ("", "/image_raw"),
        ("~/front", "~/front/image_raw"),
    ],
)
def test_slashes_that_do_nothing_are_left_out_of_names(launch, camera, image):
    if " " in image:
        with pytest.raises(ValueError, match="no name in ROS"):
            launch("humans4d.launch.py", camera=camera)
        return
    given = remappings(node_of(launch("humans4d.launch.py", camera=camera)))
    assert given["image"] == image
    assert given["image/compressed"] == image + "/compressed"
    assert given["camera_info"] == image.replace("image_raw", "camera_info")


@pytest.mark.parametrize("namespace", ["left", "/left", "/left/", "//left//"])
def test_a_namespace_is_one_with_or_without_slashes(launch, namespace):
    command = node_of(launch("humans4d.launch.py", namespace=namespace)).command
    assert "__ns:=/left" in command


@pytest.mark.usefixtures("adapters_installed")
@pytest.mark.parametrize(
    ("file", "arguments", "sentence"),
    [
        ("humans4d", {"rviz": "true"}, "RViz is not installed"),
        ("rviz", {}, "RViz is not installed"),
        ("humans4d", {"rviz": "maybe"}, "rviz is 'maybe': give true or false"),
        ("humans4d", {"adapters": "rep155"}, "needs the package hri_msgs"),
        ("humans4d", {"adapters": "people nav3"}, "no adapter 'nav3'"),
        ("humans4d", {"log_level": "foo"}, "log_level is 'foo': give one of debug"),
        ("humans4d", {"log_level": "rcl:=loud"}, "log_level is 'rcl:=loud'"),
        ("humans4d", {"params_file": "/nowhere.yaml"}, "params_file: '/nowhere.yaml' does not"),
        ("humans4d", {"params_file": "/tmp"}, "params_file: '/tmp' is no file"),
        ("humans4d", {"params_file": "/dev/zero"}, "is no file"),
        ("humans4d", {"respawn": "often"}, "respawn is 'often'"),
        ("humans4d", {"respawn_delay": "soon"}, "respawn_delay is 'soon': give a number"),
        ("humans4d", {"respawn_delay": "nan"}, "respawn_delay is 'nan': give a number"),
        ("humans4d", {"respawn_delay": "-1"}, "respawn_delay is '-1': give a number"),
        ("humans4d", {"autostart": "yes please"}, "autostart is 'yes please'"),
        ("humans4d", {"use_sim_time": "2"}, "use_sim_time is '2'"),
        ("humans4d", {"camera": "/front camera"}, "image is '/front camera/image_raw'"),
        ("humans4d", {"image": ""}, "image is ''"),
        ("humans4d", {"camera": "/2nd"}, "no digit after a /"),
        ("humans4d", {"depth": "/a\x1b[31m"}, "no name in ROS"),
        ("humans4d", {"namespace": "left-hand"}, "namespace is 'left-hand'"),
        ("replay", {"bag": "/nowhere"}, "bag: '/nowhere' does not exist"),
        ("replay", {"output": "/tmp"}, "output: '/tmp' exists already"),
        ("replay", {"rate": "0"}, "rate is '0': give a number"),
        ("replay", {"rate": "inf"}, "rate is 'inf': give a number"),
        ("replay", {"topics": "/a b-c"}, "topics is 'b-c'"),
        ("replay", {"rviz": "true"}, "RViz is not installed"),
    ],
)
def test_what_is_wrong_is_said_before_anything_starts(launch, started, file, arguments, sentence):
    with pytest.raises((RuntimeError, ValueError), match=re.escape(sentence)) as raised:
        launch(f"{file}.launch.py", **arguments)
    assert "\x1b" not in str(raised.value)
    # The replay looks at its own arguments first; what is of the node comes before the node.
    assert "humans4d_node" not in started


@pytest.fixture
def started(monkeypatch, launch):
    """Executables that a launch has come to, also one that fails."""
    stand_in = sys.modules["launch"].LaunchDescription.__init__.__globals__["Launch"]
    make, names = stand_in._process, []

    def process(self, node):
        names.append(node.executable)
        return make(self, node)

    monkeypatch.setattr(stand_in, "_process", process)
    return names


@pytest.mark.usefixtures("rviz_installed", "adapters_installed")
def test_launch_files_need_nothing_but_ros(launch, monkeypatch):
    """`ros2 launch` runs in the system's Python, the node perhaps in another."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "humans4d_ros"]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("humans4d_core", "rclpy", "numpy", "yaml", "rosbags"):
        monkeypatch.setitem(sys.modules, name, None)
    launch("replay.launch.py", rviz="true")
    launch("humans4d.launch.py", adapters="all", rviz="true")


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


def handle_exit(launched, action, code, name="process-1", is_shutdown=False):
    """What the real launch does when a process ends."""
    (handler,) = launched.handlers
    assert handler.target_action is None  # any process
    event = SimpleNamespace(action=action, returncode=code, process_name=name)
    return handler.on_exit(event, SimpleNamespace(is_shutdown=is_shutdown))


def test_a_replay_ends_with_its_bag_and_fails_with_whatever_fails(launch):
    launched = launch("replay.launch.py")
    replay, node = node_of(launched, "humans4d_replay").action, node_of(launched).action
    (shutdown,) = handle_exit(launched, replay, 0)
    assert type(shutdown).__name__ == "Shutdown"
    for action, code in ((replay, 2), (replay, -9), (node, 1), (node, 0)):
        with pytest.raises(RuntimeError, match=f"ended with exit code {code}"):
            handle_exit(launched, action, code)
    # On the way down it is no failure, and who closes RViz has seen enough.
    assert handle_exit(launched, node, 0, is_shutdown=True) is None
    assert handle_exit(launched, None, 0, name="rviz2-3") is None


@pytest.mark.parametrize("file", FILES)
def test_the_real_launch_package_takes_it(file):
    pytest.importorskip("launch_ros", reason="comes with ROS 2's packages, not with its wheels")
    from launch import LaunchContext
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    path = os.path.join(get_package_share_directory("humans4d_ros"), "launch", file)
    description = PythonLaunchDescriptionSource(path).get_launch_description(LaunchContext())
    assert description.get_launch_arguments()
