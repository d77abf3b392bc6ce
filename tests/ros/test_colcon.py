"""`colcon test` finds the packages' own tests, and they pass."""

import os
import subprocess
import sys
import xml.etree.ElementTree

import pytest
from places import ROOT

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

WORKSPACE = ROOT / "ros2_ws"


def test_colcon_runs_the_packages_tests_and_linters(tmp_path):
    # A build folder of its own: results go there, and the workspace's stays as it is.
    command = [
        *(sys.executable, "-c", "import sys; from colcon_core.command import main; main()"),
        *("--log-base", tmp_path / "log", "test", "--merge-install"),
        *("--base-paths", WORKSPACE / "src", "--packages-select", "humans4d_ros"),
        *("--build-base", tmp_path / "build", "--install-base", WORKSPACE / "install"),
    ]
    (tmp_path / "build/humans4d_ros").mkdir(parents=True)
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    results = tmp_path / "build/humans4d_ros/pytest.xml"
    assert results.is_file(), done.stdout + done.stderr
    (suite,) = xml.etree.ElementTree.parse(results).getroot().iter("testsuite")
    failures = [
        f"{case.get('name')}: {problem.get('message')}"
        for case in suite.iter("testcase")
        for problem in (*case.iter("failure"), *case.iter("error"))
    ]
    assert not failures
    assert int(suite.get("tests")) - int(suite.get("skipped")) >= 8
