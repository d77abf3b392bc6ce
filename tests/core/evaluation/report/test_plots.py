"""What plots show, as far as it can be read from them."""

import numpy as np
import pytest
from made_scenes import make_images, make_published, two_who_walk, walks

from humans4d_core.evaluation.report import plots
from humans4d_core.evaluation.scores.error_rows import error_rows
from humans4d_core.evaluation.scores.scoring import ScoredClip

pytest.importorskip("plotly")


def times(figure):
    """All x of a figure, without breaks."""
    values = np.concatenate([np.asarray(trace.x, float) for trace in figure.data])
    return values[np.isfinite(values)]


def clip_of(count=40):
    images = make_images(count)
    people, frames, places = walks(images, [(-1, 0.2, 6), (1, 0.2, 6)], [(0.3, 0, 0), (0, 0, 0.2)])
    return ScoredClip("clip", images, make_published(images, people, frames, places), None)


def timeline(clip):
    return plots.identity_timeline(clip, None, ())


@pytest.mark.parametrize("draw", [plots.self_checks, timeline])
def test_time_begins_with_the_clip(draw):
    seconds = times(draw(clip_of()))
    assert seconds.min() == pytest.approx(0, abs=0.2)
    assert seconds.max() == pytest.approx(3.9, abs=0.2)


def test_a_timeline_beside_a_truth_begins_with_the_clip_too():
    scene = two_who_walk()
    clip = ScoredClip("clip", scene.images, scene.people, scene)
    seconds = times(plots.identity_timeline(clip, error_rows(scene, False), ()))
    assert seconds.min() >= 0 and seconds.max() == pytest.approx(3.9, abs=0.2)


def test_every_check_has_a_row_with_its_unit():
    figure = plots.self_checks(clip_of())
    assert {trace.name for trace in figure.data} == {
        "image_error",
        "speed",
        "jitter",
        "foot_skating",
    }
    titles = {axis.title.text for axis in figure.select_yaxes() if axis.title.text}
    assert {"speed, m/s", "jitter, m/s^3", "image_error, m"} <= titles


def test_nobody_has_no_checks():
    clip = clip_of()
    nobody = clip.people.select(np.zeros(len(clip.people), bool))
    assert plots.self_checks(ScoredClip("clip", clip.images, nobody, None)) is None
