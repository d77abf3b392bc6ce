"""People of further nodes, shown beside those of the one whose camera the view shows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from humans4d_msgs.msg import TrackedPeople
from rclpy.node import Node
from rclpy.serialization import deserialize_message

from humans4d_core.geometry.coordinate_frames import people_in_coordinate_frame
from humans4d_core.io.bags.people_messages import message_to_people
from humans4d_core.tracking.ended_tracks import can_join, joined_people
from humans4d_core.types import Forecast, Pose
from humans4d_core.viewer import ViewFrame

#: What is added to the ids of the first of them, of the second, ...
IDS_APART = 1000
#: s after which the people of a node that has fallen silent go.
SILENT = 1.0


class OtherNodes:
    """Keeps the newest people of each topic, as bytes until they are shown."""

    def __init__(
        self,
        node: Node,
        topics: Sequence[str],
        world_from: Callable[[str, object], Pose],
        changed: Callable[[], None],
    ):
        """world_from: the world from a frame at a stamp. changed: called when people have come."""
        self._world_from, self._changed = world_from, changed
        self._newest: dict[int, tuple[float, bytes]] = {}  # when it came, and the message
        for number, topic in enumerate(topics, start=1):
            node.create_subscription(TrackedPeople, topic, self._taker(number), 1, raw=True)

    def _taker(self, number: int) -> Callable[[bytes], None]:
        def take(serialized: bytes) -> None:
            self._newest[number] = time.monotonic(), serialized
            self._changed()

        return take

    def beside(self, frame: ViewFrame) -> ViewFrame:
        """`frame` with the people of all nodes; their forecasts are the first node's only.

        Raises ValueError where arrays do not have the length that a message promises.
        """
        people, count = frame.people, len(frame.people)
        to_frame = frame.world_from_camera.inverse()
        for number, (came, serialized) in sorted(self._newest.items()):
            if time.monotonic() - came > SILENT:
                continue
            message = deserialize_message(serialized, TrackedPeople)
            pose = to_frame @ self._world_from(message.header.frame_id, message.header.stamp)
            more = people_in_coordinate_frame(message_to_people(message), pose)
            offset = np.uint32(IDS_APART * number)
            more = replace(
                more, track_ids=more.track_ids + offset, person_ids=more.person_ids + offset
            )
            if not can_join(people, more):
                raise ValueError(
                    f"people of {message.body_model} cannot be shown beside those of "
                    f"{people.bodies.body_model}"
                )
            people = joined_people(people, more)
        forecast = frame.forecast
        if forecast is not None and len(people) > count:
            told = forecast.positions_cam, forecast.covariances_cam
            gap = len(people) - count
            forecast = Forecast(*(
                np.concatenate((each, np.full((gap, *each.shape[1:]), np.nan, np.float32)))
                for each in told
            ))  # fmt: skip
        return replace(frame, people=people, forecast=forecast)
