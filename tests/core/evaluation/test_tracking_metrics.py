import sys

import numpy as np
import pytest

from humans4d_core.errors import Humans4dError, InputFileError
from humans4d_core.evaluation import score_tracks


def _two_people(frames=20):
    """Truth of two people who walk side by side: (R, 8)."""
    return np.array(
        [[f, i, 200 * i, 50 + f, 40, 100, 1, 1] for f in range(1, frames + 1) for i in (1, 2)],
        np.float64,
    )


@pytest.fixture
def trackeval():
    return pytest.importorskip("trackeval")


def test_perfect_tracker_has_everything_right(trackeval):
    truth = _two_people()
    score = score_tracks({"perfect": truth}, truth)["perfect"]
    assert (score.hota, score.det_a, score.ass_a, score.mota, score.idf1) == (100,) * 5
    assert (score.id_switches, score.fragments, score.tracks) == (0, 0, 2)


def test_swapped_ids_cost_association_but_not_detection(trackeval):
    truth = _two_people()
    swapped = truth.copy()
    late = swapped[:, 0] > 10
    swapped[late, 1] = 3 - swapped[late, 1]
    score = score_tracks({"swapped": swapped}, truth)["swapped"]
    assert score.det_a == 100
    assert score.ass_a < 60
    assert score.idf1 == 50
    assert score.id_switches == 2


def test_no_tracks_at_all_score_zero(trackeval):
    truth = _two_people()
    score = score_tracks({"nothing": truth[:0]}, truth)["nothing"]
    assert (score.hota, score.idf1, score.tracks) == (0, 0, 0)


def test_size_of_ids_and_names_of_trackers_do_not_matter(trackeval):
    truth = _two_people()
    renamed = truth.copy()
    renamed[:, 1] += 4_000_000_000
    scores = score_tracks({"a/../b": renamed, "": truth}, truth)
    assert scores["a/../b"] == scores[""]


def test_truth_marked_zero_is_not_missed(trackeval):
    truth = _two_people()
    seen = truth[truth[:, 1] == 1]
    truth[truth[:, 1] == 2, 6] = 0
    assert score_tracks({"one": seen}, truth)["one"].hota == 100


def test_world_coordinates_in_the_class_column_are_fine_for_mot15_alone(trackeval):
    truth = _two_people()
    truth[:, 7] = -4.2
    assert score_tracks({"perfect": truth}, truth, "MOT15")["perfect"].hota == 100
    with pytest.raises(InputFileError, match="score it as MOT15"):
        score_tracks({"perfect": truth}, truth, "MOT17")


def test_tracks_on_distractors_are_neither_hit_nor_miss(trackeval):
    truth = _two_people()
    truth[truth[:, 1] == 2, 7] = 8
    one = truth[truth[:, 1] == 1]
    scores = score_tracks({"both": truth, "one": one}, truth, "MOT17")
    assert scores["both"].hota == scores["one"].hota == 100


def test_wrong_requests_are_refused_in_a_sentence(trackeval):
    truth = _two_people()
    with pytest.raises(Humans4dError, match="MOT99"):
        score_tracks({"x": truth}, truth, "MOT99")
    unmarked = truth.copy()
    unmarked[:, 6] = 0
    with pytest.raises(InputFileError, match="no box of the truth counts"):
        score_tracks({"x": truth}, unmarked)
    with pytest.raises(InputFileError, match="frame 20"):
        score_tracks({"x": truth}, truth, num_frames=19)
    twice = np.concatenate((truth, truth[:1]))
    with pytest.raises(InputFileError, match="TrackEval cannot score"):
        score_tracks({"x": twice}, truth)


def test_missing_trackeval_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "trackeval", None)
    with pytest.raises(Humans4dError, match=r"pip install '\.\[evaluate\]'"):
        score_tracks({"x": _two_people()}, _two_people())
