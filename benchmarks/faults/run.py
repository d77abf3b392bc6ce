"""Is the node still right after hundreds of faults? Random ones, while people walk by.

    ./run exec python benchmarks/faults/run.py [VIDEO] [--seconds 1200] [--faults 300] [--seed 0]
        [--only NAME,...] [--result benchmarks/results/faults.json]

The node, a camera that shows 60 images of VIDEO (the demo's pedestrians), odometry and a listener
run as processes of their own, in a network and a /dev/shm of their own where the system allows it,
else in a ROS domain of their own. A run passes where, after all faults,
- nothing that was published broke an invariant (invariants.py, histories.py),
- the node lives, answers services, follows people again, and publishes everybody as LOST when the
  camera ends,
- its log has no traceback and nothing that a terminal would obey,
- memory, threads and files are flat within 5 %: medians of the second half against the first, after
  a quarter of the run as warm-up (in a run of five minutes or more),
- SIGINT ends it with exit code 0.
The exit code is 1 where it does not, and everything is in the result.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT)]
ISOLATED = "HUMANS4D_FAULTS_ISOLATED"
#: s until everything that a fault left must be over.
RECOVERY = 60.0
#: s of the shortest run that has a flat part to compare.
LONG_ENOUGH = 300.0


def add_missing_packages() -> None:
    """vision_msgs, where ROS came without it, as the tests build it."""
    spec = importlib.util.spec_from_file_location("underlay", ROOT / "tests/ros/underlay/build.py")
    underlay = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(underlay)
    os.environ.update(underlay.environment(underlay.build()))


def isolate(with_boxes: bool) -> None:
    """Start this program again in a network and /dev/shm of its own, where that is allowed."""
    if os.environ.get(ISOLATED):
        return
    os.environ[ISOLATED] = "1"
    os.environ["ROS_DOMAIN_ID"] = str(random.SystemRandom().randint(1, 100))
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    if with_boxes:
        add_missing_packages()
    unshare = ["unshare", "--net", "--mount"] + (["--map-root-user"] if os.geteuid() else [])
    prepare = (
        "ip link set lo up && ip link set lo multicast on && "
        "mount -t tmpfs -o size=4g tmpfs /dev/shm"
    )
    allowed = (
        shutil.which("unshare")
        and not subprocess.run([*unshare, "sh", "-c", prepare], capture_output=True).returncode
    )
    if allowed:
        command = [*unshare, "sh", "-c", f'{prepare} && exec "$@"', "-", sys.executable]
        os.execvp("unshare", [*command, *sys.argv])
    print("no network namespace here: a ROS domain of its own must do")
    os.execv(sys.executable, [sys.executable, *sys.argv])  # with what the environment now has


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", nargs="?")
    parser.add_argument("--seconds", type=float, default=1200)
    parser.add_argument("--faults", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=8, help="images a second")
    parser.add_argument("--only", default="", help="names of faults, with commas")
    parser.add_argument("--result", type=Path, help="a JSON file")
    parser.add_argument("--keep", type=Path, help="a folder for logs, which stays")
    arguments = parser.parse_args()
    isolate("flood_of_boxes" in (arguments.only or "flood_of_boxes"))
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="humans4d_faults_"))
    folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # neighbours end as well
    os.environ["ROS_LOG_DIR"] = str(folder / "ros")
    try:
        result = run(arguments, folder)
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    if arguments.result:
        arguments.result.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))
    return 1 if result["failures"] else 0


def run(arguments: argparse.Namespace, folder: Path) -> dict:
    from humans4d_ros.process.ros_session import use_large_message_profile

    use_large_message_profile()  # before the first node
    from bench import Bench
    from faults import FAULTS

    names = arguments.only.split(",") if arguments.only else list(FAULTS)
    images = _images(arguments.video, folder)
    bench = Bench(images, folder, arguments.seed, arguments.rate)
    try:
        return _run(bench, arguments, {name: FAULTS[name] for name in names})
    finally:
        bench.close()


def _run(bench, arguments: argparse.Namespace, faults: dict) -> dict:
    from processes import figures, growth, what_grew, wrong_with_log

    bench.node.wait_until_it_says("active: listening")
    failures: list[str] = []
    if not _wait(lambda: _findings(bench).get("alive")):
        raise SystemExit(
            f"nobody was followed before the first fault:\n{bench.node.said()[-3000:]}"
        )
    series, used, slowest = [], Counter(), (0.0, "")
    start = time.monotonic()

    def sample() -> None:
        while bench.node.is_alive and not bench.is_run_over.wait(1.0):
            with suppress(OSError):  # it has ended
                series.append(figures(bench.node.process.pid, time.monotonic() - start))

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    # Each fault before any a second time.
    queue: list[str] = []
    for number in range(arguments.faults):
        bench.pause(start + number * arguments.seconds / arguments.faults - time.monotonic())
        if not queue:
            queue = bench.random.sample(list(faults), len(faults))
        name = queue.pop()
        used[name] += 1
        print(f"{time.monotonic() - start:6.0f} s  {name}", flush=True)
        try:
            faults[name](bench)
        except Exception as error:  # of ours, or of a neighbour's
            failures.append(f"the fault {name} itself: {type(error).__name__}: {error}")
        asked = time.monotonic()
        state = bench.state() if bench.node.is_alive else None
        slowest = max(slowest, (time.monotonic() - asked, name))
        if state is None:
            failures.append(f"no answer after {name}, the node {_lives(bench)}")
            break
        if state != "active":
            restored = bench.restore()
            if not restored:
                failures.append(f"after {name} the node is {state} and cannot be activated")
                break
    bench.pause(max(start + arguments.seconds - time.monotonic(), 0))
    if bench.node.is_alive:
        failures += _wrong_at_the_end(bench)
    seconds = time.monotonic() - start
    bench.is_run_over.set()
    sampler.join()
    code = bench.node.stop(signal.SIGINT)
    bench.listener.stop()
    if code:
        failures.append(f"the exit code is {code}")
    failures += [f"log: {text}" for text in wrong_with_log(bench.node.said())]
    if seconds >= LONG_ENOUGH:
        failures += what_grew(series)
    found = [json.loads(path.read_text()) for path in bench.folder.glob("listener_*.json")]
    broken, examples = Counter(), {}
    for one in found:
        broken.update(one["broken"])
        examples |= one["examples"]
    failures += [f"{count} times {examples[kind]}" for kind, count in broken.most_common()]
    own = _findings(bench)
    if int(own["diagnostics"].get("images_refused_internal", 0)):
        failures.append(f"images were refused for a mistake of ours: {own['diagnostics']}")
    return {
        "failures": failures,
        "seconds": round(seconds),
        "faults": sum(used.values()),
        "seed": arguments.seed,
        "used": dict(sorted(used.items())),
        "first_and_second_half": growth(series),
        "slowest_answer": [round(slowest[0], 2), slowest[1]],
        "messages": own["messages"],
        "latency_p50_p95_s": own["latency_seconds"],
        "diagnostics": own["diagnostics"],
        "levels": own["levels"],
        "log_bytes": len(bench.node.said()),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
    }


def _wrong_at_the_end(bench) -> list[str]:
    """After the last fault: people are followed again; without camera, everybody is LOST."""
    wrong = []
    before = _findings(bench)["messages"].get("people", 0)
    if not _wait(lambda: _findings(bench)["alive"] and _people(bench) > before + 20):
        wrong.append(f"people are not followed any more: {_findings(bench)['diagnostics']}")
    bench.camera.kill()
    if not _wait(lambda: not _findings(bench)["alive"]):
        wrong.append(f"tracks {_findings(bench)['alive']} are not LOST though the camera is dead")
    if not _wait(lambda: not _findings(bench)["shown"]):
        wrong.append(f"{_findings(bench)['shown']} stay on displays though the camera is dead")
    return wrong


def _people(bench) -> int:
    return _findings(bench)["messages"].get("people", 0)


def _findings(bench) -> dict:
    """What the listener that hears all of the run has found until now."""
    path = bench.folder / "listener_0.json"
    return json.loads(path.read_text()) if path.exists() else {"alive": [], "messages": {}}


def _wait(is_it) -> bool:
    end = time.monotonic() + RECOVERY
    while not is_it():
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
    return True


def _lives(bench) -> str:
    code = bench.node.process.poll()
    return "lives" if code is None else f"has ended with {code}:\n{bench.node.said()[-3000:]}"


def _images(video: str | None, folder: Path) -> Path:
    """60 images as a file of numpy; one that is given is taken."""
    import cv2
    import numpy as np

    if video and video.endswith(".npy"):
        return Path(video)
    if video is None:
        from humans4d_ros.replay.demo.demo_input import pedestrian_video

        video = str(pedestrian_video(ROOT / ".cache/demo", print))
    capture = cv2.VideoCapture(video)
    images = [image for _ in range(60) for read, image in [capture.read()] if read]
    if not images:
        raise SystemExit(f"{video} has no images")
    path = folder / "images.npy"
    np.save(path, np.stack(images))
    return path


if __name__ == "__main__":
    sys.exit(main())
