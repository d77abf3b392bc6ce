import json
from dataclasses import replace

import pytest

from humans4d_core.errors import Humans4dError, InputFileError
from humans4d_core.evaluation.results.evaluation_folder import Clip, EvaluationFolder, Plan
from humans4d_core.evaluation.results.fingerprints import LOOKED_AT, fingerprint

PLAN = Plan({"detector": "movenet"}, {"topic": None}, (Clip("a", "/a.mp4", "1"),
                                                       Clip("b", "/b.mp4", "2")))  # fmt: skip


def finish(folder, name):
    folder.unfinished(name).mkdir(parents=True)
    (folder.unfinished(name) / "summary.json").write_text("{}")
    folder.finish(name)


def test_what_is_finished_is_kept_and_what_was_begun_is_not(tmp_path):
    folder = EvaluationFolder(tmp_path / "out")
    assert [c.name for c in folder.begin(PLAN)] == ["a", "b"]
    finish(folder, "a")
    folder.unfinished("b").mkdir()
    assert [c.name for c in EvaluationFolder(tmp_path / "out").begin(PLAN)] == ["b"]
    assert not folder.unfinished("b").exists()
    assert [c.name for c in folder.finished_clips()] == ["a"]


def test_clips_may_be_added_and_stay(tmp_path):
    folder = EvaluationFolder(tmp_path / "out")
    folder.begin(PLAN)
    finish(folder, "a")
    more = replace(PLAN, clips=(Clip("c", "/c.mp4", "3"),))
    assert [c.name for c in folder.begin(more)] == ["b", "c"]
    assert [c.name for c in folder.plan().clips] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (replace(PLAN, settings={"detector": "nanodet"}), "detector was movenet and is nanodet"),
        (replace(PLAN, options={"topic": "/x"}), "topic was None and is /x"),
        (replace(PLAN, clips=(Clip("a", "/a.mp4", "9"),)), "/a.mp4 is another file"),
        (replace(PLAN, clips=(Clip("a", "/a.mp4", "1", boxes="/b.txt"),)), "boxes of a are other"),
    ],
)
def test_another_evaluation_is_not_mixed_in(tmp_path, changed, said):
    folder = EvaluationFolder(tmp_path / "out")
    folder.begin(PLAN)
    with pytest.raises(Humans4dError, match=said):
        folder.begin(changed)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(Humans4dError, match="something else"):
        EvaluationFolder(tmp_path).begin(PLAN)
    with pytest.raises(InputFileError, match="plan.json"):
        EvaluationFolder(tmp_path).plan()


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"clips": 3}', "[" * 100_000,
        '{"settings": {}, "options": {}, "clips": [{"x": 1}]}',
    ],
)  # fmt: skip
def test_a_plan_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(InputFileError):
        EvaluationFolder(tmp_path).plan()


def test_a_plan_is_read_as_it_was_written(tmp_path):
    folder = EvaluationFolder(tmp_path / "out")
    folder.begin(PLAN)
    assert folder.plan() == PLAN
    assert json.loads(folder.plan_path.read_text())["settings"] == {"detector": "movenet"}


def test_fingerprints_tell_files_apart_by_content_name_and_size(tmp_path):
    def made(name, content):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path

    a, b = made("a", b"x" * 100), made("b", b"x" * 100)
    assert fingerprint(a) == fingerprint(b) != fingerprint(made("c", b"x" * 99 + b"y"))
    for folder, name in (("f", "x"), ("g", "x"), ("h", "y")):
        (tmp_path / folder).mkdir()
        made(f"{folder}/{name}", b"1")
    assert fingerprint(tmp_path / "f") == fingerprint(tmp_path / "g")
    assert fingerprint(tmp_path / "f") != fingerprint(tmp_path / "h")
    large = made("large", bytes(2 * LOOKED_AT + 10))
    before = fingerprint(large)
    with large.open("r+b") as file:
        file.seek(2 * LOOKED_AT + 5)
        file.write(b"x")
    assert fingerprint(large) != before
