"""What a stranger's message breaks is told, and everything else goes on."""

import os
import threading

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

import rclpy
from humans4d_ros.process import guarded_executor
from humans4d_ros.process.guarded_executor import LIMIT, CallbackLog, GuardedExecutor, describe
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter as RclpyParameter
from rclpy.task import Future
from rosgraph_msgs.msg import Clock
from std_msgs.msg import String

TIMEOUT = 30.0


class Pair:
    """A node under a guarded executor, and a stranger in another context who talks to it."""

    def __init__(self):
        self.contexts = [rclpy.Context(), rclpy.Context()]
        for context in self.contexts:
            rclpy.init(context=context)
        simulated = [RclpyParameter("use_sim_time", value=True)]
        self.node = rclpy.create_node(
            "guarded", context=self.contexts[0], parameter_overrides=simulated
        )
        self.stranger = rclpy.create_node("stranger", context=self.contexts[1])
        self.failures: list[tuple[str, Exception]] = []
        self.executor = GuardedExecutor(
            lambda *failure: self.failures.append(failure), context=self.contexts[0]
        )
        self.executor.add_node(self.node)
        self.other = SingleThreadedExecutor(context=self.contexts[1])
        self.other.add_node(self.stranger)
        self.finished = Future()
        self.spinner = threading.Thread(
            target=self.executor.spin_until_future_complete, args=(self.finished,)
        )
        self.spinner.start()
        self.clients: dict = {}

    def ask(self, kind, service, request, timeout=TIMEOUT):
        client = self.clients.get(service)
        if client is None:
            client = self.stranger.create_client(kind, f"/guarded/{service}")
            self.clients[service] = client
        assert client.wait_for_service(TIMEOUT)
        future = client.call_async(request)
        self.other.spin_until_future_complete(future, timeout)
        return future.result() if future.done() else None

    def answers(self) -> bool:
        request = GetParameters.Request(names=["use_sim_time"])
        return any(self.ask(GetParameters, "get_parameters", request, 5) for _ in range(6))

    def until(self, condition, again):
        """Do `again()` until the condition holds."""
        for _ in range(300):
            if condition():
                return
            again()
            self.other.spin_once(timeout_sec=0.1)
        raise AssertionError(f"it never happened: {self.failures}")

    def close(self):
        self.finished.set_result(None)
        self.executor.wake()
        self.spinner.join(TIMEOUT)
        assert not self.spinner.is_alive()
        self.executor.shutdown()
        self.other.shutdown()
        for node, context in zip((self.node, self.stranger), self.contexts, strict=True):
            node.destroy_node()
            context.try_shutdown()


@pytest.fixture
def pair():
    pair = Pair()
    yield pair
    pair.close()


def test_a_parameter_of_a_type_that_does_not_exist_ends_nothing(pair):
    values = [ParameterValue(type=kind) for kind in (200, 255, 77)]
    parameters = [Parameter(name="use_sim_time", value=value) for value in values]
    ask = SetParameters.Request(parameters=parameters)
    pair.until(lambda: pair.failures, lambda: pair.ask(SetParameters, "set_parameters", ask, 0.2))
    assert "service" in pair.failures[0][0] and "set_parameters" in pair.failures[0][0]
    assert pair.answers()


@pytest.mark.parametrize(("seconds", "nanoseconds"), [(-5, 0), (-(2**31), 0), (-1, 2**32 - 1)])
def test_a_clock_that_shows_no_time_ends_nothing(pair, seconds, nanoseconds):
    clock = pair.stranger.create_publisher(Clock, "/clock", 10)
    message = Clock()
    message.clock.sec, message.clock.nanosec = seconds, nanoseconds
    pair.until(lambda: pair.failures, lambda: clock.publish(message))
    assert pair.failures[0][0] == "subscription /clock"
    message.clock.sec, message.clock.nanosec = 7, 0
    now = pair.node.get_clock().now
    pair.until(lambda: now().nanoseconds == 7 * 10**9, lambda: clock.publish(message))
    assert pair.answers()


def test_a_callback_that_raises_is_called_again_and_those_beside_it_too(pair):
    heard, beside = [], []

    def bad(message):
        heard.append(message)
        raise ValueError(message.data)

    pair.node.create_subscription(String, "/bad", bad, 10)
    pair.node.create_subscription(String, "/good", beside.append, 10)
    publishers = [pair.stranger.create_publisher(String, t, 10) for t in ("/bad", "/good")]

    def publish():
        for publisher in publishers:
            publisher.publish(String(data="hello"))

    pair.until(lambda: len(heard) > 2 and len(beside) > 2, publish)
    assert len(pair.failures) >= 2
    where, error = pair.failures[0]
    assert describe(where, error).startswith("subscription /bad failed: ValueError: hello (test_gu")


def test_what_cannot_be_taken_does_not_make_the_rest_deaf(pair, monkeypatch):
    """rclpy takes who breaks down before its callback for busy, and its whole group with it."""
    heard, broken = [], []
    subscription = pair.node.create_subscription(String, "/taken", heard.append, 10)
    take = GuardedExecutor._take_subscription

    def take_or_break(self, entity):
        if entity is subscription and len(broken) < 3:
            broken.append(entity)
            raise RuntimeError("failed to take")
        return take(self, entity)

    monkeypatch.setattr(GuardedExecutor, "_take_subscription", take_or_break)
    publisher = pair.stranger.create_publisher(String, "/taken", 10)
    pair.until(lambda: len(heard) > 2, lambda: publisher.publish(String(data="x")))
    assert [where for where, _ in pair.failures] == ["subscription /taken"] * 3
    assert pair.answers()


def test_bytes_that_are_no_message_end_nothing(pair):
    heard = []
    pair.node.create_subscription(String, "/bytes", heard.append, 10)
    publisher = pair.stranger.create_publisher(String, "/bytes", 10)

    def publish():
        for data in (b"\0\1\0\0\xff\xff\xff\x7f", b"\0\1\0\0\7", b"rubbish" * 9):
            publisher.publish(data)
        publisher.publish(String(data="sound"))

    pair.until(lambda: any(message.data == "sound" for message in heard), publish)
    assert pair.answers()


@pytest.fixture
def failing_wait(monkeypatch):
    """failing_wait(times): an executor whose waiting fails so often, and then ends; what it told,
    and how long it rested."""
    rests, told = [], []
    monkeypatch.setattr(guarded_executor.time, "sleep", rests.append)

    def run(times):
        count = iter(range(times))

        def wait(self, *_, **__):
            if next(count, None) is not None:
                raise RuntimeError("wait set")
            finished.set_result(None)
            raise guarded_executor.TimeoutException()

        monkeypatch.setattr(
            guarded_executor.SingleThreadedExecutor, "wait_for_ready_callbacks", wait
        )
        context = rclpy.Context()
        rclpy.init(context=context)
        executor = GuardedExecutor(lambda *failure: told.append(failure), context=context)
        finished = Future()
        try:
            executor.spin_until_future_complete(finished)
        finally:
            executor.shutdown()
            context.try_shutdown()
        return told, rests

    return run


def test_an_error_that_comes_back_at_once_does_not_spin_the_cpu(failing_wait):
    told, rests = failing_wait(40)
    assert len(told) == 40
    assert rests == sorted(rests) and 0 < rests[0] < 0.01
    assert rests[-1] == 0.5


def test_waiting_that_fails_for_good_ends_the_spinning(failing_wait):
    with pytest.raises(RuntimeError, match="wait set"):
        failing_wait(LIMIT + 1)


def test_each_kind_of_failure_is_logged_once_in_a_while():
    lines = []
    logger = type("Logger", (), {"error": staticmethod(lines.append)})
    log = CallbackLog(logger)
    for _ in range(3):
        log("subscription /a", ValueError("x\x1b[31m"))
        log("subscription /a", KeyError("y"))
        log("service /b", ValueError("z" * 10_000))
    assert len(lines) == 3
    assert "subscription /a failed: ValueError: x\\x1b[31m; the node goes on" in lines
    assert all(len(line) < 400 for line in lines)
