"""Parameters: described, checked, read into one object, and changed while the node runs."""

import os

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

import rclpy
import yaml
from humans4d_ros.parameters import parameter_docs
from humans4d_ros.parameters.parameter_access import (
    LiveParameters,
    declare_parameters,
    is_ours,
    read_parameters,
)
from humans4d_ros.parameters.parameter_table import PARAMETERS, NodeParameters, Settings
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.parameter import Parameter

from humans4d_core.config import PipelineConfig
from humans4d_core.errors import Humans4dError


@pytest.fixture
def make_bare_node():
    """make_bare_node(overrides) -> a node that has declared nothing yet."""
    context = rclpy.Context()
    rclpy.init(context=context)
    nodes = []

    def make(overrides):
        overrides = [Parameter(name, value=value) for name, value in overrides.items()]
        nodes.append(rclpy.create_node("node", context=context, parameter_overrides=overrides))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()
    context.try_shutdown()


@pytest.fixture
def make_node(make_bare_node):
    """make_node(overrides) -> a node with the parameters declared."""

    def make(overrides):
        node = make_bare_node(overrides)
        declare_parameters(node)
        return node

    return make


@pytest.fixture
def live(make_bare_node):
    """live(**overrides) -> LiveParameters of a configured node, and change(**parameters)."""

    def make(**overrides):
        node = make_bare_node(overrides)
        parameters = LiveParameters(node)
        parameters.configure()

        def change(**changes):
            wanted = [Parameter(k.replace("__", "."), value=v) for k, v in changes.items()]
            return node.set_parameters_atomically(wanted)

        return parameters, change

    return make


def test_what_is_not_given_has_its_default(make_node):
    assert read_parameters(make_node({})) == Settings(NodeParameters(), PipelineConfig())


def test_what_is_given_is_read(make_node):
    node = make_node({"threads": 2, "publish_tf": False, "tracker.occluded_seconds": 1.5})
    settings = read_parameters(node)
    assert (settings.pipeline.threads, settings.node.publish_tf) == (2, False)
    assert settings.pipeline.tracker.occluded_seconds == 1.5


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


@pytest.mark.parametrize("name", ["detector", "recovery", "image_transport", "tracking"])
def test_an_unknown_word_is_refused_with_the_known_ones(make_node, name):
    node = make_node({name: "nonsense"})
    with pytest.raises(Humans4dError, match=f"{name} is 'nonsense': give one of .+"):
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
    of_tracker = stated.pop("tracker")
    flat = {**stated, **{f"tracker.{name}": value for name, value in of_tracker.items()}}
    assert flat == {name: parameter.default for name, parameter in PARAMETERS.items()}


def test_what_is_generated_from_the_table_is_up_to_date(config_folder):
    mend = "run ./run exec python -m humans4d_ros.parameters.parameter_docs"
    assert (config_folder / "humans4d.yaml").read_text() == parameter_docs.yaml(), mend
    docs = config_folder.parents[3] / "docs" / "parameters.md"
    assert docs.read_text() == parameter_docs.markdown(), mend


def test_a_live_parameter_changes_the_settings_as_a_whole(live):
    parameters, change = live(threads=2)
    before = parameters.settings
    assert change(publish_vertices=False, tracker__confirm_seconds=0.2).successful
    after = parameters.settings
    assert (after.node.publish_vertices, after.pipeline.tracker.confirm_seconds) == (False, 0.2)
    assert after.pipeline.threads == 2
    assert before.node.publish_vertices
    assert before.pipeline == PipelineConfig(threads=2)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"detector": "nanodet"}, "detector can change while the node is unconfigured only"),
        ({"tracker__use_appearance": False}, "tracker.use_appearance can change while"),
        ({"publish_tf": False, "threads": 3}, "threads can change while"),
        ({"tracker__start_score": 0.05}, "start_score is 0.05: give 0, or 0.1 to 1"),
        ({"tracker__walking_speed": -1.0}, "walking_speed is -1: give a number above 0"),
        (
            {"tracker__walking_speed": 1e30},
            "is 1e+30: give a number above 0, 0.05 to 10",
        ),
        ({"tracker__confirm_seconds": 1e300}, "confirm_seconds is 1e+300: give 0 to 60"),
        ({"tracker__confirm_hits": 2**62}, "confirm_hits is 4.61169e+18: give a number"),
        ({"restart_seconds": 1e9}, "restart_seconds"),
        ({"tf_timeout": 11.0}, "tf_timeout"),
    ],
)
def test_a_refused_change_says_why_and_changes_nothing(live, changes, told):
    parameters, change = live()
    before = parameters.settings
    result = change(**changes)
    assert not result.successful
    assert told in result.reason
    assert parameters.settings is before


def test_setting_a_fixed_parameter_to_what_it_is_is_no_change(live):
    _, change = live(threads=2)
    assert change(threads=2, detector=PARAMETERS["detector"].default).successful


def test_values_that_must_fit_each_other_change_together(live):
    parameters, change = live()
    assert change(tracker__continue_score=0.01, tracker__start_score=0.05).successful
    assert parameters.settings.pipeline.tracker.start_score == 0.05


def test_a_tracker_with_its_own_constants_takes_no_others(live):
    _, change = live(tracking="phalp-costs")
    result = change(tracker__confirm_seconds=1.0)
    assert not result.successful
    assert "the tracker is phalp-costs" in result.reason


def test_an_unconfigured_node_takes_everything_but_unknown_words(live):
    parameters, change = live()
    parameters.release()
    assert change(detector="nanodet").successful
    result = change(detector="nonsense")
    assert not result.successful
    assert "give one of nanodet, movenet" in result.reason
    assert parameters.configure().pipeline.detector.name == "nanodet"


def test_an_unconfigured_node_takes_no_value_out_of_range(live):
    parameters, change = live()
    parameters.release()
    result = change(tracker__velocity_seconds=1e-300)
    assert not result.successful
    assert "velocity_seconds is 1e-300: give a number above 0, 0.1 to 60" in result.reason


def test_every_number_has_a_range():
    for name, parameter in PARAMETERS.items():
        if type(parameter.default) in (int, float):
            low, high = parameter.info.low, parameter.info.high
            assert low <= parameter.default <= high < float("inf"), name


@pytest.mark.parametrize("distribution", ["humble", "later"])
def test_the_hand_over_works_with_the_callbacks_of_each_distribution(
    live, monkeypatch, distribution
):
    if distribution == "humble":
        monkeypatch.delattr(rclpy.node.Node, "add_post_set_parameters_callback", raising=False)
    parameters, change = live()
    before = parameters.settings
    assert not change(threads=1, publish_tf=False).successful
    assert parameters.settings is before
    assert change(publish_tf=False).successful
    assert not parameters.settings.node.publish_tf
