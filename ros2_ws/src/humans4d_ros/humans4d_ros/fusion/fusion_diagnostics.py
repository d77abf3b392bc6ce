"""What the fusion says of itself and of each camera on /diagnostics."""

from __future__ import annotations

import math
import time

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from humans4d_core.fusion import ListRounds
from humans4d_core.fusion.camera_agreement import Agreement
from humans4d_core.fusion.rounds import MOST_PEOPLE
from humans4d_core.shown_text import shown
from humans4d_core.types import People

from .camera_inbox import CameraInbox

#: m and s by which two cameras may differ without a warning.
FAR_APART, MUCH_SKEW = 0.3, 0.1
_LONGEST = 1000
#: Counters of a camera, and what has happened where one grows.
LEFT_OUT = {
    "refused": "messages are left out",
    "flooded": "messages are left out",
    "late": "messages are later than parameter late allows",
    "unordered": "messages are not later than those before: do two nodes publish on the topic?",
    "other_clock": "stamps are of another clock than the others'",
    "crowded": f"of more than {MOST_PEOPLE} people in a message the surest are kept",
}


class FusionDiagnostics:
    """Counts lists; judges cameras."""

    def __init__(self, node, names: list[str], topics: list[str]):
        self._node, self._names, self._topics = node, names, topics
        self._start = time.monotonic()
        self._lists = self._people = 0
        self._seconds: list[float] = []
        self._before: list[dict[str, int]] = [{} for _ in names]

    def published(self, people: People, seconds: float) -> None:
        """A list, and how long it took."""
        self._lists += 1
        self._people = len(people)
        self._seconds.append(seconds)

    def status(
        self, rounds: ListRounds, inboxes: list[CameraInbox], now: float
    ) -> DiagnosticStatus:
        """Since the last one."""
        values = {
            "lists": str(self._lists),
            "people": str(self._people),
            "restarts": str(rounds.restarts),
        }
        if self._seconds:
            values["list_seconds_p95"] = f"{np.percentile(self._seconds, 95):.4f}"
        self._seconds = []
        findings = []
        for camera, name in enumerate(self._names):
            told, wrong = self._of_camera(camera, rounds, inboxes[camera], now)
            values |= {f"{name}.{key}": value for key, value in told.items()}
            findings += [f"{name}: {text}" for text in wrong]
        for pair in rounds.fusion.agreement.told():
            key, text, is_wrong = self._of_pair(pair)
            values[key] = text
            if is_wrong:
                findings.append(f"{key} {text}")
        return DiagnosticStatus(
            level=DiagnosticStatus.WARN if findings else DiagnosticStatus.OK,
            name=f"{self._node.get_fully_qualified_name().lstrip('/')}: people",
            message=shown("; ".join(findings), _LONGEST) or "working",
            values=[KeyValue(key=shown(k), value=shown(v, _LONGEST)) for k, v in values.items()],
        )

    def _of_camera(
        self, camera: int, rounds: ListRounds, inbox: CameraInbox, now: float
    ) -> tuple[dict[str, str], list[str]]:
        record = rounds.cameras[camera]
        counts = {
            "refused": record.refused + inbox.refused,
            "flooded": inbox.flooded,
            "late": record.late,
            "unordered": record.unordered,
            "other_clock": record.other_clock,
            "crowded": record.crowded,
        }
        before, self._before[camera] = self._before[camera], counts
        told = {"received": str(record.received), "people": str(record.people)}
        told |= {key: str(count) for key, count in counts.items() if count}
        last_error = inbox.last_error or record.reason
        if last_error:
            told["last_error"] = last_error
        wrong = []
        publishers = self._node.count_publishers(self._topics[camera])
        if publishers > 1:
            wrong.append(f"{publishers} nodes publish {self._topics[camera]}")
        grown = [key for key, count in counts.items() if count > before.get(key, 0)]
        for key in grown:
            reason = last_error if key in ("refused", "flooded") else ""
            ahead = f" ({record.clock_ahead:+.1f} s)" if key == "other_clock" else ""
            wrong.append(f"{LEFT_OUT[key]}{ahead}" + (f": {reason}" if reason else ""))
        if not rounds.is_live(camera, now) and not grown:
            since = now - (self._start if record.heard is None else record.heard)
            nobody = "" if publishers else f": nobody publishes {self._topics[camera]}"
            wrong.append(f"no message for {since:.0f} s{nobody}")
        return told, wrong

    def _of_pair(self, pair: Agreement) -> tuple[str, str, bool]:
        distance = float(np.linalg.norm(pair.offset))
        text = f"differ by {distance:.2f} m"
        if not math.isnan(pair.skew):
            text += f" and {pair.skew:+.2f} s"
        is_wrong = distance > FAR_APART or abs(pair.skew) > MUCH_SKEW
        return f"{self._names[pair.first]} and {self._names[pair.second]}", text, is_wrong
