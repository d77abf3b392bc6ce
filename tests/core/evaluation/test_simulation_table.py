import numpy as np
import pytest

from humans4d_core.evaluation.simulation_table import (
    BENCHMARK,
    Line,
    byte_track,
    evaluate_scenario,
    has_byte_track,
    mean_lines,
    truth_rows,
)
from humans4d_core.evaluation.tracking_metrics import TrackingScore, score_tracks
from humans4d_core.simulation.actors import Actor, Walk
from humans4d_core.simulation.scenarios import SCENARIOS, Scenario, Wall
from humans4d_core.simulation.simulated_crowd import Simulation, World


@pytest.fixture
def simulation(monkeypatch):
    """Two people far apart, one of whom passes behind a wall."""
    pytest.importorskip("trackeval")
    actors = (Actor((5, 2), (Walk((5, 0.8)),)), Actor((6, -0.5), (Walk((6, -3)),)))
    scenario = Scenario(3, 8, actors, (Wall((4, -1.2), (4, -0.8)),))
    monkeypatch.setitem(SCENARIOS, "made", lambda rng: scenario)
    return Simulation("made", 0, World())


def test_truth_as_tracks_is_perfect_and_swapped_ids_are_not(simulation):
    truth = np.concatenate([truth_rows(k, f) for k, f in enumerate(simulation, start=1)])
    swapped = truth.copy()
    late = swapped[:, 0] > 12
    swapped[late, 1] = 3 - swapped[late, 1]
    scores = score_tracks({"perfect": truth, "swapped": swapped}, truth, BENCHMARK)
    assert scores["perfect"].hota == scores["perfect"].idf1 == 100
    assert scores["perfect"].id_switches == 0
    assert scores["swapped"].idf1 < 80
    assert scores["swapped"].id_switches == 2


def test_our_tracker_keeps_two_people_apart_and_places_them(simulation):
    lines = {line.tracker: line for line in evaluate_scenario(simulation)}
    ours = lines["default"]
    assert ours.score.id_switches == 0
    assert ours.score.tracks == 2
    assert ours.score.idf1 > 70
    assert ours.position_error < 1.0
    assert ours.velocity_error < 1.0
    assert lines["default, person_id"].score.tracks == 2
    assert ("ByteTrack" in lines) == has_byte_track()


def test_means_are_over_scenarios_and_counts_are_summed():
    scores = [TrackingScore(h, h, h, h, h, 2, 3, 4) for h in (50.0, 70.0)]
    ours = [Line(name, "ours", s, 0.5, 0.1, 3) for name, s in zip("ab", scores, strict=True)]
    peer = Line("a", "peer", scores[0], None, None, 1)
    first, second = mean_lines([*ours, peer])
    assert first.score == TrackingScore(60, 60, 60, 60, 60, 4, 6, 8)
    assert (first.position_error, first.velocity_error) == (0.5, 0.1)
    assert second.score.hota == 50 and second.position_error is None


def test_byte_track_follows_with_true_times(simulation):
    if not has_byte_track():
        pytest.skip("PyPI trackers is not installed")
    follow = byte_track(simulation.scenario.rate)
    ids = [follow(f)[0] for f in simulation]
    assert len(np.unique(np.concatenate(ids))) >= 2
    assert max(map(len, ids)) <= 3
