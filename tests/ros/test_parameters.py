"""Parameters: described, checked, and read into one object."""

import os
from dataclasses import fields

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

import rclpy
import yaml
from humans4d_ros.parameters import (
    NodeParameters,
    ParameterError,
    declare_parameters,
    is_ours,
    read_parameters,
)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.parameter import Parameter

from humans4d_core.errors import Humans4dError
from humans4d_core.tracking import TrackerConfig


@pytest.fixture
def make_node():
    """make_node(**overrides) -> a node with the parameters declared."""
    context = rclpy.Context()
    rclpy.init(context=context)
    nodes = []

    def make(overrides):
        overrides = [Parameter(name, value=value) for name, value in overrides.items()]
        nodes.append(rclpy.create_node("node", context=context, parameter_overrides=overrides))
        declare_parameters(nodes[-1])
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()
    context.try_shutdown()


def test_what_is_not_given_has_its_default(make_node):
    parameters, tracker = read_parameters(make_node({}))
    assert parameters == NodeParameters()
    assert tracker == TrackerConfig()


def test_what_is_given_is_read(make_node):
    node = make_node({"threads": 2, "publish_tf": False, "tracker.occluded_seconds": 1.5})
    parameters, tracker = read_parameters(node)
    assert (parameters.threads, parameters.publish_tf) == (2, False)
    assert tracker.occluded_seconds == 1.5


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("horizontal_fov", 4.0, InvalidParameterValueException),
        ("threads", -1, InvalidParameterValueException),
        ("horizontal_fov", "wide", InvalidParameterTypeException),
    ],
)
def test_a_value_out_of_range_or_of_another_type_is_refused_at_once(make_node, name, value, error):
    with pytest.raises(error, match=name):
        make_node({name: value})


@pytest.mark.parametrize("name", ["detector", "recovery", "image_transport"])
def test_an_unknown_word_is_refused_with_the_known_ones(make_node, name):
    node = make_node({name: "nonsense"})
    with pytest.raises(ParameterError, match=f"'{name}' is 'nonsense': give one of .+"):
        read_parameters(node)


def test_the_trackers_own_limits_hold(make_node):
    node = make_node({"tracker.start_score": 2.0})
    with pytest.raises(Humans4dError, match="start_score is 2"):
        read_parameters(node)


def test_every_parameter_is_described(make_node):
    node = make_node({})
    for name in filter(is_ours, node.get_parameters_by_prefix("")):
        assert len(node.describe_parameter(name).description) > 10, name


def test_the_shipped_file_states_the_defaults(config_folder):
    text = (config_folder / "humans4d.yaml").read_text()
    stated = yaml.safe_load(text)["/**"]["ros__parameters"]
    assert stated == {field.name: field.default for field in fields(NodeParameters)}
