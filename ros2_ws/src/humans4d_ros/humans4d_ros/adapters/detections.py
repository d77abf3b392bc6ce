"""vision_msgs/Detection3DArray: a box around each body.

humans4d/people ─▶ humans4d/detections
"""

from __future__ import annotations

import numpy as np
from humans4d_msgs.msg import HumanMesh, TrackedPeople
from vision_msgs.msg import Detection3D, Detection3DArray, ObjectHypothesisWithPose

from humans4d_core.io.bags.people_messages import message_to_people
from humans4d_core.types import Bodies

from ..outputs.people_messages import SMPL_TO_REP155
from .adapter import QOS, PeopleListener

#: Around the joints where the message has no mesh: as far as skin, hands and crown reach (m).
JOINT_MARGIN = 0.12


class AdapterNode(PeopleListener):
    """Detections have the track's id and the class `person`."""

    def __init__(self, **arguments):
        super().__init__("humans4d_detections_adapter", **arguments)
        self._detections = self.create_publisher(Detection3DArray, "humans4d/detections", QOS)

    def adapt(self, message: TrackedPeople) -> None:
        if not self._detections.get_subscription_count():
            return
        array = Detection3DArray(header=message.header)
        people = message_to_people(message)
        there = np.flatnonzero(people.is_present)
        if len(there):
            centers, sizes = body_boxes(people.bodies.select(there))
            array.detections = [
                _detection(message.people[i], message.header, center, size)
                for i, center, size in zip(
                    there.tolist(), centers.tolist(), sizes.tolist(), strict=True
                )
            ]
        self._detections.publish(array)


def body_boxes(bodies: Bodies) -> tuple[np.ndarray, np.ndarray]:
    """Boxes along the axes of the body's frame (x forward, y left, z up).

    Their centres (N, 3) in the frame of `bodies` and their sizes (N, 3), m.
    """
    points, margin = bodies.vertices_cam, 0.0
    if not points.shape[1]:
        points, margin = bodies.joints_cam, JOINT_MARGIN
    axes = bodies.global_orient[:, :, SMPL_TO_REP155].astype(np.float64)
    local = points.astype(np.float64) @ axes
    low, high = local.min(axis=1) - margin, local.max(axis=1) + margin
    centers = np.einsum("nij,nj->ni", axes, (low + high) / 2)
    return centers, high - low


def _detection(mesh: HumanMesh, header, center: list[float], size: list[float]) -> Detection3D:
    detection = Detection3D(header=header, id=str(mesh.track_id))
    result = ObjectHypothesisWithPose(pose=mesh.pose)
    result.hypothesis.class_id = "person"
    result.hypothesis.score = float(mesh.confidence)
    detection.results = [result]
    box = detection.bbox
    box.center.position.x, box.center.position.y, box.center.position.z = center
    box.center.orientation = mesh.pose.pose.orientation
    box.size.x, box.size.y, box.size.z = size
    return detection
