"""Each cue's switch is real, and the table says what it costs."""

import json
import sys
from functools import partial

import numpy as np
import pytest

from humans4d_core.errors import Humans4dError
from humans4d_core.evaluation.cue_ablation import (
    CAMERA_POSES,
    EVERYTHING,
    SWITCHES,
    cues_in_simulation,
    variants,
)
from humans4d_core.simulation.simulated_crowd import World
from humans4d_core.tracking import TrackerConfig


def test_every_switch_changes_one_thing():
    whole = TrackerConfig(start_score=0.5)
    trackers = variants(whole, None)
    assert list(trackers) == [EVERYTHING, *SWITCHES]
    for name, tracker in trackers.items():
        config = tracker.config
        changed = [k for k, v in vars(config).items() if v != getattr(whole, k)]
        assert len(changed) == (name != EVERYTHING)


@pytest.mark.slow
def test_lines_are_of_everything_each_cue_and_the_cameras_poses():
    pytest.importorskip("trackeval")
    heard = []
    lines = cues_in_simulation(["turning"], [0], World(), heard.append)
    assert heard == ["turning 0"]
    scores = {line.without: line.score for line in lines}
    assert list(scores) == [EVERYTHING, *SWITCHES, CAMERA_POSES]
    assert scores[EVERYTHING].hota > scores[CAMERA_POSES].hota
    # Who is recognised has an old person_id; ids of tracks do not know of it.
    assert scores["re-identification"] == scores[EVERYTHING]
    people = {line.without: line.people for line in lines}
    assert people["re-identification"] == scores["re-identification"]


@pytest.fixture
def run(humans4d):
    """Exit code, stdout and stderr of `humans4d evaluate cues ...`."""
    return partial(humans4d, "evaluate", "cues")


def test_a_table_of_the_simulation(run):
    pytest.importorskip("trackeval")
    code, out, _ = run("--scenario", "slow")
    assert code == 0
    heading, first, *others = out.splitlines()
    assert heading.split()[:4] == ["without", "HOTA", "AssA", "IDF1"]
    assert first.startswith(EVERYTHING)
    assert [line.split("  ")[0].strip() for line in others] == [*SWITCHES, CAMERA_POSES]


def test_a_sequence_of_images_with_boxes_and_truth(run, tmp_path):
    """Images of nobody, boxes that are given: whatever is recovered, every cue has its line."""
    pytest.importorskip("trackeval")
    import cv2

    rows = ""
    for k in range(1, 7):
        cv2.imwrite(str(tmp_path / f"{k}.png"), np.full((240, 320, 3), 90, np.uint8))
        rows += f"{k},1,{100 + k},40,60,160,1,1,1\n"
    (tmp_path / "gt.txt").write_text(rows)
    truth = tmp_path / "gt.txt"
    code, out, _ = run("--sequence", tmp_path, "--boxes", truth, "--truth", truth, "--fps", 5,
                       "--intrinsics", "300,300,160,120", "--json")  # fmt: skip
    assert code == 0
    assert [line["without"] for line in json.loads(out)] == [EVERYTHING, *SWITCHES]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--scenario", "mars"], "'mars' is not one of"),
        (["--sequence", "none.avi"], "--boxes, --truth"),
        (["--sequence", "x.avi", "--boxes", "no.txt", "--truth", "no.txt"], "does not exist"),
    ],
)
def test_mistakes_are_one_sentence_and_code_2(run, words, reason):
    pytest.importorskip("trackeval")
    code, out, err = run(*words)
    assert code == 2 and out == ""
    assert reason in err and err.count("\n") == 1


def test_without_trackeval_it_says_what_to_install(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "trackeval", None)
    code, _, err = run()
    assert code == 2 and ".[evaluate]" in err


def test_the_switches_are_checked():
    with pytest.raises(Humans4dError, match="use_joints"):
        TrackerConfig(use_joints="yes")
