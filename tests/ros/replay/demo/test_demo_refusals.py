"""What the demo cannot use, and what it does not touch."""

import os
from pathlib import Path

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.replay.demo.run_demo import main


def text_file(path: Path) -> Path:
    path.write_text("no video at all\n" * 100)
    return path


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--video", "missing.mp4"], "missing.mp4 does not exist"),
        (["--video", "notes.mp4"], "notes.mp4 is a text file, not a video"),
        (["--bag", "nowhere"], "nowhere is not a rosbag2"),
        (["--camera", "97"], "camera 97 cannot be opened"),
        (["--bag", "nowhere", "--fps", "5"], "leave out --fps"),
        (["--video", "notes.mp4", "--topic", "/image"], "--topic picks an image topic of a bag"),
        (["--fov", "60"], "give --video FILE too"),
    ],
)
def test_bad_input_is_one_sentence(arguments, sentence, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    text_file(tmp_path / "notes.mp4")
    code = main([*arguments, "--cache", str(tmp_path / "cache"), "--output", str(tmp_path / "out")])
    errors = capfd.readouterr().err
    assert code == 2
    assert sentence in errors and errors.count("error:") == 1 and "Traceback" not in errors


def test_video_that_cannot_be_downloaded_names_the_alternatives(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("PATH", str(tmp_path))
    code = main(["--cache", str(tmp_path / "cache"), "--output", str(tmp_path / "out")])
    errors = capfd.readouterr().err
    assert code == 2
    assert "there is no apt-get here" in errors
    assert all(option in errors for option in ("--video", "--bag", "--camera"))


def test_never_removes_files_that_are_not_its_own(pedestrian_bag, tmp_path, capfd):
    (tmp_path / "recording").mkdir()
    (tmp_path / "recording" / "thesis.txt").write_text("years of work")
    code = main(["--bag", str(pedestrian_bag), "--output", str(tmp_path)])
    assert code == 2 and "cannot make room" in capfd.readouterr().err
    assert (tmp_path / "recording" / "thesis.txt").is_file()
