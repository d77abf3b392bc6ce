"""humans4d evaluate run, score and compare, on sequences made here with people in given boxes."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from browser_page import Page, needs_browser
from made_sequences import RATE, make_sequence
from waiting import wait_for

from humans4d_core.cli import main as cli

pytest.importorskip("trackeval")

COMMAND = [sys.executable, "-m", "humans4d_core.cli.main", "evaluate"]
UPRIGHT = ("--set", "recovery=upright", "--set", "tracker.use_images=false")


@pytest.fixture
def sequences(tmp_path):
    return [make_sequence(tmp_path / f"walk{k}", seed=k) for k in range(2)]


def boxes(*sequences):
    return [word for each in sequences for word in ("--boxes", str(each / "gt" / "gt.txt"))]


def evaluate(*arguments):
    """In this process: the exit code, what was said, and what was said of errors."""
    said, errors = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(errors),
        pytest.raises(SystemExit) as end,
    ):  # fmt: skip
        patch.setattr(sys, "argv", ["humans4d", "evaluate", *map(str, arguments)])
        cli.main()
    return SimpleNamespace(
        returncode=end.value.code or 0, stdout=said.getvalue(), stderr=errors.getvalue()
    )


def run(*arguments):
    return evaluate("run", *arguments, *UPRIGHT)


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """(folder of the evaluation, what was said, the two sequences)."""
    root = tmp_path_factory.mktemp("evaluated")
    pair = [make_sequence(root / f"walk{k}", seed=k) for k in range(2)]
    criteria = root / "good.yaml"
    criteria.write_text("criteria:\n  - {figure: image.HOTA, at_least: 80}\n")
    done = run(*pair, "-o", root / "out", *boxes(*pair), "--criteria", criteria)
    assert done.returncode == 0, done.stderr
    return root / "out", done.stdout, pair


def test_tables_figures_and_report_are_there(evaluated):
    out, said, _ = evaluated
    for clip in ("walk0", "walk1"):
        names = {path.name for path in (out / "clips" / clip).iterdir()}
        tables = {"tracks.parquet", "images.parquet", "times.parquet"}
        assert names - {"people"} == {*tables, "tracks.txt", "people.jsonl", "summary.json"}
    scores = json.loads((out / "scores.json").read_text())
    figures = {(f["name"], f["where"]): f["value"] for f in scores["figures"]}
    assert figures["image.HOTA", "all"] > 80
    assert figures["image.switches", "all"] == 0
    assert figures["time_to_confirmation.p50", "all"] <= 0.3
    assert set(scores["clips"]) == {"walk0", "walk1"}
    assert "report:" in said and "image.HOTA" in said
    people = pd.read_parquet(out / "clips/walk0/tracks.parquet")
    assert set(people["state"]) >= {"CONFIRMED"}
    assert people["pelvis_cam"].iloc[-1][2] > 1


def test_the_report_needs_nothing_from_elsewhere(evaluated):
    text = (evaluated[0] / "report.html").read_text()
    body = re.sub(r"<script>.*?</script>", "", text, flags=re.S)
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", body)
    assert "walk1" in body and "image.HOTA" in body and "All 1 criteria are met" in body


@pytest.mark.browser
@needs_browser
def test_the_report_opens_in_a_browser_and_fits_a_phone(evaluated):
    address = (evaluated[0] / "report.html").resolve().as_uri()
    with Page(address, 500, 900) as page:
        page.wait_for(lambda page: page.run("document.querySelectorAll('.main-svg').length") > 10)
        page.wait_for(lambda page: page.run("document.querySelectorAll('figure img').length") > 0)
        assert page.run("document.documentElement.scrollWidth <= window.innerWidth")
        widest = "Math.max(...[...document.querySelectorAll('.js-plotly-plot .main-svg')]"
        page.wait_for(
            lambda page: (
                page.run(f"{widest}.map(p => p.getBoundingClientRect().right))")
                <= page.run("window.innerWidth")
            )
        )
        assert {each for each in page.requests if not each.startswith("data:")} == {address}


def test_two_runs_give_the_same_bytes_alone_or_side_by_side(evaluated, tmp_path):
    out, _, pair = evaluated
    done = run(*pair, "-o", tmp_path / "again", *boxes(*pair), "--jobs", 2)
    assert done.returncode == 0, done.stderr
    for clip in ("walk0", "walk1"):
        for name in ("tracks.parquet", "images.parquet", "tracks.txt", "people.jsonl"):
            first, second = (f / "clips" / clip / name for f in (out, tmp_path / "again"))
            assert first.read_bytes() == second.read_bytes(), name
    assert (out / "errors.parquet").read_bytes() == (tmp_path / "again/errors.parquet").read_bytes()
    differences = json.loads(evaluate("compare", out, tmp_path / "again", "--json").stdout)
    assert all(d["value"] in (0, None) for d in differences["figures"])


def test_a_run_that_was_killed_goes_on_with_what_is_missing(tmp_path):
    pair = [make_sequence(tmp_path / "short", 10), make_sequence(tmp_path / "long", 200)]
    out = tmp_path / "out"
    arguments = [*COMMAND, "run", *map(str, pair), "-o", str(out), *boxes(*pair), *UPRIGHT]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: (out / "clips/.long.unfinished/people.jsonl").exists(), 120)
    finally:
        process.kill()
        process.wait(30)
    assert not (out / "clips/long").exists()
    before = (out / "clips/short/times.parquet").read_bytes()
    done = run(*pair, "-o", out, *boxes(*pair))
    assert done.returncode == 0, done.stderr
    assert "1 of 2 clips are finished already" in done.stdout
    assert (out / "clips/short/times.parquet").read_bytes() == before
    assert len(pd.read_parquet(out / "clips/long/images.parquet")) == 200


def test_a_clip_that_fails_is_named_and_the_others_are_done(tmp_path, sequences):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all" * 100)
    done = run(broken, sequences[0], "-o", tmp_path / "out", "--truth", sequences[0] / "gt/gt.txt",
               "--truth", sequences[0] / "gt/gt.txt", *boxes(*2 * sequences[:1]))  # fmt: skip
    assert done.returncode == 2
    assert "1 of 2 clips failed: broken" in done.stderr
    assert (tmp_path / "out/clips/walk0/tracks.parquet").is_file()
    assert (tmp_path / "out/report.html").is_file()


def test_a_process_that_dies_fails_its_clip_alone(tmp_path, sequences):
    out = tmp_path / "out"
    arguments = [*COMMAND, "run", *map(str, sequences), "-o", str(out), *boxes(*sequences),
                 *UPRIGHT, "--jobs", "2"]  # fmt: skip
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def children():
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
                command = (stat.parent / "cmdline").read_bytes()
            except OSError:
                continue
            if int(fields[1]) == process.pid and b"spawn_main" in command:
                found.append(int(stat.parent.name))
        return sorted(found)

    wait_for(lambda: len(children()) == 2, 120)
    time.sleep(0.2)
    os.kill(children()[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "its process ended with exit code -9" in errors
    assert len(list((out / "clips").glob("walk*"))) == 1


def test_criteria_that_are_not_met_end_with_1(evaluated, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(evaluated[0], out)
    criteria = tmp_path / "criteria.yaml"
    criteria.write_text("criteria:\n  - {figure: image.switches, at_most: 0}\n"
                        "  - {figure: image.HOTA, at_least: 100.5}\n")  # fmt: skip
    done = evaluate("score", out, "--criteria", criteria)
    assert done.returncode == 1
    assert 'failures="1"' in (out / "criteria.xml").read_text()
    assert "criteria are not met" in (out / "report.html").read_text()


def test_scores_are_computed_again_without_running_again(evaluated, tmp_path):
    out = evaluated[0]
    mine = tmp_path / "out"
    shutil.copytree(out, mine)
    before = (mine / "scores.json").read_bytes()
    (mine / "scores.json").unlink()
    assert evaluate("score", mine).returncode == 0
    assert (mine / "scores.json").read_bytes() == before


def test_another_camera_is_another_evaluation(evaluated, tmp_path):
    out, _, pair = evaluated
    mine = tmp_path / "out"
    shutil.copytree(out, mine)
    done = run(*pair, "-o", mine, *boxes(*pair), "--intrinsics", "300,300,160,120")
    assert done.returncode == 2 and "another evaluation" in done.stderr
    first = run(pair[0], "-o", tmp_path / "two", *boxes(pair[0]), "--intrinsics", "300,300,160,120")
    assert first.returncode == 0, first.stderr
    done = run(pair[0], "-o", tmp_path / "two", *boxes(pair[0]), "--intrinsics", "400,400,160,120")
    assert done.returncode == 2
    assert "intrinsics was 300,300,160,120 and is 400,400,160,120" in done.stderr


def test_a_clip_in_which_nobody_is_tells_how_many_false_people_there_are(tmp_path, sequences):
    (tmp_path / "nobody.txt").write_text("")
    done = run(sequences[0], "-o", tmp_path / "out", *boxes(sequences[0]),
               "--truth", tmp_path / "nobody.txt", "--truth-format", "mot")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "the truth names nobody" in done.stderr
    scores = json.loads((tmp_path / "out/scores.json").read_text())
    figures = {f["name"]: f["value"] for f in scores["figures"] if f["where"] == "all"}
    assert figures["false_people"] == pytest.approx(2 / (20 / RATE / 60))


def test_a_clip_without_truth_is_checked_by_itself(tmp_path, sequences):
    shutil.rmtree(sequences[0] / "gt")
    done = run(sequences[0], "-o", tmp_path / "out", *boxes(sequences[1]))
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "out/scores.json").read_text())["figures"]
    assert {f["name"].partition(".")[0] for f in figures} == {"self"}
    assert not (tmp_path / "out/errors.parquet").exists()
    assert "Who was shown by which id" in (tmp_path / "out/report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.mp4"], "does not exist"),
        (["EMPTY"], "is no video, folder of images, rosbag2 or sequence of boxes, and holds none"),
        (["SEQUENCE", "--truth", "a", "--truth", "b"], "2 times --truth for 1 inputs"),
        (["SEQUENCE", "--truth", "nowhere.txt"], "nowhere.txt does not exist"),
        (["SEQUENCE", "--truth-format", "motx"], "is not one of mot"),
        (["SEQUENCE", "--tolerance", "-1"], "is not between 0 and 3600"),
        (["SEQUENCE", "--criteria", "nowhere.yaml"], "nowhere.yaml"),
        (["SEQUENCE", "--set", "tracker.nonsense=1"], "give NAME=VALUE"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path, sequences, humans4d, arguments, said):
    (tmp_path / "empty").mkdir()
    names = {"EMPTY": tmp_path / "empty", "SEQUENCE": sequences[0]}
    chosen = [names.get(argument, argument) for argument in arguments]
    code, _, errors = humans4d("evaluate", "run", *chosen, "-o", tmp_path / "out")
    assert code == 2
    assert said in errors and errors.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_photographs_are_taken_one_by_one(tmp_path):
    folder = make_sequence(tmp_path / "walk", count=6)
    names, corners, people = [], [], 2
    for line in (folder / "gt" / "gt.txt").read_text().splitlines():
        frame, _, x, y, width, height = map(float, line.split(",")[:6])
        names.append(f"{frame:06.0f}.png")
        corners.append([(x, y, 1), (x + width, y + height, 1)])
    joints = np.random.default_rng(0).normal((0, 0, 0), 0.3, (len(names), 24, 3))
    truth = tmp_path / "truth.npz"
    known = np.ones((len(names), 24, 1))
    np.savez(truth, imgname=names, S=np.concatenate((joints, known), axis=2),
             part=np.tile(corners, (1, 12, 1)))  # fmt: skip
    out = tmp_path / "out"
    given = ("--boxes", folder / "gt" / "gt.txt", "--photographs")
    done = run(folder / "img1", "-o", out, "--truth", truth, *given)
    assert done.returncode == 0, done.stderr
    table = pd.read_parquet(out / "clips" / "img1" / "tracks.parquet")
    # Everybody in every image, the first one included, and nobody twice.
    assert len(table) == 6 * people and table.track_id.is_unique
    assert set(table.state) == {"CONFIRMED"}
    figures = {
        f["name"]: f["value"] for f in json.loads((out / "scores.json").read_text())["figures"]
    }
    assert figures["found"] == 100
    assert "--photographs" in evaluate("run", "--help").stdout


def test_a_sequence_of_boxes_without_images_is_run_too(tmp_path, sequences):
    folder = tmp_path / "imageless" / "walk0"
    (folder / "det").mkdir(parents=True)
    shutil.copytree(sequences[0] / "gt", folder / "gt")
    shutil.copy(sequences[0] / "seqinfo.ini", folder)
    shutil.copy(folder / "gt" / "gt.txt", folder / "det" / "det.txt")
    done = evaluate("run", tmp_path / "imageless", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "walk0: no images: bodies of average size" in done.stderr
    table = pd.read_parquet(tmp_path / "out" / "clips" / "walk0" / "tracks.parquet")
    assert set(table.track_id) == {1, 2} and (table.joint_confidence.map(max) == 0).all()
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    figures = {f["name"]: f["value"] for f in scores["figures"] if f["where"] == "all"}
    assert figures["image.IDF1"] > 90
    # With images the same boxes make the same tracks.
    with_images = run(sequences[0], "-o", tmp_path / "again", *boxes(sequences[0]))
    assert with_images.returncode == 0
    again = pd.read_parquet(tmp_path / "again" / "clips" / "walk0" / "tracks.parquet")
    assert again.track_id.tolist() == table.track_id.tolist()


@pytest.mark.parametrize("name", ["imWidth", "imHeight"])
def test_a_sequence_without_images_has_to_tell_their_size(tmp_path, sequences, name):
    folder = tmp_path / "imageless"
    folder.mkdir()
    info = (sequences[0] / "seqinfo.ini").read_text()
    (folder / "seqinfo.ini").write_text(info.replace(name, "other"))
    shutil.copy(sequences[0] / "gt" / "gt.txt", folder / "det.txt")
    done = evaluate("run", folder, "-o", tmp_path / "out")
    assert done.returncode == 2
    assert "has no imWidth and imHeight" in done.stderr


def test_every_figure_that_needs_no_truth_is_printed_on_request(evaluated):
    out, few, _ = evaluated
    done = evaluate("score", out, "--self-check")
    assert done.returncode == 0, done.stderr
    for name in ("id_churn", "ended_in_image", "bone_change.p95", "foot_height.p50",
                 "foot_skating.p50", "image_error.p50", "speed.p95", "jitter.p95",
                 "impossible_speed", "impossible_size"):  # fmt: skip
        assert f"self.{name} " in done.stdout
    assert "self.impossible_speed " not in few
