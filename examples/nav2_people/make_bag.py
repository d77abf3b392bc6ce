"""A bag of a simulated crowd: what the node would publish of it, in odom, as the tracker sees it.

python examples/nav2_people/make_bag.py FOLDER [SECONDS]
"""

import sys
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from humans4d_ros.outputs.people_messages import forecast_to_message, people_to_message
from humans4d_ros.replay.bag_writer import BagWriter
from rclpy.serialization import serialize_message

from humans4d_core.geometry.coordinate_frames import (
    forecast_in_coordinate_frame,
    people_in_coordinate_frame,
)
from humans4d_core.io import message_typestore
from humans4d_core.simulation.simulated_crowd import Simulation
from humans4d_core.tracking import Tracker

AHEAD = [0.5, 1.0, 1.5, 2.0]  # s
START_NS = 1_700_000_000 * 10**9  # recordings begin some time after 1970


def main(folder: Path, seconds: float) -> None:
    """Writes a bag of a simulated crowd's people and forecasts."""
    types = message_typestore(Path(get_package_share_directory("humans4d_msgs")))
    tracker = Tracker()
    with BagWriter(folder) as bag:
        people_topic, forecast_topic = (
            bag.add_connection(topic, f"humans4d_msgs/msg/{kind}", typestore=types)
            for topic, kind in (
                ("/humans4d/people", "TrackedPeople"), ("/humans4d/forecasts", "PeopleForecast")
            )
        )  # fmt: skip
        for simulated in Simulation("crossing"):
            if simulated.seconds > seconds:
                break
            people = tracker.update(simulated.frame, simulated.bodies)
            pose = simulated.frame.fixed_from_camera
            forecast = forecast_in_coordinate_frame(tracker.forecast(AHEAD), pose)
            people = people_in_coordinate_frame(people, pose)
            stamp_ns = START_NS + simulated.frame.stamp_ns
            said = {"stamp_ns": stamp_ns, "frame_id": "odom"}
            for topic, message in (
                (people_topic, people_to_message(people, **said, with_vertices=False)),
                (forecast_topic, forecast_to_message(people, forecast, AHEAD, **said)),
            ):
                bag.write(topic, stamp_ns, serialize_message(message))


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 20.0)
