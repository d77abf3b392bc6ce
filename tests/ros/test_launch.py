"""The launch file: a recording stand-in for `launch` shows what it asks for; the real one takes it.

The wheels of ROS 2 have no `launch`: there the last test is skipped.
"""

import importlib.util
import os
import sys
from types import ModuleType, SimpleNamespace

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

PROFILE_VARIABLES = {
    "humble": "FASTRTPS_DEFAULT_PROFILES_FILE",
    "jazzy": "FASTDDS_DEFAULT_PROFILES_FILE",
    "kilted": "FASTDDS_DEFAULT_PROFILES_FILE",
}
RECORDED = {
    "launch": ("LaunchDescription",),
    "launch.actions": ("DeclareLaunchArgument", "SetEnvironmentVariable"),
    "launch.substitutions": ("LaunchConfiguration",),
    "launch_ros": (),
    "launch_ros.actions": ("LifecycleNode",),
}


class Recorded(SimpleNamespace):
    def __init__(self, *positional, **named):
        super().__init__(positional=positional, **named)

    def kind(self) -> str:
        return type(self).__name__


@pytest.fixture
def describe(monkeypatch, config_folder):
    """describe() -> what the launch file returns, made of recorded calls."""
    for module, names in RECORDED.items():
        stand_in = ModuleType(module)
        for name in names:
            setattr(stand_in, name, type(name, (Recorded,), {}))
        monkeypatch.setitem(sys.modules, module, stand_in)
    for name in PROFILE_VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ROS_DISTRO", "kilted")

    def describe():
        path = config_folder.parent / "launch/humans4d.launch.py"
        spec = importlib.util.spec_from_file_location("launch_file", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        (actions,) = module.generate_launch_description().positional
        return actions

    return describe


def of_kind(actions, kind: str):
    return [action for action in actions if action.kind() == kind]


def test_it_starts_the_node_with_every_argument_used(describe):
    actions = describe()
    (node,) = of_kind(actions, "LifecycleNode")
    assert (node.package, node.executable, node.name) == (
        "humans4d_ros", "humans4d_node", "humans4d",
    )  # fmt: skip
    declared = {action.positional[0] for action in of_kind(actions, "DeclareLaunchArgument")}
    assert {"image", "camera_info", "namespace", "params_file"} <= declared
    assert declared == set(configurations(node))
    assert {topic for topic, _ in node.remappings} == {"image", "image/compressed", "camera_info"}


def configurations(value) -> list[str]:
    """Names of the launch arguments that an action uses, wherever they stand."""
    if isinstance(value, Recorded):
        if value.kind() == "LaunchConfiguration":
            return [value.positional[0]]
        return configurations(list(vars(value).values()))
    if isinstance(value, dict):
        return configurations(list(value.values()))
    if isinstance(value, (list, tuple)):
        return [name for item in value for name in configurations(item)]
    return []


def test_the_files_that_it_names_are_installed(describe):
    actions = describe()
    (parameters,) = [
        action.default_value
        for action in of_kind(actions, "DeclareLaunchArgument")
        if action.positional[0] == "params_file"
    ]
    profiles = {
        a.positional[0]: a.positional[1] for a in of_kind(actions, "SetEnvironmentVariable")
    }
    assert set(profiles) == {PROFILE_VARIABLES["kilted"]}
    for path in (parameters, *profiles.values()):
        assert os.path.isfile(path), path


@pytest.mark.parametrize("distribution", PROFILE_VARIABLES)
def test_it_sets_the_profile_variable_that_the_distribution_reads(
    describe, monkeypatch, distribution
):
    monkeypatch.setenv("ROS_DISTRO", distribution)
    (action,) = of_kind(describe(), "SetEnvironmentVariable")
    assert action.positional[0] == PROFILE_VARIABLES[distribution]


@pytest.mark.parametrize("distribution", PROFILE_VARIABLES)
def test_a_profile_of_the_users_own_is_left_alone(describe, monkeypatch, distribution):
    monkeypatch.setenv("ROS_DISTRO", distribution)
    monkeypatch.setenv(PROFILE_VARIABLES[distribution], "/own/profile.xml")
    assert of_kind(describe(), "SetEnvironmentVariable") == []


def test_the_real_launch_package_takes_it(config_folder):
    pytest.importorskip("launch_ros", reason="comes with ROS 2's packages, not with its wheels")
    from launch import LaunchContext
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    path = str(config_folder.parent / "launch/humans4d.launch.py")
    description = PythonLaunchDescriptionSource(path).get_launch_description(LaunchContext())
    assert {argument.name for argument in description.get_launch_arguments()} >= {
        "image", "camera_info", "namespace", "params_file",
    }  # fmt: skip
