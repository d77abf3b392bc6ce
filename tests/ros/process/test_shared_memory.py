"""Shared memory of a killed process is given back at the next start; nobody else's is touched."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.process.shared_memory import FOLDER, SharedMemoryRecord, give_back
from node_processes import shared_memory

NAME = "fastdds_0123456789abcdef"
#: Makes a segment as Fast DDS does, in the folder that is given, writes its record and waits.
OWNER = """
import fcntl, os, sys
from pathlib import Path
from humans4d_ros.process.shared_memory import SharedMemoryRecord
folder, names = Path(sys.argv[1]), sys.argv[2:]
files = []
for name in names:
    (folder / name).write_bytes(bytes(70_000))
    files.append(open(folder / f"{name}_el", "w"))
    fcntl.flock(files[-1], fcntl.LOCK_EX)
record = SharedMemoryRecord(folder=folder)
print("ready", flush=True)
sys.stdin.readline()
record.close()
"""
#: A ROS program of ours.
ROS_PROGRAM = """
import sys
from humans4d_ros.process.ros_session import ros_node
with ros_node("owner") as node:
    print("ready", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def start():
    started = []

    def start(code, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def kill(process) -> None:
    process.kill()
    process.wait()


def test_what_a_killed_process_left_is_removed(start, tmp_path):
    kill(start(OWNER, tmp_path, NAME, "fastrtps_fedcba9876543210"))
    assert len(names(tmp_path)) == 5
    told = []
    SharedMemoryRecord(told.append, tmp_path)
    assert names(tmp_path) == []
    assert "gave back 0 MB of shared memory that killed processes left" in told[0]


def test_what_a_living_process_has_stays(start, tmp_path):
    owner = start(OWNER, tmp_path, NAME)
    before = names(tmp_path)
    assert len(before) == 3
    assert give_back(tmp_path) == 0
    assert names(tmp_path) == before
    owner.communicate("\n")
    assert not [name for name in names(tmp_path) if name.startswith("humans4d_")]


def test_what_nobody_of_ours_wrote_down_stays(tmp_path):
    (tmp_path / NAME).touch()
    (tmp_path / f"{NAME}_el").touch()
    (tmp_path / "fastdds_port7411").touch()
    give_back(tmp_path)
    assert len(names(tmp_path)) == 3


def test_another_file_under_the_same_name_stays(start, tmp_path):
    kill(start(OWNER, tmp_path, NAME))
    (tmp_path / NAME).rename(tmp_path / "elsewhere")  # keeps its inode
    (tmp_path / NAME).write_bytes(b"of another program")
    give_back(tmp_path)
    assert (tmp_path / NAME).read_bytes() == b"of another program"


def test_a_segment_whose_lock_somebody_holds_stays(start, tmp_path):
    kill(start(OWNER, tmp_path, NAME))
    with open(tmp_path / f"{NAME}_el") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        give_back(tmp_path)
        assert (tmp_path / NAME).exists()
    give_back(tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "text", ["{", "../victim 1", "victim 1", "victim", "\xff" * 70_000, f"{NAME} x", f"{NAME} 1"]
)
def test_a_record_that_says_nonsense_removes_nothing(tmp_path, text):
    folder = tmp_path / "shm"
    folder.mkdir()
    victims = (tmp_path / "victim", folder / "victim", folder / NAME)
    for victim in victims:
        victim.touch()
    for victim in victims[:2]:
        text = text.replace("victim 1", f"victim {victim.stat().st_ino}")
        (folder / f"humans4d_{victim.stat().st_ino}").write_text(text, encoding="latin-1")
    SharedMemoryRecord(folder=folder)
    assert all(victim.exists() for victim in victims)


def test_a_link_or_a_pipe_under_a_records_name_is_left_alone(tmp_path):
    target = tmp_path / "target"
    target.write_text(f"{NAME} 1")
    folder = tmp_path / "shm"
    folder.mkdir()
    (folder / "humans4d_link").symlink_to(target)
    os.mkfifo(folder / "humans4d_pipe")
    give_back(folder)
    assert target.exists() and len(names(folder)) == 2


@pytest.mark.skipif(not FOLDER.is_dir(), reason="this system has no /dev/shm")
def test_segments_of_a_killed_ros_program_are_gone_after_the_next_start(start):
    def segments() -> set[str]:
        return {n for n in os.listdir(FOLDER) if n.startswith("fast") and "port" not in n}

    before = segments()
    killed = start(ROS_PROGRAM)
    # Its own: other tests' programs come and go meanwhile.
    left = {Path(file).name for file in shared_memory(killed.pid)} & (segments() - before)
    if not left:
        pytest.skip("the middleware keeps nothing in /dev/shm")
    kill(killed)
    assert left <= segments()
    start(ROS_PROGRAM)
    assert not left & segments()
