"""What the node publishes; a topic that nobody listens to costs nothing."""

from __future__ import annotations

import time
from array import array

import numpy as np
from humans4d_msgs.msg import BodyModel, PeopleForecast, TrackedPeople
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image, PointCloud2
from visualization_msgs.msg import MarkerArray

from humans4d_core.pipeline import Pipeline, Result
from humans4d_core.reference_frames import forecast_in_frame
from humans4d_core.rendering import draw_overlay
from humans4d_core.types import Frame

from .conversions import (
    body_model_to_message,
    fill_header,
    forecast_to_message,
    latency_seconds,
    people_to_message,
)
from .markers import MeshMarkers, SkeletonMarkers
from .parameters import NodeParameters
from .scene import Scene
from .surface import empty_cloud, surface_cloud
from .transforms import TF_QOS, TFMessage, transforms

#: Reliable, so that every kind of subscription matches; short, so that nothing old waits.
QOS = QoSProfile(depth=5)
#: Of what is large, only the newest.
LARGE_QOS = QoSProfile(depth=1)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Outputs:
    """The lifecycle publishers of a configured node."""

    def __init__(self, node, pipeline: Pipeline, settings: NodeParameters):
        self._node = node
        self._body = pipeline.recovery.body
        self._detector = pipeline.detector.name
        self._tracker = pipeline.tracker
        #: What is to be published; the worker replaces it between two images.
        self.settings = settings
        self._skeletons = SkeletonMarkers()
        self._meshes = MeshMarkers(self._body.faces)
        self._last_tf_ns: int | None = None
        self._last_surface = (0, "")  # stamp and frame
        create = node.create_lifecycle_publisher
        self._tf = create(TFMessage, "/tf", TF_QOS) if TFMessage else None
        self._people = create(TrackedPeople, "~/people", QOS)
        self._forecasts = create(PeopleForecast, "~/forecasts", QOS)
        self._body_model = create(BodyModel, "~/body_model", LATCHED)
        self._markers = create(MarkerArray, "~/markers", QOS)
        self._mesh_markers = create(MarkerArray, "~/mesh_markers", LARGE_QOS)
        self._surface = create(PointCloud2, "~/surface", LARGE_QOS)
        self._overlay = create(Image, "~/overlay", LARGE_QOS)

    @property
    def has_tf(self) -> bool:
        """Whether transforms can be published and shall be."""
        return self._tf is not None and self.settings.publish_tf

    def publish_body_model(self) -> None:
        self._body_model.publish(body_model_to_message(self._body))

    def publish(self, frame: Frame, result: Result, arrival: float) -> tuple[float, float]:
        """Everything about one image that came at `arrival` (time.monotonic).

        Returns `latency_seconds` and `node_seconds` as in TrackedPeople.
        """
        settings = self.settings
        scene = Scene(result.people, frame, settings.target_frame)
        # Transforms go first: who gets the people may look them up at the same stamp.
        if self._shall_transform(scene):
            self._last_tf_ns = scene.stamp_ns
            self._tf.publish(transforms(scene, settings.publish_joint_tf, settings.tf_id_prefix))
        message = None
        if _is_heard(self._people):
            message = people_to_message(
                scene.people,
                stamp_ns=scene.stamp_ns,
                frame_id=scene.frame_id,
                image_size=(frame.camera.width, frame.camera.height),
                detector=self._detector,
                seconds=result.seconds,
                with_vertices=settings.publish_vertices,
            )
        latency = latency_seconds(frame.stamp_ns, self._node.get_clock().now().nanoseconds)
        node_seconds = time.monotonic() - arrival
        if message is not None:
            message.latency_seconds, message.node_seconds = latency, node_seconds
            self._people.publish(message)
        if _is_heard(self._forecasts):
            self._forecasts.publish(self._forecast(scene))
        if listeners := self._markers.get_subscription_count():
            self._markers.publish(self._skeletons.update(scene, listeners))
        if listeners := self._mesh_markers.get_subscription_count():
            self._mesh_markers.publish(self._meshes.update(scene, listeners))
        if _is_heard(self._surface):
            self._surface.publish(surface_cloud(scene))
            self._last_surface = scene.stamp_ns, scene.frame_id
        if _is_heard(self._overlay):
            self._overlay.publish(self._drawn(frame, result))
        return latency, node_seconds

    def clear_displays(self) -> None:
        """Take everybody off the displays: nobody will be updated any more."""
        self._markers.publish(self._skeletons.clear())
        self._mesh_markers.publish(self._meshes.clear())
        self._surface.publish(empty_cloud(*self._last_surface))

    def destroy(self) -> None:
        for publisher in (
            self._tf,
            self._people,
            self._forecasts,
            self._body_model,
            self._markers,
            self._mesh_markers,
            self._surface,
            self._overlay,
        ):
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)

    def _shall_transform(self, scene: Scene) -> bool:
        # A frame without a name has no place in the tree. Of an image that came twice, the tree has
        # its transforms already, and tf2 complains about the second ones.
        is_new = scene.stamp_ns != self._last_tf_ns
        return bool(self.has_tf and scene.frame_id and is_new and _is_heard(self._tf))

    def _forecast(self, scene: Scene) -> PeopleForecast:
        settings = self.settings
        steps = max(round(settings.forecast_horizon / settings.forecast_step), 1)
        seconds = settings.forecast_step * np.arange(1, steps + 1)
        forecast = self._tracker.forecast(seconds)
        if scene.pose is not None:
            forecast = forecast_in_frame(forecast, scene.pose)
        return forecast_to_message(
            scene.people, forecast, seconds, stamp_ns=scene.stamp_ns, frame_id=scene.frame_id
        )

    def _drawn(self, frame: Frame, result: Result) -> Image:
        drawn = draw_overlay(frame.image_bgr, result.people, self._body.faces, frame.camera)
        height, width = drawn.shape[:2]
        image = Image(height=height, width=width, encoding="bgr8", step=3 * width)
        image.data = array("B", drawn.tobytes())
        fill_header(image.header, frame.stamp_ns, frame.frame_id)
        return image


def _is_heard(publisher) -> bool:
    return publisher.get_subscription_count() > 0
