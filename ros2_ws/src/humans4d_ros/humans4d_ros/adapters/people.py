"""people_msgs/People, as Nav2's social costmap and other planners read them.

    humans4d/people ─▶ people

Set the node's `target_frame`: these messages have no covariance to say that a velocity is relative
to a moving camera.
"""

from __future__ import annotations

from humans4d_msgs.msg import HumanMesh, TrackedPeople
from people_msgs.msg import People, Person

from .adapter import QOS, PeopleListener, present_people

STATES = {HumanMesh.CONFIRMED: "confirmed", HumanMesh.OCCLUDED: "occluded"}


class AdapterNode(PeopleListener):
    """A person's name is the track's id; the tags tell the person's id and the state."""

    def __init__(self, **arguments):
        super().__init__("humans4d_people_adapter", **arguments)
        self._people = self.create_publisher(People, "people", QOS)

    def adapt(self, message: TrackedPeople) -> None:
        if self._people.get_subscription_count():
            people = [_person(mesh) for mesh in present_people(message)]
            self._people.publish(People(header=message.header, people=people))


def _person(mesh: HumanMesh) -> Person:
    person = Person(name=str(mesh.track_id), position=mesh.pose.pose.position)
    velocity = mesh.twist.twist.linear
    person.velocity.x, person.velocity.y, person.velocity.z = velocity.x, velocity.y, velocity.z
    person.reliability = float(mesh.confidence)
    person.tagnames = ["person_id", "state"]
    person.tags = [str(mesh.person_id), STATES[mesh.state]]
    return person
