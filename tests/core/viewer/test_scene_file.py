"""One file that plays in a real browser, without a server."""

import numpy as np
import pytest
from browser_page import Page, needs_browser
from made_people import made_people

from humans4d_core.errors import Humans4dError
from humans4d_core.io import PeopleWriter
from humans4d_core.types import TrackState
from humans4d_core.viewer.recording import open_recording
from humans4d_core.viewer.scene_file import write_scene


@pytest.fixture
def recording(tmp_path):
    """3 s at 30 images/s of two people, whom nobody knows the camera of."""
    states = [TrackState.CONFIRMED, TrackState.CONFIRMED]
    with PeopleWriter(tmp_path / "people.jsonl") as file:
        for k in range(90):
            file.write(k + 1, 10**18 + round(k * 1e9 / 30), made_people(2, states))
    return open_recording(tmp_path)[0]


def test_images_are_thinned_to_ten_a_second(recording, tmp_path):
    assert write_scene(recording, tmp_path / "scene.html") == 30
    assert (tmp_path / "scene.html").stat().st_size < 12e6


def test_an_image_that_cannot_be_read_is_left_out_and_said(recording, tmp_path):
    path = recording.path
    lines = path.read_text().splitlines(keepends=True)
    lines[6] = lines[6].replace('"TENTATIVE"', '"?????????"').replace('"CONFIRMED"', '"?????????"')
    path.write_text("".join(lines))
    news = []
    assert write_scene(recording, tmp_path / "scene.html", news.append) == 30
    assert len(news) == 1 and "line 7" in news[0]


def test_a_place_that_cannot_be_written_is_said(recording, tmp_path):
    with pytest.raises(Humans4dError, match="cannot write"):
        write_scene(recording, tmp_path / "nowhere" / "scene.html")


@pytest.mark.browser
@needs_browser
def test_it_shows_people_without_asking_anybody(recording, tmp_path):
    write_scene(recording, tmp_path / "scene.html")
    with Page(f"file://{tmp_path}/scene.html", 400, 300) as page:

        def has_colours(page):
            picture = page.picture().astype(int)
            return (np.ptp(picture, axis=2) > 60).sum() > 50

        page.wait_for(has_colours)
        assert all(each.startswith(("file:", "blob:", "data:")) for each in page.requests)


def test_the_command_says_what_it_wrote(humans4d, recording, tmp_path):
    code, said, _ = humans4d("view", recording.path.parent, "--save", tmp_path / "scene.html")
    assert code == 0
    assert "scene.html: 30 images, " in said
    assert (tmp_path / "scene.html").read_text(encoding="utf-8").startswith("<!")
