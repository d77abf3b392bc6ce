"""The program that runs adapters: which of them, and what stops it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")


class AdaptersProcess:
    def __init__(self, *names, environment=None):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "humans4d_ros.adapters", *names],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        self.output = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.output += line

    def wait(self) -> int:
        code = self.process.wait(60)
        self._reader.join(10)
        return code

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def start_adapters():
    started = []

    def start(*names, environment=None) -> AdaptersProcess:
        started.append(AdaptersProcess(*names, environment=environment))
        return started[-1]

    yield start
    for adapters in started:
        adapters.kill()


def test_all_that_are_installed_run_in_one_process_until_told_to_stop(
    rig, people, start_adapters, underlay
):
    adapters = start_adapters(environment=underlay)
    told = [
        rig.listen("people_msgs/msg/People", "/people"),
        rig.listen("vision_msgs/msg/Detection3DArray", "/humans4d/detections"),
        rig.listen("hri_msgs/msg/IdsList", "/humans/bodies/tracked"),
    ]
    rig.show(people, lambda: all(told))
    adapters.process.send_signal(signal.SIGINT)
    assert adapters.wait() == 0, adapters.output
    assert "Traceback" not in adapters.output


def test_only_those_that_are_named_run(rig, people, start_adapters, underlay):
    start_adapters("people", environment=underlay)
    told = rig.listen("people_msgs/msg/People", "/people")
    rig.show(people, lambda: told)
    assert not rig.node.get_publishers_info_by_topic("/humans4d/detections")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "there is nothing to adapt to"),
        (("people",), "the adapter 'people' needs the package people_msgs"),
        (("nav3",), "no adapter 'nav3': give one of rep155, detections, people"),
    ],
)
def test_what_cannot_run_says_why(start_adapters, underlay_is_needed, names, said):
    adapters = start_adapters(*names)
    assert adapters.wait() == 1
    assert said in adapters.output
    assert "Traceback" not in adapters.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-p", "id_prefix:=left/"), "cannot start: id_prefix is 'left/'"),
        (("-p", "id_prefix:=5"), "cannot start: Trying to set parameter 'id_prefix'"),
        (("--log-level", "foo"), "cannot start: ROS arguments: Couldn't parse log level"),
        (("--params-file", "/nowhere.yaml"), "cannot start: /nowhere.yaml cannot be read"),
    ],
)
def test_arguments_that_cannot_be_used_are_one_sentence(start_adapters, underlay, arguments, said):
    adapters = start_adapters("rep155", "--ros-args", *arguments, environment=underlay)
    assert adapters.wait() == 1
    assert said in adapters.output
    assert "Traceback" not in adapters.output


@pytest.fixture
def underlay_is_needed(underlay):
    """Skips where the machine itself has one of the packages."""
    script = (
        "from humans4d_ros.adapters import ADAPTERS as a; "
        "import sys; sys.exit(any(x.is_installed for x in a.values()))"
    )
    if subprocess.run([sys.executable, "-c", script]).returncode:
        pytest.skip("a package that the adapters adapt to is installed here")
