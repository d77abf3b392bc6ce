"""What the live view costs the pipeline beside it.

    python benchmarks/view_cost.py VIDEO [--frames 60] [--viewers 1]

Images a second of the pipeline alone, with a view that nobody looks at, and with viewers that read
all that they are sent (over the network of this machine; they draw nothing), and the time to hand
over a frame and to draw it. All in one run, in turns.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np

from humans4d_core.io import CameraChoice, open_source
from humans4d_core.pipeline import create_pipeline
from humans4d_core.viewer import LiveView, show_result

ROUNDS = 3


class Watched(LiveView):
    """These viewers send no camera, by which a browser is known."""

    has_viewers = True


@contextmanager
def readers(address: str, count: int) -> Iterator[None]:
    """Viewers, each in a thread of its own."""
    stop = threading.Event()
    threads = [threading.Thread(target=read_all, args=(address, stop)) for _ in range(count)]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join()


def read_all(address: str, stop: threading.Event) -> None:
    import viser
    from websockets.sync.client import connect

    with connect(
        address.replace("http", "ws"), subprotocols=[f"viser-v{viser.__version__}"], max_size=None
    ) as socket:
        while not stop.is_set():
            with suppress(TimeoutError):
                socket.recv(0.2)


def time_drawing(live: LiveView, drawn: list[float]) -> None:
    """Add the seconds a person of each frame that is drawn."""
    draw = live._scene.draw

    def timed(frame, shown):
        before = time.perf_counter()
        draw(frame, shown)
        if len(frame.people):
            drawn.append((time.perf_counter() - before) / len(frame.people))

    live._scene.draw = timed


def rate(pipeline, frames, show=lambda frame, result: None) -> tuple[float, float]:
    """Images a second, and the median time to hand over, ms."""
    pipeline.reset()
    start, given = time.perf_counter(), []
    for frame in frames:
        result = pipeline.process(frame)
        before = time.perf_counter()
        show(frame, result)
        given.append(time.perf_counter() - before)
    return len(frames) / (time.perf_counter() - start), 1e3 * float(np.median(given))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--viewers", type=int, default=1)
    options = parser.parse_args()
    with open_source(options.video, CameraChoice(fov_degrees=60), None) as source:
        frames = [frame for frame, _ in zip(source, range(options.frames), strict=False)]
    pipeline = create_pipeline()
    rate(pipeline, frames[:5])
    rows: dict[str, list] = {}
    drawn: list[float] = []
    faces = pipeline.recovery.body.faces
    for _ in range(ROUNDS):
        rows.setdefault("no view", []).append(rate(pipeline, frames))
        with LiveView(faces) as live:
            show = partial(show_result, live, pipeline)
            rows.setdefault("nobody looks", []).append(rate(pipeline, frames, show))
        with Watched(faces) as live, readers(live.address, options.viewers):
            time_drawing(live, drawn)
            show = partial(show_result, live, pipeline)
            rows.setdefault(f"{options.viewers} looking", []).append(rate(pipeline, frames, show))
    alone = np.median([each[0] for each in rows["no view"]])
    for name, each in rows.items():
        speed, given = np.median(each, axis=0)
        print(f"{name:14s} {speed:6.2f} images/s ({speed / alone:.2f} of no view), "
              f"handed over in {given:.2f} ms")  # fmt: skip
    print(f"drawing a frame: {1e3 * float(np.median(drawn)):.2f} ms a person")


if __name__ == "__main__":
    main()
