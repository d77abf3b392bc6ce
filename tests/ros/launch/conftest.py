"""Launch files, resolved by a stand-in for `launch`."""

import importlib.util
import os
from pathlib import Path

import pytest

NEEDED = {
    "replay.launch.py": {"bag": str(Path(__file__).parent), "output": "no_such_folder"},
    "cameras.launch.py": {"cameras": "front,left"},
}


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


@pytest.fixture
def rviz_installed(tmp_path, monkeypatch):
    """A prefix with a program called rviz2."""
    index = tmp_path / "prefix/share/ament_index/resource_index/packages"
    program = tmp_path / "prefix/lib/rviz2/rviz2"
    for folder in (index, program.parent):
        folder.mkdir(parents=True)
    (index / "rviz2").touch()
    program.touch()
    monkeypatch.setenv(
        "AMENT_PREFIX_PATH", f"{tmp_path / 'prefix'}:{os.environ['AMENT_PREFIX_PATH']}"
    )


@pytest.fixture
def adapters_installed(monkeypatch):
    """What the launch file asks Python for, but hri_msgs, is there."""
    find = importlib.util.find_spec

    def find_spec(name, *rest):
        found = {"hri_msgs": None, "vision_msgs": find("os"), "people_msgs": find("os")}
        return found[name] if name in found else find(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
