"""What the node's counters mean: OK, WARN or ERROR, and why."""

from __future__ import annotations

import sys
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from humans4d_core.shown_text import shown

from ..parameters.parameter_table import NodeParameters
from .counters import Report

#: Share of the GPU's memory in use, by whomever, above which there is a warning.
GPU_NEARLY_FULL = 0.95
#: Characters of a text in a status.
_LONGEST = 1000
#: Share of the images of the last seconds that the middleware may lose without a warning, of so
#: many at least. With the Fast DDS profile it loses about 1 % of them, without it more than half
#: (docs/ros.md).
LOST_SHARE, LOST_OF = 0.1, 10
#: s for which every image has had boxes without a body before it is told: one who passes by
#: behind others is no news.
WITHOUT_BODY_SECONDS = 3.0
#: A level and what is the matter.
Finding = tuple[bytes, str]


def status(
    name: str,
    state: str,
    failure: str,
    about: dict[str, str],
    report: Report,
    limits: NodeParameters,
    why_silent: Callable[[], str],
) -> DiagnosticStatus:
    """`state`: the lifecycle's; `failure`: which transition failed and why, or empty; `about`: what
    the node runs; `why_silent()`: why no image comes, asked only when none does."""
    memory, memory_findings = _gpu_memory()
    if failure:
        findings = [(DiagnosticStatus.ERROR, failure)]
    elif state == "active":
        findings = [*_judged(report, limits, why_silent), *memory_findings]
    else:
        findings = []
    findings.sort(key=lambda finding: finding[0], reverse=True)
    values = {"state": state, **about, **memory, **report.values}
    if failure:
        values["last_error"] = failure
    return DiagnosticStatus(
        level=findings[0][0] if findings else DiagnosticStatus.OK,
        name=name,
        message=shown("; ".join(text for _, text in findings), _LONGEST)
        or ("working" if state == "active" else state),
        values=[KeyValue(key=shown(k), value=shown(v, _LONGEST)) for k, v in values.items()],
    )


def _judged(report: Report, limits: NodeParameters, why_silent: Callable[[], str]) -> list[Finding]:
    warn, error = DiagnosticStatus.WARN, DiagnosticStatus.ERROR
    findings: list[Finding] = []
    refused, processed = report.recent["refused"], report.recent["processed"]
    if refused and not processed:
        findings.append((error, "every image was refused: see last_error"))
    elif refused:
        findings.append((warn, f"{refused} images were refused: see last_error"))
    if report.recent.get("stamped_on_arrival"):
        findings.append(
            (warn, "images have no stamp, or one that stands still: they go by their arrival")
        )
    if report.recent.get("late") and not processed:
        findings.append((warn, "every image is left out: none is later than those before it"))
    if report.silence > limits.image_timeout:
        # Nothing else is worth saying then: it all comes from this.
        findings.append((warn, f"no image for {report.silence:.0f} s: {why_silent()}"))
        return findings
    if report.sent >= LOST_OF and report.lost > LOST_SHARE * report.sent:
        findings.append(
            (
                warn,
                f"{report.lost} of the last {report.sent} images were lost on their way: give the "
                "camera's process the Fast DDS profile, too (docs/ros.md), or fewer or smaller "
                "images",
            )
        )
    findings += [(warn, text) for text in report.looks_wrong]
    for level, limit in ((error, limits.error_latency), (warn, limits.warn_latency)):
        if report.latency_p95 > limit:
            text = f"latency is {report.latency_p95:.2f} s (95th percentile), above {limit:g} s"
            findings.append((level, text))
            break
    for level, limit in ((error, limits.error_rate), (warn, limits.warn_rate)):
        if report.output_rate < limit:
            text = f"{report.output_rate:.1f} images/s are processed, fewer than {limit:g}"
            findings.append((level, text))
            break
    if report.without_body_seconds > WITHOUT_BODY_SECONDS:
        seconds = f"{report.without_body_seconds:.0f} s"
        text = f"for {seconds} there have been people without a body: see boxes_without_body"
        findings.append((DiagnosticStatus.OK, text if findings else f"working; {text}"))
    return findings


def own_gpu_memory() -> int | None:
    """Bytes that PyTorch holds on the GPU; None while nothing of this process is on one."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    return torch.cuda.memory_reserved()


def _gpu_memory() -> tuple[dict[str, str], list[Finding]]:
    """Values and findings; none while nothing of this process is on a GPU."""
    own = own_gpu_memory()
    if own is None:
        return {}, []
    free, total = sys.modules["torch"].cuda.mem_get_info()
    values = {
        "gpu_memory_own_mb": f"{own / 2**20:.0f}",
        "gpu_memory_used_mb": f"{(total - free) / 2**20:.0f}",
        "gpu_memory_total_mb": f"{total / 2**20:.0f}",
    }
    if free > (1 - GPU_NEARLY_FULL) * total:
        return values, []
    text = f"the GPU's memory is nearly full: {free / 2**20:.0f} of {total / 2**20:.0f} MB are free"
    return values, [(DiagnosticStatus.WARN, text)]
