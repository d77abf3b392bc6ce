"""What the node is started with, as with `ros2 run`: refused in a sentence, or named if unused."""

import os

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

import rclpy
from humans4d_ros.process.node_process import run_node


def never():
    raise AssertionError("a node is made although its arguments are refused")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--log-level", "foo"], "Couldn't parse log level: '--log-level foo'"),
        (["--params-file", "/nowhere.yaml"], "/nowhere.yaml cannot be read"),
        (["--params-file", "/"], "/ is a folder"),
        (["--params-file", "/dev/zero"], "/dev/zero is a device"),
        (["-r", "image:=/front cam"], "image:=/front cam"),
        (["-p", "max_rate"], "-p max_rate"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_arguments_that_cannot_be_used_end_the_start_with_one_sentence(capfd, arguments, said):
    assert run_node(never, "humans4d", ["node", "--ros-args", *arguments]) == 1
    errors = capfd.readouterr().err
    (line,) = [line for line in errors.splitlines() if "[FATAL]" in line]
    assert said in line and "cannot start" in line
    assert "Traceback" not in errors
    assert not rclpy.ok()


@pytest.fixture(autouse=True)
def signals_as_before():
    """run_node takes the process's signals."""
    import signal

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP")]
    handlers = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


def test_what_has_no_effect_is_named(start_node, tmp_path):
    file = tmp_path / "params.yaml"
    file.write_text("human4d: {ros__parameters: {max_rate: 5.0}}\n")
    node = start_node(
        arguments=["--params-file", str(file)],
        max_rat="5.0",
        **{"qos_overrides./imag.subscription.depth": "2"},
    )
    node.wait_until_it_says("active: listening")
    node.wait_until_it_says("qos_overrides./imag.subscription.depth' has no effect")
    assert "'max_rat' has no effect, there is none: did you mean 'max_rate'?" in node.output
    assert "params.yaml has nothing for /humans4d: it is for /human4d" in node.output
    assert node.stop() == 0


@pytest.mark.parametrize("value", ["nonsense", "-5", "1000000000"])
def test_quality_that_makes_no_sense_ends_the_activation_with_a_sentence(start_node, value):
    policy = "reliability" if value == "nonsense" else "depth"
    node = start_node(**{f"qos_overrides./image.subscription.{policy}": value})
    node.wait_until_it_says("cannot activate: cannot listen to")
    assert node.wait() == 1
    assert "Traceback" not in node.output
