"""A view beside a pipeline: it never waits for those who look."""

import socket
import threading
import time
import urllib.request

import numpy as np
import pytest
from made_people import made_people
from waiting import wait_for

from humans4d_core.errors import Humans4dError
from humans4d_core.viewer import LiveView

TIMEOUT = 30.0


def connected(view):
    """A raw client that never reads again."""
    import viser
    from websockets.sync.client import connect

    subprotocol = f"viser-v{viser.__version__}"
    address = view.address.replace("http", "ws")
    return connect(address, subprotocols=[subprotocol], max_size=None, close_timeout=0.2)


def test_the_page_comes_from_this_machine_alone(view):
    with urllib.request.urlopen(view.address) as answer:
        page = answer.read()
    assert b"<html" in page and b'src="http' not in page and b'href="http' not in page
    assert "127.0.0.1" in view.address


def test_a_port_that_is_taken_is_passed_over_unless_it_was_named(view, monkeypatch):
    port = int(view.address.rsplit(":", 1)[1])
    monkeypatch.setattr("humans4d_core.viewer.view_server.DEFAULT_PORT", port)
    with LiveView([[0, 1, 2]]) as other:
        assert int(other.address.rsplit(":", 1)[1]) > port
    with pytest.raises(Humans4dError, match=f"port {port}: Address already in use"):
        LiveView([[0, 1, 2]], port=port)


@pytest.mark.parametrize(
    ("host", "port", "reason"),
    [("no.such.host.invalid", None, "cannot listen at no.such"), ("203.0.113.9", None, "assign"),
     ("127.0.0.1", 70000, "from 1 to 65535"), ("127.0.0.1", -1, "from 1 to 65535")],
)  # fmt: skip
def test_an_address_that_cannot_be_is_one_sentence(host, port, reason):
    with pytest.raises(Humans4dError, match=reason):
        LiveView([[0, 1, 2]], host, port)


def test_nothing_is_drawn_while_nobody_looks(view, make_view_frame):
    for step in range(20):
        view.show(make_view_frame(seconds=step * 0.1))
        time.sleep(0.01)
    assert not view._scene._meshes


def test_the_newest_frame_wins_and_nobody_waits(view, make_view_frame, monkeypatch):
    drawn, go_on = [], threading.Event()

    def draw(frame, shown):
        drawn.append(frame.stamp_ns)
        go_on.wait(TIMEOUT)

    monkeypatch.setattr(view._scene, "draw", draw)
    monkeypatch.setattr(type(view), "has_viewers", True)
    view.show(make_view_frame(seconds=0))
    wait_for(lambda: drawn)
    for step in range(1, 200):
        view.show(make_view_frame(seconds=step))  # would never end if it waited
    go_on.set()
    wait_for(lambda: len(drawn) == 2)
    assert drawn == [0, 199 * 10**9]


def test_who_does_not_read_stops_nobody(view, make_view_frame, monkeypatch):
    monkeypatch.setattr(type(view), "has_viewers", True)
    with connected(view) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        people, waiting = made_people(6, num_vertices=7000), []
        for step in range(60):
            view.show(make_view_frame(people, seconds=step * 0.1))
            wait_for(lambda: not view._is_new)
            waiting.append(len(view.server._connection._broadcast_buffer.message_from_id))
        # What waits for a client is the newest of each node, however many were drawn.
        assert waiting[-1] < 1.5 * waiting[9]
    assert view._thread.is_alive()


def test_twenty_come_and_go(view, make_view_frame, monkeypatch):
    monkeypatch.setattr(type(view), "has_viewers", True)
    clients = [connected(view) for _ in range(20)]
    for step in range(20):
        view.show(make_view_frame(seconds=step * 0.1))
        clients[step].close()
        time.sleep(0.02)
    wait_for(lambda: not view._is_new)
    assert view._thread.is_alive()


def test_numbers_that_are_not_finite_hide_that_person_alone(view, make_view_frame, monkeypatch):
    monkeypatch.setattr(type(view), "has_viewers", True)
    frame = make_view_frame(seconds=1)
    frame.people.bodies.vertices_cam[1, 3, 2] = np.nan
    view.show(frame)
    wait_for(lambda: len(view._scene._meshes) == 2)
    assert sorted(view._scene._meshes) == [1, 3]


def test_an_empty_room_is_an_empty_view(view, make_view_frame, monkeypatch, caplog):
    monkeypatch.setattr(type(view), "has_viewers", True)
    view.show(make_view_frame(seconds=1))
    wait_for(lambda: "nobody" not in view.panel._table.content)
    assert view._scene._meshes  # drawn before the table
    view.show(make_view_frame(made_people(0), seconds=2))
    wait_for(lambda: "nobody" in view.panel._table.content)
    assert not view._scene._meshes and not caplog.records


def test_a_frame_that_cannot_be_drawn_is_told_and_the_next_one_is_drawn(
    view, make_view_frame, monkeypatch, caplog
):
    monkeypatch.setattr(type(view), "has_viewers", True)
    people = made_people(2)
    people.states[0] = 77  # of a message that this version does not know
    view.show(make_view_frame(people, seconds=1))
    wait_for(lambda: "cannot be shown" in caplog.text)
    view.show(make_view_frame(seconds=2))
    wait_for(lambda: len(view._scene._meshes) == 3)


def test_time_that_goes_back_begins_a_new_scene(view, make_view_frame, monkeypatch):
    monkeypatch.setattr(type(view), "has_viewers", True)
    view.show(make_view_frame(seconds=100))
    wait_for(lambda: view._scene._meshes)
    view.show(make_view_frame(made_people(1), seconds=1))
    wait_for(lambda: len(view._scene._meshes) == 1)
    assert all(stamp <= 10**9 for trail in view._scene._trails.values() for stamp, _ in trail)
