"""What the node publishes; a topic that nobody listens to costs nothing."""

from __future__ import annotations

import time
from array import array
from dataclasses import replace

import numpy as np
from humans4d_msgs.msg import BodyModel, PeopleForecast, TrackedPeople
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image, PointCloud2
from visualization_msgs.msg import MarkerArray

from humans4d_core.drawing import draw_overlay, private_image
from humans4d_core.geometry.coordinate_frames import forecast_in_coordinate_frame
from humans4d_core.pipeline import Pipeline, Result
from humans4d_core.types import Forecast, Frame

from ..diagnostics.counters import Counters
from ..names import prefix_of
from ..parameters.parameter_table import NodeParameters
from ..tf.body_transforms import TF_QOS, TFMessage, transforms
from .last_check import FARTHEST, UNKNOWN_VARIANCE, Checked, LastCheck
from .markers import MeshMarkers, SkeletonMarkers
from .people_messages import (
    body_model_to_message,
    fill_header,
    forecast_to_message,
    latency_seconds,
    people_to_message,
)
from .scene import Scene
from .surface_points import empty_cloud, surface_cloud

#: Reliable, so that every kind of subscription matches; short, so that nothing old waits.
QOS = QoSProfile(depth=5)
#: Of what is large, only the newest.
LARGE_QOS = QoSProfile(depth=1)
#: Nanoseconds from the last image to what is said when all tracks end at once.
SHORTLY_NS = 1000
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Outputs:
    """The lifecycle publishers of a configured node."""

    def __init__(
        self,
        node,
        pipeline: Pipeline,
        settings: NodeParameters,
        counters: Counters | None = None,
    ):
        self._node = node
        self._last_check = LastCheck(counters)
        self._last_frame: Frame | None = None
        self._body = pipeline.recovery.body
        self._detector = pipeline.detector.name
        self._tracker = pipeline.tracker
        #: What is to be published; the worker replaces it between two images.
        self.settings = settings
        self._tf_id_prefix = settings.tf_id_prefix or prefix_of(node.get_namespace())
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
        pose = frame.fixed_from_camera if settings.target_frame else None
        checked = self._last_check.check(result.people, pose)
        self._last_frame = frame
        scene = Scene(checked.people, frame, settings.target_frame)
        # Transforms go first: who gets the people may look them up at the same stamp.
        if self._shall_transform(scene):
            self._last_tf_ns = scene.stamp_ns
            self._tf.publish(transforms(scene, settings.publish_joint_tf, self._tf_id_prefix))
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
            self._forecasts.publish(self._forecast(scene, checked))
        if listeners := self._markers.get_subscription_count():
            self._markers.publish(self._skeletons.update(scene, listeners))
        if listeners := self._mesh_markers.get_subscription_count():
            self._mesh_markers.publish(self._meshes.update(scene, listeners))
        if _is_heard(self._surface):
            self._surface.publish(surface_cloud(scene))
            self._last_surface = scene.stamp_ns, scene.frame_id
        if _is_heard(self._overlay):
            self._overlay.publish(self._drawn(scene))
        return latency, node_seconds

    @property
    def names_anybody(self) -> bool:
        """Whether the last list named somebody who is not LOST."""
        return self._last_check.knows_anybody

    def end_tracks(self, silence: float = 0.0) -> int | None:
        """Name everybody of the last list once more, as LOST, `silence` seconds after it, and
        clear the displays. The stamp of that (ns); None where nobody was there."""
        lost, frame = self._last_check.end(), self._last_frame
        if lost is None or frame is None:
            return None
        frame = replace(frame, stamp_ns=frame.stamp_ns + max(round(silence * 1e9), SHORTLY_NS))
        scene = Scene(lost, frame, self.settings.target_frame)
        where = {"stamp_ns": scene.stamp_ns, "frame_id": scene.frame_id}
        if _is_heard(self._people):
            size = (frame.camera.width, frame.camera.height)
            self._people.publish(
                people_to_message(
                    scene.people,
                    **where,
                    image_size=size,
                    detector=self._detector,
                    with_vertices=False,
                )
            )
        if _is_heard(self._forecasts):
            seconds = self._forecast_seconds()
            nothing = np.zeros((0, len(seconds), 3), np.float32)
            nobody = Forecast(nothing, np.zeros((*nothing.shape, 3), np.float32))
            self._forecasts.publish(
                forecast_to_message(scene.people.select(slice(0, 0)), nobody, seconds, **where)
            )
        self.clear_displays()
        return scene.stamp_ns

    def wait_until_heard(self, seconds: float) -> None:
        """Until listeners have the last list of people, but no longer: before a process ends."""
        self._people.wait_for_all_acked(Duration(seconds=seconds))

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

    def _forecast_seconds(self) -> np.ndarray:
        settings = self.settings
        steps = max(round(settings.forecast_horizon / settings.forecast_step), 1)
        return settings.forecast_step * np.arange(1, steps + 1)

    def _forecast(self, scene: Scene, checked: Checked) -> PeopleForecast:
        seconds = self._forecast_seconds()
        forecast = self._tracker.forecast(seconds).select(checked.rows)
        if scene.pose is not None:
            forecast = forecast_in_coordinate_frame(forecast, scene.pose)
        people = scene.people.select(slice(0, len(checked.rows)))
        # Where a velocity or a place cannot be, nothing is foreseen.
        possible = people.velocity_covariance_cam[:, 0, 0] < UNKNOWN_VARIANCE / 2
        with np.errstate(invalid="ignore"):
            possible &= (np.abs(forecast.positions_cam) <= 2 * FARTHEST).all((1, 2))
        possible &= np.isfinite(forecast.covariances_cam).all((1, 2, 3))
        if not possible.all():
            people, forecast = people.select(possible), forecast.select(possible)
        return forecast_to_message(
            people, forecast, seconds, stamp_ns=scene.stamp_ns, frame_id=scene.frame_id
        )

    def _drawn(self, scene: Scene) -> Image:
        frame = scene.frame
        people = scene.people_cam
        seen = private_image(frame.image_bgr, people, self.settings.privacy)
        drawn = draw_overlay(seen, people, self._body.faces, frame.camera)
        height, width = drawn.shape[:2]
        image = Image(height=height, width=width, encoding="bgr8", step=3 * width)
        image.data = array("B", drawn.tobytes())
        fill_header(image.header, frame.stamp_ns, frame.frame_id)
        return image


def _is_heard(publisher) -> bool:
    return publisher.get_subscription_count() > 0
