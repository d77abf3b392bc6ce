import json
import sys
from functools import partial

import pytest


@pytest.fixture
def run(humans4d):
    """Exit code, stdout and stderr of `humans4d evaluate ...`."""
    return partial(humans4d, "evaluate")


@pytest.fixture
def files(tmp_path):
    truth = "".join(
        f"{f},{i},{200 * i},{50 + f},40,100,1,-3.2,4.1,0\n" for f in range(1, 11) for i in (1, 2)
    )
    half = "".join(line + "\n" for line in truth.splitlines() if line.split(",")[1] == "1")
    (tmp_path / "gt.txt").write_text(truth)
    (tmp_path / "half.txt").write_text(half)
    return tmp_path


def test_scores_of_files_as_a_table(run, files):
    pytest.importorskip("trackeval")
    code, out, _ = run(
        "tracking", files / "gt.txt", files / "half.txt", "--truth", files / "gt.txt"
    )
    assert code == 0
    heading, perfect, half = (line.split() for line in out.splitlines())
    assert heading[2:] == [
        "HOTA",
        "DetA",
        "AssA",
        "MOTA",
        "IDF1",
        "switches",
        "fragments",
        "tracks",
    ]
    assert perfect == ["gt", "100.0", "100.0", "100.0", "100.0", "100.0", "0", "0", "2"]
    assert half[0] == "half" and half[4] == "50.0" and half[-1] == "1"


def test_scores_of_files_as_json_under_a_chosen_name(run, files):
    pytest.importorskip("trackeval")
    code, out, _ = run(
        "tracking", files / "half.txt", "--truth", files / "gt.txt", "--name", "mine", "--json"
    )
    assert code == 0
    assert json.loads(out)["mine"]["mota"] == pytest.approx(50)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["none.txt", "--truth", "gt.txt"], "none.txt cannot be read"),
        (["gt.txt", "--truth", "gt.txt", "--name", "a", "--name", "b"], "2 names for 1 files"),
        (["gt.txt", "gt.txt", "--truth", "gt.txt"], "one name"),
        (["gt.txt", "--truth", "gt.txt", "--benchmark", "MOT3"], "MOT3"),
    ],
)
def test_mistakes_are_one_sentence_and_code_2(run, files, monkeypatch, words, reason):
    monkeypatch.chdir(files)
    code, out, err = run("tracking", *words)
    assert code == 2
    assert out == ""
    assert reason in err and err.count("\n") == 1


def test_simulation_needs_a_known_scenario_and_trackeval(run, monkeypatch):
    pytest.importorskip("trackeval")
    code, _, err = run("simulation", "--scenario", "mars")
    assert code == 2 and "'mars'" in err
    monkeypatch.setitem(sys.modules, "trackeval", None)
    code, _, err = run("simulation", "--scenario", "crossing")
    assert code == 2 and ".[evaluate]" in err


def test_simulation_gives_one_line_a_tracker(run):
    pytest.importorskip("trackeval")
    code, out, _ = run("simulation", "--scenario", "slow", "--json")
    assert code == 0
    lines = json.loads(out)["lines"]
    assert [line["tracker"] for line in lines[:3]] == [
        "default",
        "default, person_id",
        "phalp-costs",
    ]
    assert {line["scenario"] for line in lines} == {"slow"}
    assert 0 < lines[0]["score"]["hota"] < 100
