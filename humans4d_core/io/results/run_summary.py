"""What a run came to: counts, times, versions; as JSON and as a table."""

from __future__ import annotations

import json
import platform
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path

import numpy as np

from ...errors import Humans4dError
from ...shown_text import shown
from ...types import People

_PACKAGES = ("humans4d", "numpy", "torch", "onnxruntime", "numba", "rosbags")

#: Times of a stage, at most: many more than a 95th percentile needs.
KEPT_TIMES = 10_000


class PeopleCount:
    """Counts present people (CONFIRMED or OCCLUDED) over the frames of a run."""

    def __init__(self) -> None:
        self._track_ids: set[int] = set()
        self._person_ids: set[int] = set()
        self.frames = 0
        self.frames_with_people = 0
        self.most_at_once = 0

    def add(self, people: People) -> None:
        self.frames += 1
        present = people.is_present
        self._track_ids.update(people.track_ids[present].tolist())
        self._person_ids.update(people.person_ids[present].tolist())
        count = int(present.sum())
        self.frames_with_people += count > 0
        self.most_at_once = max(self.most_at_once, count)

    def as_dict(self) -> dict[str, int]:
        return {
            "people": len(self._person_ids),
            "ids": len(self._track_ids),
            "most_at_once": self.most_at_once,
            "frames_with_people": self.frames_with_people,
        }


class BoxCount:
    """Counts the boxes of a run of which nothing was made."""

    def __init__(self) -> None:
        self._without_body = self._left_out = self._frames = 0

    def add(self, without_body: int, left_out: int) -> None:
        """Of a frame, see pipeline.Result."""
        self._without_body += without_body
        self._left_out += left_out
        self._frames += bool(without_body or left_out)

    def as_dict(self) -> dict[str, int]:
        return {
            "boxes_without_body": self._without_body,
            "boxes_left_out": self._left_out,
            "frames_with_such_boxes": self._frames,
        }


class StageTimes:
    """Wall times of the stages of a run, a number a stage and frame.

    Of a long run every second, fourth, ... time is kept: its memory stays the same for ten hours.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, list[float]] = {}
        self._seen: Counter[str] = Counter()
        self._every: dict[str, int] = {}

    def add(self, seconds: Mapping[str, float]) -> None:
        for stage, value in seconds.items():
            kept = self._seconds.setdefault(stage, [])
            every = self._every.setdefault(stage, 1)
            if self._seen[stage] % every == 0:
                kept.append(value)
            self._seen[stage] += 1
            if len(kept) > KEPT_TIMES:
                del kept[1::2]
                self._every[stage] = 2 * every

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.add({stage: time.perf_counter() - start})

    def as_dict(self) -> dict[str, dict[str, float | None]]:
        """Stage -> p50 and p95, seconds."""
        return {stage: percentiles(values) for stage, values in self._seconds.items()}


def percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """{"p50": ..., "p95": ...} with 6 decimals, None of no values."""
    if not len(values):
        return {"p50": None, "p95": None}
    p50, p95 = np.percentile(np.asarray(values, np.float64), (50, 95))
    return {"p50": round(float(p50), 6), "p95": round(float(p95), 6)}


def versions() -> dict[str, str]:
    """Versions of what made the result; packages that are not installed are left out."""
    import cv2

    found = {"python": platform.python_version(), "opencv": cv2.__version__}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def write_summary(path: Path, summary: Mapping) -> None:
    """Write summary.json, readable and with a newline at its end."""
    text = json.dumps(_fit_for_json(summary), indent=2, allow_nan=False) + "\n"
    path = Path(path)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        # Half of it is worth nothing.
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise Humans4dError(f"cannot write {shown(path)}: {error.strerror}") from None


def _fit_for_json(value):
    """The same with texts that every JSON reader takes: names of files may be no Unicode."""
    if isinstance(value, str):
        return shown(value, 4096)
    if isinstance(value, Mapping):
        return {key: _fit_for_json(item) for key, item in value.items()}
    return [_fit_for_json(item) for item in value] if isinstance(value, (list, tuple)) else value


def summary_table(title: str, rows: Iterable[tuple[str, str]]):
    """A rich table of names and values."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, box=box.SIMPLE, show_header=False, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        # As text: a path with square brackets is no markup.
        table.add_row(Text(shown(name)), Text(shown(value, 4096)))
    return table
