"""REP-155 (ROS4HRI): the tracked bodies and what the image shows of each.

    humans4d/people ─▶ /humans/bodies/tracked            who is there
                       /humans/bodies/<id>/roi           the box in the image
                       /humans/bodies/<id>/skeleton2d    the joints in the image
                       /humans/bodies/<id>/posture       standing, sitting, crouching, lying
                       /humans/candidate_matches         which person a body is
                       /tf                               the frame body_<id>

A body's id is `b<track_id>`, a person's `p<person_id>`: a topic's name must not begin with a
number, and a body and a person may not share an id. So the frame is `body_b<track_id>`, the twin of
the node's own `body_<track_id>`. The topics are the whole robot's, whatever the namespace: a prefix
keeps the ids of several cameras apart, the parameter `id_prefix` or one made of the namespace. In
/left body 1 is `left_b1`.
"""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import TransformStamped
from hri_msgs.msg import (
    BodyPosture,
    IdsList,
    IdsMatch,
    NormalizedRegionOfInterest2D,
    Skeleton2D,
)
from humans4d_msgs.msg import HumanMesh, TrackedPeople
from rcl_interfaces.msg import ParameterDescriptor

from humans4d_core.types import JOINT_NAMES

from ..names import check_id_prefix, prefix_of
from ..tf.body_transforms import TF_QOS, TFMessage
from .adapter import QOS, PeopleListener, present_people

#: REP-155's names of HumanMesh's postures.
POSTURES = {
    HumanMesh.POSTURE_STANDING: BodyPosture.STANDING,
    HumanMesh.POSTURE_SITTING: BodyPosture.SITTING,
    HumanMesh.POSTURE_CROUCHING: BodyPosture.CROUCHING,
    HumanMesh.POSTURE_LYING: BodyPosture.LAYING,
}

#: REP-155's points of the skeleton and the joints they are; SMPL has no nose, eyes and ears.
POINTS = {
    getattr(Skeleton2D, joint.upper()): JOINT_NAMES.index(joint)
    for joint in (
        "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow",
        "left_wrist", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee",
        "left_ankle",
    )
}  # fmt: skip


class AdapterNode(PeopleListener):
    """Bodies are those who are believed to be there; the topics of each live as long as it does."""

    def __init__(self, **arguments):
        super().__init__("humans4d_rep155_adapter", **arguments)
        description = ParameterDescriptor(
            description="Stands before the ids of bodies and persons: one for each camera. Empty: "
            "made of the namespace, left_ in /left.",
            read_only=True,
        )
        given = self.declare_parameter("id_prefix", "", description).value
        self._prefix = check_id_prefix(given) or prefix_of(self.get_namespace())
        self._tracked = self.create_publisher(IdsList, "/humans/bodies/tracked", QOS)
        self._matches = self.create_publisher(IdsMatch, "/humans/candidate_matches", QOS)
        self._tf = self.create_publisher(TFMessage, "/tf", TF_QOS) if TFMessage else None
        self._bodies: dict[str, _BodyTopics] = {}

    def adapt(self, message: TrackedPeople) -> None:
        meshes = {f"{self._prefix}b{mesh.track_id}": mesh for mesh in present_people(message)}
        if self._tf and message.header.frame_id and self._tf.get_subscription_count():
            self._tf.publish(_frames(meshes, message.header))
        for body in self._bodies.keys() - meshes.keys():
            topics = self._bodies.pop(body)
            # Confidence 0: no longer associated.
            self._match(body, topics.person_id, 0.0)
            topics.destroy()
        for body in meshes.keys() - self._bodies.keys():
            self._bodies[body] = _BodyTopics(self, body)
        # The topics are there before anybody hears of the body.
        self._tracked.publish(IdsList(header=message.header, ids=list(meshes)))
        for body, mesh in meshes.items():
            self._tell_person(body, mesh)
            self._bodies[body].publish(mesh, message)

    def _tell_person(self, body: str, mesh: HumanMesh) -> None:
        topics = self._bodies[body]
        if topics.person_id not in (0, mesh.person_id):
            self._match(body, topics.person_id, 0.0)
        topics.person_id = mesh.person_id
        if mesh.person_id:
            # Confidence 0 would mean "not that person"; NaN: unknown.
            self._match(body, mesh.person_id, mesh.confidence if mesh.confidence > 0 else 0.01)

    def _match(self, body: str, person_id: int, confidence: float) -> None:
        match = IdsMatch(id1=body, id1_type=IdsMatch.BODY, id2_type=IdsMatch.PERSON)
        match.id2, match.confidence = f"{self._prefix}p{person_id}", confidence
        self._matches.publish(match)


class _BodyTopics:
    """The publishers of one body."""

    def __init__(self, node, body: str):
        self._node = node
        self.person_id = 0  #: last told; 0: none
        self._roi = node.create_publisher(
            NormalizedRegionOfInterest2D, f"/humans/bodies/{body}/roi", QOS
        )
        self._skeleton = node.create_publisher(Skeleton2D, f"/humans/bodies/{body}/skeleton2d", QOS)
        self._posture = node.create_publisher(BodyPosture, f"/humans/bodies/{body}/posture", QOS)

    def publish(self, mesh: HumanMesh, message: TrackedPeople) -> None:
        """What it does, and what the image shows of it; a hidden body is not in that."""
        if self._posture.get_subscription_count():
            posture = POSTURES.get(mesh.posture, BodyPosture.OTHER)
            self._posture.publish(BodyPosture(header=message.header, posture=posture))
        size = np.array([message.image_width, message.image_height], np.float64)
        if mesh.state != HumanMesh.CONFIRMED or not size.all():
            return
        if self._roi.get_subscription_count() and not np.isnan(mesh.box_x_min):
            self._roi.publish(_region(mesh, message.header, size))
        known = len(mesh.joint_confidence) == len(mesh.joints_px) / 2 == len(JOINT_NAMES)
        if known and self._skeleton.get_subscription_count():
            self._skeleton.publish(_skeleton(mesh, message.header, size))

    def destroy(self) -> None:
        self._node.destroy_publisher(self._roi)
        self._node.destroy_publisher(self._skeleton)
        self._node.destroy_publisher(self._posture)


def _frames(meshes: dict[str, HumanMesh], header) -> TFMessage:
    transforms = []
    for body, mesh in meshes.items():
        transform = TransformStamped(header=header, child_frame_id=f"body_{body}")
        position, move = mesh.pose.pose.position, transform.transform.translation
        move.x, move.y, move.z = position.x, position.y, position.z
        transform.transform.rotation = mesh.pose.pose.orientation
        transforms.append(transform)
    return TFMessage(transforms=transforms)


def _region(mesh: HumanMesh, header, size: np.ndarray) -> NormalizedRegionOfInterest2D:
    corners = np.array(
        [[mesh.box_x_min, mesh.box_y_min], [mesh.box_x_max, mesh.box_y_max]], np.float64
    )
    (x_min, y_min), (x_max, y_max) = np.clip(corners / size, 0, 1).tolist()
    return NormalizedRegionOfInterest2D(
        header=header, xmin=x_min, ymin=y_min, xmax=x_max, ymax=y_max, c=float(mesh.score)
    )


def _skeleton(mesh: HumanMesh, header, size: np.ndarray) -> Skeleton2D:
    """Points that are unknown or outside the image have confidence 0."""
    pixels = np.reshape(mesh.joints_px, (-1, 2)) / size
    inside = ((pixels >= 0) & (pixels <= 1)).all(axis=1)  # false where NaN: behind the camera
    confidence = np.where(inside, mesh.joint_confidence, 0.0)
    pixels = np.where(inside[:, None], pixels, 0.0)
    skeleton = Skeleton2D(header=header)
    for point, joint in POINTS.items():
        found = skeleton.skeleton[point]
        found.x, found.y = pixels[joint].tolist()
        found.c = float(confidence[joint])
    return skeleton
