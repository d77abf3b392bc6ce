"""The time line of a recording."""

import threading
import time
from types import SimpleNamespace

import pytest
from made_people import made_people
from waiting import wait_for

from humans4d_core.errors import InputFileError
from humans4d_core.viewer.playback import Playback

TIMEOUT = 30.0


class MadeRecording:
    """Frames at uneven times; the fifth is damaged."""

    stamps_ns = [0, 10**7, 5 * 10**7, 6 * 10**7, 10**8, 2 * 10**8]
    first_sight = {7: 3}

    def __init__(self, make_view_frame):
        self._make = make_view_frame

    def __len__(self):
        return len(self.stamps_ns)

    def frame(self, row):
        if row == 4:
            raise InputFileError("damaged")
        return self._make(made_people(1), self.stamps_ns[row] / 1e9)


@pytest.fixture
def played(view, make_view_frame, monkeypatch):
    """A playback that runs, and the rows it has shown."""
    rows, stop = [], threading.Event()
    recording = MadeRecording(make_view_frame)
    monkeypatch.setattr(
        view, "show", lambda frame: rows.append(recording.stamps_ns.index(frame.stamp_ns))
    )
    playback = Playback(recording, view)
    thread = threading.Thread(target=playback.run, args=(stop.is_set,))
    thread.start()
    yield SimpleNamespace(playback=playback, rows=rows)
    stop.set()
    thread.join(TIMEOUT)
    assert not thread.is_alive()


def test_all_is_shown_in_order_and_a_damaged_line_is_passed(played):
    wait_for(lambda: played.rows and played.rows[-1] == 5)
    assert played.rows == [0, 1, 2, 3, 5]


def test_it_stays_where_it_is_put_and_goes_on_from_there(played):
    wait_for(lambda: played.rows and played.rows[-1] == 5)
    played.playback.go_to(2)
    wait_for(lambda: played.rows[-1] == 2)
    time.sleep(0.3)
    assert played.rows[-1] == 2
    played.playback.play()
    wait_for(lambda: played.rows[-1] == 5)
    played.playback.play()  # from the beginning
    wait_for(lambda: played.rows[-6:] == [5, 0, 1, 2, 3, 5])


@pytest.mark.parametrize(("row", "shown"), [(-3, 0), (99, 5)])
def test_places_beyond_the_ends_are_the_ends(played, row, shown):
    played.playback.go_to(row)
    wait_for(lambda: played.rows and played.rows[-1] == shown)
    assert played.playback.row == shown


def test_the_panels_controls_do_what_they_say(played):
    wait_for(lambda: played.rows and played.rows[-1] == 5)
    played.playback._press("back")
    played.playback._press("back")
    wait_for(lambda: played.rows[-1] == 3)
    played.playback._jump_to("person 7")
    assert played.playback.row == 3
    played.playback._press("forward")
    assert played.playback.row == 4
    played.playback._press("play / pause")
    wait_for(lambda: played.rows[-1] == 5)
