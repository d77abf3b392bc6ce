import numpy as np
import pytest
from made_scenes import two_who_walk

from humans4d_core.errors import InputFileError
from humans4d_core.evaluation.comparison import compare
from humans4d_core.evaluation.results.evaluation_folder import EvaluationFolder
from humans4d_core.evaluation.scores.error_rows import error_rows, join_errors, write_errors
from humans4d_core.evaluation.scores.position_figures import position_figures, recall_figures
from humans4d_core.evaluation.scores.scene import Scene


def evaluated(path, scenes):
    errors = join_errors([error_rows(scene, False) for scene in scenes])
    figures = [*position_figures(errors), *recall_figures(errors)]
    path.mkdir()
    folder = EvaluationFolder(path)
    folder.write_json("scores.json", {"figures": [figure.as_dict() for figure in figures]})
    write_errors(path / "errors.parquet", [errors])
    return folder


def scenes(noise, lost=lambda people: np.zeros(len(people), bool), count=10):
    found = []
    for seed in range(count):
        scene = two_who_walk(noise, seed, name=f"clip {seed}")
        kept = scene.people.select(~lost(scene.people))
        found.append(Scene.of(scene.name, scene.images, kept, scene.truth))
    return found


def test_a_change_is_told_with_its_sign_and_an_interval(tmp_path):
    better = evaluated(tmp_path / "better", scenes(0.1))
    worse = evaluated(tmp_path / "worse", scenes(0.3))
    differences, _ = compare(better, worse)
    mean = next(d for d in differences if (d.name, d.where) == ("position_error.mean", "all"))
    assert mean.value == pytest.approx(0.2 * np.sqrt(np.pi / 2), rel=0.15)
    assert 0 < mean.low < mean.value < mean.high
    back = next(d for d in compare(worse, better)[0] if d.name == "position_error.mean")
    assert back.value == pytest.approx(-mean.value)


def test_two_equal_runs_differ_by_nothing(tmp_path):
    first, second = (evaluated(tmp_path / name, scenes(0.1)) for name in ("a", "b"))
    differences, moments = compare(first, second)
    assert all(d.value == 0 for d in differences if d.value is not None)
    assert moments == []


def test_the_moments_that_differ_most_are_those_where_somebody_was_lost(tmp_path):
    def lost(people):
        return (people.track_id == 11) & (people.frame >= 10) & (people.frame <= 15)

    whole = evaluated(tmp_path / "whole", scenes(0.05, count=3))
    gap = evaluated(tmp_path / "gap", scenes(0.05, lost, count=3))
    differences, moments = compare(whole, gap)
    found = next(d for d in differences if (d.name, d.where) == ("found", "all"))
    assert found.value == pytest.approx(-100 * 6 / 80)
    assert found.high < 0
    worst = moments[:3]
    assert sorted(m.clip for m in worst) == ["clip 0", "clip 1", "clip 2"]
    assert all(10 <= m.frame <= 15 and m.person == 1 and m.second == 2.0 for m in worst)


def test_evaluations_without_anything_in_common_are_refused(tmp_path):
    first = evaluated(tmp_path / "a", scenes(0.1, count=2))
    (tmp_path / "b").mkdir()
    second = EvaluationFolder(tmp_path / "b")
    second.write_json("scores.json", {"figures": []})
    with pytest.raises(InputFileError, match="no figure in common"):
        compare(first, second)
    second.write_json("scores.json", {"figures": [3]})
    with pytest.raises(InputFileError, match="holds no figures"):
        compare(first, second)
