"""A bag of people as a pandas table: one row a person and image, into a csv beside it.

./run exec python examples/bag_to_pandas.py BAG      # needs: pip install pandas
"""

import sys
from pathlib import Path

import pandas
from ament_index_python.packages import get_package_share_directory

from humans4d_core.io import message_typestore, read_messages
from humans4d_core.io.bags.bag_messages import join_stamp
from humans4d_core.types import Posture, TrackState

bag, topic = Path(sys.argv[1]), "/humans4d/people"
types = message_typestore(Path(get_package_share_directory("humans4d_msgs")))
rows = []
for _, _, people in read_messages(bag, [topic], types):
    for person in people.people:
        at, speed = person.pose.pose.position, person.twist.twist.linear
        rows.append({
            "stamp": pandas.Timestamp(join_stamp(people.header.stamp)),
            "track_id": person.track_id, "person_id": person.person_id,
            "state": TrackState(person.state).name, "posture": Posture(person.posture).name,
            "x": at.x, "y": at.y, "z": at.z, "vx": speed.x, "vy": speed.y, "vz": speed.z,
            "confidence": person.confidence, "frame_id": people.header.frame_id,
        })  # fmt: skip
table = pandas.DataFrame(rows)
table.to_csv(bag.with_suffix(".csv"), index=False)
print(table.groupby("track_id")[["stamp"]].agg(["min", "max", "count"]))
