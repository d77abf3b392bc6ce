import re
import xml.etree.ElementTree as ElementTree

import pytest
from places import ROOT

from humans4d_core.errors import InputFileError
from humans4d_core.evaluation.criteria import judge, read_criteria, write_junit
from humans4d_core.evaluation.scores.figures import Figure

FIGURES = [
    Figure("position_error.p95", 0.4, "m", low=0.3, high=0.6, count=10),
    Figure("position_error.p95", 0.2, "m", "0 to 5 m", 0.1, 0.25, 5),
    Figure("image.HOTA", 61.0, "%", count=1),
    Figure("MPJPE.mean", None, "m"),
]


def judged(tmp_path, text, by_clip=None):
    path = tmp_path / "criteria.yaml"
    path.write_text(text)
    return judge(read_criteria(path), FIGURES, by_clip or {})


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("figure: position_error.p95\n    at_most: 0.5", ""),
        ("figure: position_error.p95\n    at_most: 0.3", "it is 0.4 m"),
        ("figure: position_error.p95\n    at_most: 0.5\n    certain: true",
         "the interval ends at 0.6 m"),
        ("figure: position_error.p95\n    where: 0 to 5 m\n    at_most: 0.25\n    certain: true",
         ""),
        ("figure: image.HOTA\n    at_least: 61", ""),
        ("figure: image.HOTA\n    at_least: 61.5", "it is 61 %"),
        ("figure: image.HOTA\n    at_least: 50\n    certain: true", "it has no interval"),
        ("figure: MPJPE.mean\n    at_most: 0.1", "nothing to tell it from"),
        ("figure: position_error.p95\n    where: 5 to 10 m\n    at_most: 1", "no row is"),
    ],
)  # fmt: skip
def test_bounds_are_met_or_the_reason_is_said(tmp_path, line, problem):
    (verdict,) = judged(tmp_path, f"criteria:\n  - {line}\n")
    assert verdict.is_met == (not problem)
    assert problem in verdict.problem


def test_one_clip_is_judged_by_its_own_figures(tmp_path):
    text = "criteria:\n  - {figure: image.HOTA, at_least: 70, clip: easy}\n"
    assert judged(tmp_path, text, {"easy": [Figure("image.HOTA", 80.0, "%")]})[0].is_met
    with pytest.raises(InputFileError, match="there is no clip easy"):
        judged(tmp_path, text, {"hard": []})


def test_a_class_of_scenes_is_judged_clip_by_clip(tmp_path):
    text = "criteria:\n  - {figure: image.HOTA, at_least: 70, clip: 'indoor_*'}\n"
    by_clip = {name: [Figure("image.HOTA", value, "%")] for name, value in
               (("indoor_1", 80.0), ("indoor_2", 60.0), ("street", 10.0))}  # fmt: skip
    first, second = judged(tmp_path, text, by_clip)
    assert first.is_met and not second.is_met
    assert second.criterion.title == "image.HOTA of indoor_2 at least 70"
    with pytest.raises(InputFileError, match="there is no clip indoor_"):
        judged(tmp_path, text, {"street": []})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("criteria:\n  - {figure: position_eror.p95, at_most: 1}\n", "position_error.p95"),
        ("criteria:\n  - {figure: image.HOTA}\n", "has no bound"),
        ("criteria:\n  - {figure: image.HOTA, atmost: 1}\n", "atmost"),
        ("criteria:\n  - {figure: image.HOTA, at_most: high}\n", "at_most"),
        ("criteria: 3\n", "list"),
        ("bounds: []\n", "called 'criteria'"),
        ("- 1\n", "called 'criteria'"),
    ],
)
def test_what_is_no_criterion_is_said(tmp_path, text, said):
    with pytest.raises(InputFileError, match=said):
        judged(tmp_path, text)


def test_verdicts_are_what_ci_systems_read(tmp_path):
    verdicts = judged(
        tmp_path,
        "criteria:\n  - {figure: image.HOTA, at_least: 90}\n"
        "  - {figure: image.HOTA, at_least: 9}\n",
    )
    write_junit(tmp_path / "criteria.xml", verdicts)
    root = ElementTree.parse(tmp_path / "criteria.xml").getroot()
    suite = root.find("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    failed, met = suite.findall("testcase")
    assert failed.find("failure").get("message") == "it is 61 %"
    assert met.find("failure") is None
    assert failed.get("name") == "image.HOTA at least 90"


def test_the_documented_criteria_are_ones(tmp_path):
    text = (ROOT / "docs/evaluation.md").read_text()
    path = tmp_path / "criteria.yaml"
    path.write_text(re.search(r"```yaml\n(.*?)```", text, re.S)[1])
    assert [c.figure for c in read_criteria(path)] == [
        "position_error.p95", "coverage.95", "image.IDF1"
    ]  # fmt: skip
