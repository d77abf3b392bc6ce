"""The node under test between its neighbours, and the hands that disturb it."""

from __future__ import annotations

import random
import signal
import threading
import time
from pathlib import Path

import numpy as np
import rclpy
from camera import CAMERA_FRAME, camera_of, image_message
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from processes import HERE, TIMEOUT, Process
from rcl_interfaces.srv import SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from tf2_msgs.msg import TFMessage

from humans4d_core.io import camera_info_fields

#: The node's parameters for the run; faults that change some put these back.
PARAMETERS = {"recovery": "landmarks", "target_frame": "odom", "image_timeout": 1.0}


class Bench:
    """What a fault may use. `random` decides everything that is not fixed."""

    def __init__(self, images: Path, folder: Path, seed: int, rate: float):
        self.random = random.Random(seed)
        self.folder = folder
        self.images, self._rate = images, rate
        _, self.height, self.width, _ = np.load(images, mmap_mode="r").shape
        self.camera_model = camera_of(self.width, self.height)
        self.is_run_over = threading.Event()
        self._neighbours: list[Process] = []
        self._context = rclpy.Context()
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self.ros = rclpy.create_node("fault_bench", context=self._context)
        publisher = self.ros.create_publisher
        self.image_out = publisher(Image, "/image", 1)
        self.compressed_out = publisher(CompressedImage, "/image/compressed", 1)
        self.info_out = publisher(CameraInfo, "/camera_info", 1)
        self.depth_out = publisher(Image, "/depth", 1)
        self.tf_out = publisher(TFMessage, "/tf", 100)
        self.clock_out = publisher(Clock, "/clock", 10)
        self._clients: dict[str, object] = {}
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.ros)
        self._closed = Future()
        spin = self._executor.spin_until_future_complete
        self._spinner = threading.Thread(target=spin, args=(self._closed,))
        self._spinner.start()
        words = [w for name, value in PARAMETERS.items() for w in ("-p", f"{name}:={value}")]
        command = ["-X", "faulthandler", "-m", "humans4d_ros.node", "--ros-args", *words]
        self.node = Process(command, folder / "node.log")
        self.listener = self.start_listener()
        self.camera = self.start_camera()
        self.odometry = self.start_odometry()

    # Neighbours

    def start(self, script: str, *arguments, log: str) -> Process:
        process = Process([HERE / script, *arguments], self.folder / log)
        self._neighbours.append(process)
        return process

    def start_listener(self, *options) -> Process:
        """Its findings are in a file of its own, listener_N.json."""
        result = self.folder / f"listener_{len(self._neighbours)}.json"
        return self.start("listener.py", result, *options, log="listener.log")

    def start_camera(self) -> Process:
        arguments = "camera", self.images, "--rate", self._rate
        self.camera = self.start("camera.py", *arguments, log="camera.log")
        return self.camera

    def start_odometry(self) -> Process:
        self.odometry = self.start("camera.py", "odometry", log="camera.log")
        return self.odometry

    def close(self) -> None:
        self._closed.set_result(None)
        self._spinner.join()
        self._executor.shutdown()
        self.ros.destroy_node()
        self._context.try_shutdown()
        for process in (*self._neighbours, self.node):
            process.send(signal.SIGCONT)
            process.kill()

    def pause(self, seconds: float) -> None:
        self.is_run_over.wait(seconds)

    # Messages

    def now(self):
        return self.ros.get_clock().now().to_msg()

    def image(self, width: int = 0, height: int = 0, gray: int = 90) -> Image:
        """As the camera's own, stamped now, but empty."""
        pixels = np.full((height or self.height, width or self.width, 3), gray, np.uint8)
        message = image_message(pixels)
        message.header.stamp = self.now()
        return message

    def info(self, **changes) -> CameraInfo:
        message = CameraInfo(**{**camera_info_fields(self.camera_model), **changes})
        message.header.stamp, message.header.frame_id = self.now(), CAMERA_FRAME
        return message

    # Services

    def call(self, kind: type, service: str, request, timeout: float = TIMEOUT):
        """The answer, None where none comes in time."""
        if service not in self._clients:
            self._clients[service] = self.ros.create_client(kind, f"/humans4d/{service}")
        client = self._clients[service]
        end = time.monotonic() + timeout
        while not client.wait_for_service(0.5):
            if not self.node.is_alive or time.monotonic() > end:
                return None
        future, answered = client.call_async(request), threading.Event()
        future.add_done_callback(lambda _: answered.set())
        while not answered.wait(0.5):
            if not self.node.is_alive or time.monotonic() > end:
                client.remove_pending_request(future)
                return None
        return future.result()

    def set(self, **values) -> bool:
        """Change parameters (`__` in a name stands for a dot); whether all were taken."""
        messages = [
            Parameter(name.replace("__", "."), value=value).to_parameter_msg()
            for name, value in values.items()
        ]
        answer = self.call(
            SetParameters, "set_parameters", SetParameters.Request(parameters=messages)
        )
        return answer is not None and all(result.successful for result in answer.results)

    def change_state(self, *transitions: int) -> bool:
        """Whether all transitions succeeded."""
        for transition in transitions:
            request = ChangeState.Request(transition=Transition(id=transition))
            answer = self.call(ChangeState, "change_state", request)
            if answer is None or not answer.success:
                return False
        return True

    def state(self) -> str | None:
        """Label of the node's state; None where it does not answer."""
        answer = self.call(GetState, "get_state", GetState.Request())
        return None if answer is None else answer.current_state.label

    def restore(self) -> bool:
        """Whatever a fault left: the node is active again with the parameters of the run."""
        state = self.state()
        if state == "unconfigured":
            self.set(**PARAMETERS)
            return self.change_state(
                Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE
            )
        if state == "inactive":
            return self.change_state(Transition.TRANSITION_ACTIVATE)
        return state == "active"
