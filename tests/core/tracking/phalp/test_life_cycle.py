"""With the released tracker's costs, its ids, states and matches come out."""

import numpy as np
import pytest

from humans4d_core.batch import joined
from humans4d_core.tracking.phalp import PhalpConfig
from humans4d_core.tracking.phalp.life_cycle import born, one_frame_older
from humans4d_core.tracking.phalp.phalp_cost import assign
from humans4d_core.types import TrackState

RUNS = ["EQ019_identity", "EQ010_identity", "EQ019_tinytransformer", "EQ019_identity_APL"]


@pytest.mark.parametrize("run", RUNS)
def test_the_released_costs_give_the_released_ids_on_every_frame(scenario, run):
    config = PhalpConfig()
    tracks, costs = scenario[f"{run}_tracks"], scenario[f"{run}_costs"]
    lives, used, next_id = born(1, 0), 0, 1
    for time in range(150):
        count = (scenario["frame"] == time).sum()
        size = len(lives) * count
        match = assign(costs[used : used + size].reshape(len(lives), count), config.max_cost)
        used += size
        lives = one_frame_older(lives, match >= 0, config.confirm_hits, config.max_age)
        beginners = np.setdiff1d(np.arange(count), match)
        lives = joined((lives, born(next_id, len(beginners))))
        bodies = np.concatenate((match, beginners))
        next_id += len(beginners)
        bodies, lives = bodies[lives.is_alive], lives.select(lives.is_alive)
        expected = tracks[tracks[:, 0] == time, 1:]
        result = np.column_stack(
            (lives.ids, lives.states, lives.hits, lives.ages, lives.frames_unseen, bodies)
        )
        np.testing.assert_array_equal(result, expected, err_msg=f"frame {time}")
    assert used == len(costs)


def test_a_tentative_track_dies_unseen_and_a_confirmed_one_after_its_patience():
    lives = born(1, 2)
    for _ in range(2):
        lives = one_frame_older(lives, np.array([True, False]), confirm_hits=3, max_age=4)
    assert lives.states.tolist() == [TrackState.CONFIRMED, TrackState.LOST]
    lives = lives.select(lives.is_alive)
    for frames_unseen in range(1, 6):
        lives = one_frame_older(lives, np.array([False]), confirm_hits=3, max_age=4)
        assert lives.is_alive.all() == (frames_unseen <= 4)
