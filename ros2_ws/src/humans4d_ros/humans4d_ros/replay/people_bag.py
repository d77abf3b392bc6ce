"""People of a run without a node, as the bag that a node would have made.

Log times are the images' stamps: the bag plays beside its source in RViz and Foxglove.
"""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from rclpy.serialization import serialize_message

from humans4d_core.body import BodyModel
from humans4d_core.errors import Humans4dError
from humans4d_core.io import message_typestore
from humans4d_core.pipeline import Result
from humans4d_core.shown_text import shown
from humans4d_core.types import Frame

from ..outputs.last_check import LastCheck
from ..outputs.markers import SkeletonMarkers
from ..outputs.people_messages import body_model_to_message, people_to_message
from ..outputs.scene import Scene
from ..tf.body_transforms import TFMessage, transforms
from .bag_writer import BagWriter

NAMESPACE = "/humans4d"


class PeopleBag:
    """A new bag with ~/people, ~/markers, ~/body_model and /tf; use with `with`.

    Raises Humans4dError where it cannot be written.
    """

    def __init__(self, path: Path, body: BodyModel, detector: str, target_frame: str = ""):
        """target_frame: that of frames' fixed_from_camera; "": people stay in the camera's."""
        self._path, self._body, self._detector = path, body, detector
        self._target_frame = target_frame
        self._last_check, self._skeletons = LastCheck(), SkeletonMarkers()
        self._types = message_typestore(Path(get_package_share_directory("humans4d_msgs")))
        self._writer, self._connections = BagWriter(path), {}
        self._said_body = False
        try:
            self._writer.open()
        except OSError as error:
            raise self._error(error) from None

    def write(self, frame: Frame, result: Result) -> None:
        """What became of a frame; nothing of a late one."""
        if result.is_late:
            return
        pose = frame.fixed_from_camera if self._target_frame else None
        people = self._last_check.check(result.people, pose).people
        scene = Scene(people, frame, self._target_frame)
        try:
            if not self._said_body:
                self._said_body = True
                message = body_model_to_message(self._body)
                self._put("body_model", "humans4d_msgs/msg/BodyModel", scene, message)
            if TFMessage is not None and scene.frame_id:
                self._put("/tf", "tf2_msgs/msg/TFMessage", scene, transforms(scene))
            message = people_to_message(
                scene.people,
                stamp_ns=scene.stamp_ns,
                frame_id=scene.frame_id,
                image_size=(frame.camera.width, frame.camera.height),
                detector=self._detector,
                with_vertices=False,
            )
            self._put("people", "humans4d_msgs/msg/TrackedPeople", scene, message)
            markers = self._skeletons.update(scene, 1)
            self._put("markers", "visualization_msgs/msg/MarkerArray", scene, markers)
        except OSError as error:
            raise self._error(error) from None

    def close(self) -> None:
        try:
            self._writer.close()
        except OSError as error:
            raise self._error(error) from None

    def __enter__(self) -> PeopleBag:
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def _put(self, topic: str, kind: str, scene: Scene, message) -> None:
        topic = topic if topic.startswith("/") else f"{NAMESPACE}/{topic}"
        if topic not in self._connections:
            self._connections[topic] = self._writer.add_connection(
                topic, kind, typestore=self._types
            )
        data = message
        if not isinstance(message, bytes):
            # rclpy leaves in its padding what was in its memory; equal runs have equal bytes.
            told = self._types.deserialize_cdr(serialize_message(message), kind)
            data = self._types.serialize_cdr(told, kind)
        self._writer.write(self._connections[topic], scene.stamp_ns, data)

    def _error(self, error: OSError) -> Humans4dError:
        return Humans4dError(f"cannot write {shown(self._path)}: {error.strerror or error}")
