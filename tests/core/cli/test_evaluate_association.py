import json

import pytest

pytest.importorskip("trackeval", reason="pip install '.[evaluate]'")

INFO = "[Sequence]\nframeRate=10\nseqLength=40\nimWidth=640\nimHeight=480\n"


def sequence(folder, steps=40):
    """Two people walk past each other, one at a time seen by a detector of the scores .9."""
    folder.mkdir()
    truth, boxes = [], []
    for frame in range(1, steps + 1):
        for name, x in ((1, 100 + 5 * frame), (2, 500 - 5 * frame)):
            truth.append(f"{frame},{name},{x},{100 + 60 * name},40,100,1,1\n")
            boxes.append(f"{frame},-1,{x},{100 + 60 * name},40,100,.9\n")
    (folder / "gt.txt").write_text("".join(truth))
    (folder / "det.txt").write_text("".join(boxes))
    (folder / "seqinfo.ini").write_text(INFO)
    return folder


def test_figures_of_each_sequence_and_their_mean(humans4d, tmp_path):
    folders = [sequence(tmp_path / name) for name in ("first", "second")]
    file = tmp_path / "figures.json"
    code, out, errors = humans4d("evaluate", "association", *folders, "--json", file)
    assert code == 0, errors
    result = json.loads(file.read_text())
    assert result["sequences"].keys() == {"first", "second"}
    ours = result["sequences"]["first"]["ours"]
    assert ours["HOTA"] > 90 and ours["handovers"] == 0 and ours["switches"] == 0
    assert result["sequences"]["first"]["perfect_ids"]["IDF1"] == 100
    assert "focal length guessed" in errors
    assert [line.split()[0] for line in out.splitlines()][-1] == "mean"


def test_a_thinned_sequence_is_one_more(humans4d, tmp_path):
    folder = sequence(tmp_path / "walk")
    code, out, errors = humans4d("evaluate", "association", folder, "--thin", 1, "--thin", 2)
    assert code == 0, errors
    assert {line.split()[0] for line in out.splitlines()[1:]} == {"walk", "walk/2", "mean"}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--fps", 0), "--fps is 0"),
        (("--focal", -1), "--focal is -1"),
        (("--set", "tracker.no=1"), "tracker.no=1: give NAME=VALUE"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(humans4d, tmp_path, options, reason):
    code, _, errors = humans4d("evaluate", "association", sequence(tmp_path / "walk"), *options)
    assert code == 2 and reason in errors and "Traceback" not in errors
