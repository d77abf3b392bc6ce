"""What is clicked in a real browser."""

from dataclasses import replace

import numpy as np
import pytest
from browser_page import Page, needs_browser
from made_people import made_people
from waiting import wait_for

from humans4d_core.body import load_body
from humans4d_core.types import TrackState
from humans4d_core.viewer import LiveView


def click_until(page, x, y, is_done):
    """A page that software draws misses clicks while it is busy."""
    for _ in range(6):
        page.click_at(x, y)
        try:
            wait_for(is_done, 10)
        except AssertionError:
            continue
        return
    raise AssertionError("no click was taken")


@pytest.mark.browser
@needs_browser
def test_a_mesh_is_picked_and_two_places_on_the_ground_are_measured(make_view_frame):
    body = load_body()
    people = made_people(1, [TrackState.CONFIRMED])
    # Upright before the camera, whose y points down.
    turned = body(np.diag([1.0, -1, -1]), np.tile(np.eye(3), (1, 23, 1, 1)), np.zeros((1, 10)))
    place = np.float32([0, 0, 4])
    people = replace(people, bodies=replace(
        people.bodies, vertices_cam=turned.vertices + place, joints_cam=turned.joints + place,
    ))  # fmt: skip
    with LiveView(body.faces) as view, Page(view.address, 1000, 420) as page:
        wait_for(lambda: view.has_viewers, 60)
        # Neither the camera nor the way ahead stands before the mesh.
        view.show(replace(make_view_frame(people), camera=None, forecast=None))
        person = []

        def is_there(page):
            blue, green, red = np.moveaxis(page.picture()[:, 300:660].astype(int), 2, 0)
            coloured = green - np.maximum(blue, red) > 40  # as person 1 is
            person[:] = [np.argwhere(coloured) + (0, 300)] if coloured.sum() > 100 else []
            return bool(person)

        page.wait_for(is_there)
        track_id = str(people.track_ids[0])
        row, column = np.median(person[0], axis=0)
        click_until(page, column, row, lambda: view.panel._follow.value == track_id)
        click_until(page, column, row, lambda: view.panel._follow.value == "nobody")

        page.click("measure")
        wait_for(lambda: view.ruler._is_measuring, 30)
        click_until(page, 100, 390, lambda: len(view.ruler._nodes) == 1)
        click_until(page, 250, 390, lambda: len(view.ruler._nodes) == 4)
        assert view.ruler._nodes[-1].text.endswith(" m")
        # Clicks mean nothing to the ruler from now on.
        page.click_at(300, 390)
        page.wait_for(lambda page: "measure" in page.text)
        assert len(view.ruler._nodes) == 4
