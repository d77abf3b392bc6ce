"""The lifecycle node: images in, tracked people out.

    image ─▶ executor ─▶ one slot ─▶ worker: decode, detect, recover, track ─▶ publish

The executor only hands images over: it never waits for the models, so services and parameters
answer while they run. When images come faster than people, the newest wins.
"""

from __future__ import annotations

# First of all: what is imported here takes seconds, in which signals come too.
from .process import signals

if __name__ == "__main__":
    signals.end_while_loading()

import sys
import time

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from humans4d_core.detection import GivenBoxes
from humans4d_core.pipeline import Pipeline, create_pipeline
from humans4d_core.shown_text import shown
from humans4d_core.stamps import StampMeaning
from humans4d_core.types import Frame, TrackState

from .diagnostics.counters import Counters
from .diagnostics.judge import own_gpu_memory, status
from .diagnostics.log_limit import LogLimit
from .distributions import answer_impossible_transitions
from .inputs.camera_info import CameraSource
from .inputs.frame_builder import FrameSource
from .inputs.input_topics import image_topic
from .inputs.node_inputs import Arrival, Inputs
from .inputs.paired_boxes import TOPIC_START_SCORE
from .inputs.rate_limit import RateLimit
from .inputs.refusals import LOG_PERIOD, explained, reason
from .inputs.silence import Silence
from .node_warm_up import warm_up
from .outputs.deadline import Deadline
from .outputs.node_outputs import Outputs
from .parameters.parameter_access import LiveParameters
from .parameters.parameter_table import TOPIC_DETECTOR, Settings
from .process.guarded_executor import CallbackLog, describe
from .process.memory import give_back_memory
from .process.node_process import run_node
from .process.ros_arguments import qos_without_effect
from .worker import Worker

#: Seconds between reports.
DIAGNOSTICS_PERIOD = 1.0
#: Most seconds that the end waits for listeners to have heard who is LOST.
LAST_WORDS_SECONDS = 0.5


class Humans4dNode(LifecycleNode):
    """Its parameters are in parameters.py, its topics in inputs.py and outputs.py."""

    def __init__(self, **kwargs):
        super().__init__("humans4d", **kwargs)
        answer_impossible_transitions(self)
        self._live = LiveParameters(self)
        self._applied = Settings()  # what the worker runs with
        self._state = "unconfigured"
        self._failure = ""
        self._counters = Counters()
        self._rate_limit = RateLimit()
        self._pipeline: Pipeline | None = None
        self._next_id = 1  # kept over cleanup: ids are never used again in a node's life
        self._outputs: Outputs | None = None
        self._worker: Worker[Arrival] | None = None
        self._inputs: Inputs | None = None
        self._cameras = CameraSource()
        self._frames: FrameSource | None = None
        self._deadline = Deadline()
        self._restarts = 0  # of time, that the worker has followed
        self._silence = Silence(self.get_clock())
        self._last_view = ""  # size and frame of the images
        self._callback_log = CallbackLog(self.get_logger())
        self._refusal_log = LogLimit(LOG_PERIOD)
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
            self._fail("configure", error)
            self._release()
            return TransitionCallbackReturn.FAILURE
        self._failure, self._state = "", "inactive"
        about = ", ".join(f"{key} {shown(value)}" for key, value in self._about().items())
        self.get_logger().info(f"configured in {time.monotonic() - start:.1f} s: {about}")
        return super().on_configure(state)

    def _configure(self) -> None:
        self._applied = self._live.configure()
        settings, config = self._applied.node, self._applied.pipeline
        self._cameras = CameraSource(settings.horizontal_fov, settings.image_is_rectified)
        self._inputs = Inputs(self, self._cameras, self._applied, self._counters)
        boxes_come = self._applied.uses_boxes_topic
        given = GivenBoxes(TOPIC_START_SCORE, TOPIC_DETECTOR) if boxes_come else None
        pipeline = create_pipeline(config, detector=given)
        self.get_logger().info(f"recovery: {shown(pipeline.recovery.description, 1000)}")
        pipeline.next_track_id = self._next_id
        go_on = ": they go on" if self._next_id > 1 else ""
        self.get_logger().info(f"track ids begin at {self._next_id}{go_on}")
        warm_up(pipeline)
        self._pipeline, self._inputs.used = pipeline, pipeline.stamps
        self._frames = FrameSource(
            self._cameras,
            self._inputs.transforms,
            self._inputs.depth,
            self._counters,
            self.resolve_topic_name("image"),
            self.get_logger().info,
        )
        self._outputs = Outputs(self, pipeline, settings, self._counters)
        if settings.publish_tf and not self._outputs.has_tf:
            self.get_logger().warning("no TF: the package tf2_msgs is not installed")

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        result = super().on_activate(state)
        try:
            self._listen()
        except Exception as error:  # rclpy would hide it
            self._fail("activate", error)
            self._stop_listening()
            super().on_deactivate(state)
            return TransitionCallbackReturn.FAILURE
        self._failure, self._state = "", "active"
        self.get_logger().info(f"active: listening to {', '.join(self._inputs.topics)}")
        return result

    def _listen(self) -> None:
        self._outputs.publish_body_model()
        self._counters.activated()
        self._last_view = ""
        self._worker = Worker(self._process, self._refuse, self._end_tracks_in_silence)
        self._inputs.open(self._receive)
        for note in qos_without_effect(self):
            self.get_logger().warning(note)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._stop_listening()
        self.get_logger().info("inactive: it listens to nothing, the models stay loaded")
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        before = own_gpu_memory()
        self._release()
        give_back_memory()
        if before is not None:
            sys.modules["torch"].cuda.empty_cache()
            freed, left = (before - own_gpu_memory()) / 2**20, own_gpu_memory() / 2**20
            self.get_logger().info(f"freed {freed:.0f} MB of GPU memory, {left:.0f} MB are left")
        self.get_logger().info("unconfigured: the models are released")
        return super().on_cleanup(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """A transition broke down: begin anew, unconfigured."""
        self._failure = f"a transition from '{state.label}' broke down"
        self.get_logger().error(f"{self._failure}: the node is unconfigured now")
        self._stop_listening()
        self._release()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._stop_listening()
        self._release()
        self._state = "finalized"
        self.get_logger().info(f"shut down from '{state.label}'")
        return super().on_shutdown(state)

    def _fail(self, transition: str, error: Exception) -> None:
        self._failure = f"cannot {transition}: {shown(error, 1500)}"
        self.get_logger().error(f"cannot {transition}: {explained(error)}")

    def _stop_listening(self) -> None:
        if self._worker is None:
            return
        self._inputs.close()
        self._worker.stop()
        self._worker = None
        self._end_tracks()
        self._outputs.wait_until_heard(LAST_WORDS_SECONDS)
        self._outputs.clear_displays()
        self._state = "inactive"
        self._report()

    def _release(self) -> None:
        """Let go of the models and the publishers."""
        if self._pipeline is not None:
            self._next_id = self._pipeline.next_track_id
        if self._outputs is not None:
            self._outputs.destroy()
        self._outputs = self._pipeline = self._inputs = self._frames = None
        self._live.release()
        self._state = "unconfigured"

    # Executor

    def callback_failed(self, where: str, error: Exception) -> None:
        """What a callback of the executor raised: counted and told, never fatal."""
        self._counters.callback_failed(describe(where, error))
        self._callback_log(where, error)

    def _receive(self, arrival: Arrival) -> None:
        worker = self._worker
        if worker is None:
            return
        if self._rate_limit.takes(arrival.received, self._live.settings.node.max_rate):
            self._counters.image_received(worker.offer(arrival))
        else:
            self._counters.image_skipped()
            self._silence.end(arrival.received)

    def _report(self) -> None:
        # Under its full name, so that two nodes of two cameras do not hide each other.
        name = f"{self.get_fully_qualified_name().lstrip('/')}: people"
        inputs = self._inputs  # another thread may let go of them
        report = status(
            name,
            self._state,
            self._failure,
            {**self._about(), **({} if inputs is None else inputs.report())},
            self._counters.report(),
            self._live.settings.node,
            lambda: "" if inputs is None else inputs.why_silent(),
        )
        transport = self._live.settings.node.image_transport
        report.hardware_id = image_topic(self, transport)
        message = DiagnosticArray(status=[report])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)

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
        if self._live.settings is not self._applied:
            self._apply(self._live.settings)
        if arrival.restarts != self._restarts:
            self._restarts = arrival.restarts
            self._end_tracks()
            self._pipeline.stamps.reset()
        stamps = self._pipeline.stamps
        if stamps.take_late(arrival.stamp_ns):
            self._counters.image_late(is_received=True)
            return
        frame = self._frames.frame(arrival, self._applied.node)
        self._notice_another_camera(frame)
        if stamps.meaning(frame.stamp_ns) is StampMeaning.RESTART:
            # Earlier than what was said of the people when images failed to come.
            self._end_tracks()
            stamps.reset()
        within = self._deadline.left(
            self._applied.pipeline.recovery.deadline,
            frame.stamp_ns,
            self.get_clock().now().nanoseconds,
            arrival.received,
        )
        result = self._pipeline.process(frame, arrival.detections, within=within)
        self._deadline.begin()
        latency, node_seconds = self._outputs.publish(frame, result, arrival.received)
        self._deadline.end()
        self._silence.end(arrival.received)
        self._counters.boxes_unused(result.boxes_without_body, result.boxes_left_out)
        people = result.people
        self._counters.pose_ages(people.bodies.pose_age[people.states == TrackState.CONFIRMED])
        self._counters.image_processed(people.states, latency, node_seconds)

    def _end_tracks(self, silence: float = 0.0) -> None:
        """Everybody is published once more, as LOST; who comes then is new."""
        self._pipeline.reset()
        said_ns = self._outputs.end_tracks(silence)
        if said_ns is not None:
            self._pipeline.stamps.note(said_ns)
            self._counters.everybody_left()

    def _end_tracks_in_silence(self) -> None:
        """Nobody is shown for ever when images stop, or when none can be used."""
        silence = self._silence.seconds
        if self._outputs.names_anybody and silence > self._live.settings.node.image_timeout:
            self.get_logger().warning(f"no image could be used for {silence:.1f} s: all are LOST")
            self._end_tracks(silence)

    def _notice_another_camera(self, frame: Frame) -> None:
        """Boxes and distances of one camera say nothing about those of another."""
        view = f"{frame.camera.width}x{frame.camera.height} from '{shown(frame.frame_id)}'"
        if self._last_view not in ("", view):
            self.get_logger().warning(
                f"images are now {view}, before {self._last_view}: tracks start anew; give each "
                "camera a node of its own",
                throttle_duration_sec=LOG_PERIOD,
            )
            self._end_tracks()
        self._last_view = view

    def _apply(self, settings: Settings) -> None:
        """Let changed parameters hold from this image on."""
        self._outputs.settings = settings.node
        self._inputs.order.restart_seconds = settings.pipeline.restart_seconds
        self._pipeline.reconfigure(settings.pipeline)
        self._applied = settings

    def _refuse(self, error: Exception) -> None:
        """Count and tell; the node lives on."""
        kind = reason(error)
        self._counters.image_refused(kind, shown(error, 1500))
        if self._refusal_log.is_due(kind):
            self.get_logger().error(f"image refused: {explained(error)}")
        self._end_tracks_in_silence()


def main(args: list[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM. Exit code 1: it could not start or broke down."""
    return run_node(Humans4dNode, "humans4d", args)


if __name__ == "__main__":
    sys.exit(main())
