"""ROS arguments of a process: refused in one sentence, and what has no effect is named."""

import os

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

import rclpy
from humans4d_ros.parameters.parameter_files import read_parameter_file
from humans4d_ros.process.ros_arguments import (
    ArgumentError,
    parameter_file_names,
    qos_without_effect,
    start_rclpy,
    without_effect,
)
from rclpy.parameter import Parameter
from rclpy.qos_overriding_options import QoSOverridingOptions
from std_msgs.msg import String

from humans4d_core.errors import Humans4dError


@pytest.fixture
def make_node():
    """make_node(namespace, **parameters) -> a node `humans4d` that knows max_rate, tf_timeout."""
    context = rclpy.Context()
    rclpy.init(context=context)
    nodes = []

    def make(namespace="", **given):
        overrides = [Parameter(name, value=value) for name, value in given.items()]
        node = rclpy.create_node(
            "humans4d", namespace=namespace, context=context, parameter_overrides=overrides
        )
        for name in ("max_rate", "tf_timeout"):
            node.declare_parameter(name, 1.0)
        nodes.append(node)
        return node

    yield make
    for node in nodes:
        node.destroy_node()
    context.try_shutdown()


@pytest.fixture
def file(tmp_path):
    """file(section) -> the parameter file of one section."""

    def make(*sections):
        path = tmp_path / "params.yaml"
        path.write_text("".join(f"{s}: {{ros__parameters: {{a: 1}}}}\n" for s in sections))
        return read_parameter_file(path)

    return make


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--log-level", "foo"], "'--log-level foo'. Error: Argument does not use a valid"),
        (["--params-file", "/nowhere.yaml"], "/nowhere.yaml cannot be read"),
        (["-r", "image:=/front cam"], "-r image:=/front cam"),
        (["-p", "max_rate"], "-p max_rate"),
        (["--foo", "x"], "--foo"),
        (["-r", "a\x1b[31m:=b"], "remap rule"),
    ],
)
def test_what_ros_refuses_is_one_sentence(arguments, sentence):
    with pytest.raises(Humans4dError) as raised:
        start_rclpy(["program", "--ros-args", *arguments])
    text = str(raised.value)
    assert sentence in text
    assert text.isprintable() and ".c:" not in text
    assert not rclpy.ok()


def test_an_argument_error_is_told_from_a_bad_file():
    with pytest.raises(ArgumentError):
        start_rclpy(["program", "--ros-args", "--log-level", "foo"])


def test_parameter_files_are_those_of_ros():
    words = ["x", "--params-file", "no", "--ros-args", "-p", "a:=1", "--params-file", "one.yaml",
             "--", "--params-file", "no", "--ros-args", "--params-file", "two.yaml"]  # fmt: skip
    assert parameter_file_names(words) == ["one.yaml", "two.yaml"]


def test_a_misspelled_parameter_is_named_with_the_one_that_was_meant(make_node):
    notes = without_effect(make_node(max_rat=5.0, quite_another=1, tf_timeout=0.5), [])
    assert len(notes) == 2
    assert "'max_rat' has no effect" in notes[0] and "did you mean 'max_rate'?" in notes[0]
    assert "'quite_another' has no effect" in notes[1] and "mean" not in notes[1]


def test_who_shares_a_file_complains_of_what_is_nearly_its_own(make_node, file):
    notes = without_effect(make_node(max_rat=5.0, quite_another=1), [file("other")], is_shared=True)
    assert len(notes) == 1 and "max_rat" in notes[0]


@pytest.mark.parametrize(
    "section", ["humans4d", "/humans4d", "'/**'", "'/*'", "'/**/humans4d'", "'/**/human*'"]
)
def test_a_section_for_the_node_is_no_news(make_node, file, section):
    assert without_effect(make_node(), [file(section)]) == []
    assert without_effect(make_node(), [file(section, "controller_server")]) == []


def test_a_section_for_a_node_below_a_namespace_is_no_news(make_node, file):
    node = make_node("robot")
    for section in ("/robot/humans4d", "robot/humans4d", "'/**'", "'/**/humans4d'", "'/*/*'"):
        assert without_effect(node, [file(section)]) == []
    for section in ("humans4d", "'/*'", "/left/humans4d"):
        (note,) = without_effect(node, [file(section)])
        assert "has nothing for /robot/humans4d" in note


def test_a_file_for_other_nodes_is_named(make_node, file):
    (note,) = without_effect(make_node(), [file("controller_server")])
    assert "has nothing for /humans4d: it is for /controller_server" in note
    (note,) = without_effect(make_node(), [file("'/**'", "human4d")])
    assert "'/human4d' is not this node" in note


def test_quality_for_a_topic_that_the_node_has_not_is_named(make_node):
    node = make_node(
        **{
            "qos_overrides./image.subscription.depth": 2,
            "qos_overrides./image.subscription.relability": "reliable",
            "qos_overrides./imag.subscription.depth": 2,
        }
    )
    options = QoSOverridingOptions.with_default_policies()
    node.create_subscription(String, "image", print, 1, qos_overriding_options=options)
    assert without_effect(node, []) == []
    notes = qos_without_effect(node)
    assert len(notes) == 2
    assert "relability" in notes[0] and "/imag." in notes[1]
