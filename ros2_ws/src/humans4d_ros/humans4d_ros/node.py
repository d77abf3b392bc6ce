"""The lifecycle node: images in, tracked people out.

    image ─▶ executor ─▶ one slot ─▶ worker: decode, detect, recover, track ─▶ publish

The executor only hands images over: it never waits for the models, so services and parameters
answer while they run. When images come faster than people, the newest wins.
"""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
import traceback
from dataclasses import dataclass

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from humans4d_core.errors import CameraError, Humans4dError, ImageError
from humans4d_core.io.image_messages import compressed_message_to_bgr, image_message_to_bgr
from humans4d_core.pipeline import Pipeline, create_pipeline
from humans4d_core.types import Frame

from .cameras import CameraSource
from .conversions import join_stamp
from .diagnostics import Statistics
from .outputs import Outputs
from .parameters import NodeParameters, declare_parameters, is_ours, read_parameters
from .warm_up import warm_up
from .worker import Worker

#: Sensor data, and of it only the newest.
NEWEST = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.BEST_EFFORT
)
#: Seconds between reports, and between log lines about one kind of bad image.
DIAGNOSTICS_PERIOD = 1.0
LOG_PERIOD = 5.0


@dataclass(frozen=True)
class Arrival:
    """An image on its way to the worker."""

    message: Image | CompressedImage
    received: float  #: time.monotonic


class Humans4dNode(LifecycleNode):
    """Its parameters are in parameters.py, its topics here and in outputs.py."""

    def __init__(self, **kwargs):
        super().__init__("humans4d", **kwargs)
        declare_parameters(self)
        self.add_on_set_parameters_callback(self._allow_parameters)
        self._settings = NodeParameters()
        self._state = "unconfigured"
        self._failure = ""
        self._statistics = Statistics()
        self._pipeline: Pipeline | None = None
        self._tracker = None  # kept over cleanup: ids are never used again in a node's life
        self._outputs: Outputs | None = None
        self._worker: Worker[Arrival] | None = None
        self._subscriptions_held: list = []
        self._cameras = CameraSource()
        self._last_stamp_ns: int | None = None
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # A steady clock: under simulated time that stands still, this still reports.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(DIAGNOSTICS_PERIOD, self._report, clock=steady)

    # Lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        start = time.monotonic()
        try:
            self._configure()
        except Exception as error:
            self._failure = str(error)
            self.get_logger().error(f"cannot configure: {_explained(error)}")
            self._release()
            return TransitionCallbackReturn.FAILURE
        self._failure, self._state = "", "inactive"
        about = ", ".join(f"{key} {value}" for key, value in self._about().items())
        self.get_logger().info(f"configured in {time.monotonic() - start:.1f} s: {about}")
        return super().on_configure(state)

    def _configure(self) -> None:
        self._settings, tracker_config = read_parameters(self)
        settings = self._settings
        pipeline = create_pipeline(
            settings.detector,
            settings.recovery,
            settings.threads or None,
            tracker_config,
            settings.checkpoint or None,
            settings.device or None,
            settings.tracking,
        )
        self.get_logger().info(f"recovery: {pipeline.recovery.description}")
        if self._tracker is not None:
            pipeline.tracker.next_id = self._tracker.next_id
        self._tracker = pipeline.tracker
        warm_up(pipeline)
        self._pipeline = pipeline
        self._cameras = CameraSource(settings.horizontal_fov, settings.image_is_rectified)
        self._outputs = Outputs(
            self,
            pipeline.recovery.body,
            pipeline.detector.name,
            settings.publish_vertices,
            settings.publish_tf,
        )
        if settings.publish_tf and not self._outputs.has_tf:
            self.get_logger().warning("no TF: the package tf2_msgs is not installed")

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        result = super().on_activate(state)
        self._outputs.publish_body_model()
        self._worker = Worker(self._process, self._refuse)
        group = MutuallyExclusiveCallbackGroup()
        if self._settings.image_transport == "compressed":
            kind, topic = CompressedImage, "image/compressed"
        else:
            kind, topic = Image, "image"
        image = self.create_subscription(kind, topic, self._receive, NEWEST, callback_group=group)
        self._subscriptions_held = [image]
        if not self._settings.horizontal_fov:
            self._subscriptions_held.append(
                self.create_subscription(CameraInfo, "camera_info", self._calibrate, NEWEST)
            )
        self._state = "active"
        topics = ", ".join(s.topic_name for s in self._subscriptions_held)
        self.get_logger().info(f"active: listening to {topics}")
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._stop_listening()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._release()
        gc.collect()
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_initialized():
            torch.cuda.empty_cache()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._stop_listening()
        self._release()
        self._state = "finalized"
        return super().on_shutdown(state)

    def _stop_listening(self) -> None:
        if self._worker is None:
            return
        for subscription in self._subscriptions_held:
            self.destroy_subscription(subscription)
        self._subscriptions_held = []
        self._worker.stop()
        self._worker = None
        self._outputs.clear_markers()
        self._state = "inactive"
        self._report()

    def _release(self) -> None:
        """Let go of the models and the publishers."""
        if self._outputs is not None:
            self._outputs.destroy()
        self._outputs = self._pipeline = None
        self._state = "unconfigured"

    # Executor

    def _receive(self, message: Image | CompressedImage) -> None:
        if self._worker is not None:
            dropped = self._worker.offer(Arrival(message, time.monotonic()))
            self._statistics.image_received(dropped)

    def _calibrate(self, message: CameraInfo) -> None:
        if self._cameras.update(message):
            size, k = f"{message.width}x{message.height}", message.k
            self.get_logger().info(f"CameraInfo of {size}: fx={k[0]:.1f}, fy={k[4]:.1f}")

    def _allow_parameters(self, parameters) -> SetParametersResult:
        ours = ", ".join(p.name for p in parameters if is_ours(p.name))
        if ours and self._pipeline is not None:
            reason = f"{ours} can change while the node is unconfigured only: clean it up first"
            return SetParametersResult(successful=False, reason=reason)
        return SetParametersResult(successful=True)

    def _report(self) -> None:
        # Under its full name, so that two nodes of two cameras do not hide each other.
        name = f"{self.get_fully_qualified_name().lstrip('/')}: people"
        status = self._statistics.status(name, self._state, self._failure, self._about())
        status.hardware_id = self.resolve_topic_name("image")
        report = DiagnosticArray(status=[status])
        report.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(report)

    def _about(self) -> dict[str, str]:
        pipeline, outputs = self._pipeline, self._outputs
        if pipeline is None or outputs is None:
            return {}
        return {
            "detector": pipeline.detector.name,
            "recovery": pipeline.recovery.name,
            "body_model": pipeline.recovery.body.name,
            "device": pipeline.recovery.device,
            "tf": "on" if outputs.has_tf else "off",
        }

    # Worker

    def _process(self, arrival: Arrival) -> None:
        message = arrival.message
        if isinstance(message, CompressedImage):
            image_bgr = compressed_message_to_bgr(message)
        else:
            image_bgr = image_message_to_bgr(message)
        height, width = image_bgr.shape[:2]
        camera = self._cameras.camera_for(width, height)
        stamp_ns = join_stamp(message.header.stamp)
        frame = Frame(image_bgr, stamp_ns, camera, message.header.frame_id)
        if self._last_stamp_ns is not None and stamp_ns < self._last_stamp_ns:
            self._statistics.time_jumped_back()
            seconds = (self._last_stamp_ns - stamp_ns) * 1e-9
            self.get_logger().warning(f"time jumped back {seconds:.1f} s: tracks start anew")
        self._last_stamp_ns = stamp_ns
        result = self._pipeline.process(frame)
        latency, node_seconds = self._outputs.publish(frame, result, arrival.received)
        self._statistics.image_processed(len(result.people), latency, node_seconds)

    def _refuse(self, error: Exception) -> None:
        """Count and tell; the node lives on."""
        if isinstance(error, CameraError):
            reason = "camera"
        elif isinstance(error, ImageError):
            reason = "image"
        else:
            reason = "internal"
        times = self._statistics.image_refused(reason, str(error))
        text = f"image refused: {_explained(error)}"
        if times == 1:
            self.get_logger().error(text)
        else:
            self.get_logger().error(text, throttle_duration_sec=LOG_PERIOD)


def _explained(error: Exception) -> str:
    """One sentence for what a user can mend, a traceback for what only a programmer can."""
    if isinstance(error, Humans4dError):
        return str(error)
    return "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip()


def main(args: list[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM. Exit code 1: it could not start or broke down."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    # rclpy's own handlers would shut the context down under the worker's feet.
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    try:
        try:
            node = Humans4dNode()
        except Exception as error:  # rclpy's many ways to say that a parameter is wrong
            rclpy.logging.get_logger("humans4d").fatal(f"cannot start: {error}")
            return 1
        return _run(node, stop)
    finally:
        rclpy.try_shutdown()


def _run(node: Humans4dNode, stop: threading.Event) -> int:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    failures: list[Exception] = []
    # Ends the spinning without executor.shutdown(), which takes the executor's means of being woken
    # away while it may be about to wait.
    finished = Future()

    def spin() -> None:
        try:
            executor.spin_until_future_complete(finished)
        except Exception as error:
            failures.append(error)
            node.get_logger().fatal(_explained(error))
            stop.set()

    # Signals reach Python's main thread only, and only while it is not inside rcl.
    spinner = threading.Thread(target=spin, name="humans4d_executor")
    spinner.start()
    success = TransitionCallbackReturn.SUCCESS
    started = True
    if node.get_parameter("autostart").value:
        started = node.trigger_configure() == success
        if started and not stop.is_set():
            started = node.trigger_activate() == success
    if started:
        stop.wait()
    finished.set_result(None)
    spinner.join()
    executor.shutdown()
    node.trigger_shutdown()
    node.destroy_node()
    return 0 if started and not failures else 1


if __name__ == "__main__":
    sys.exit(main())
