"""What can be set on a pipeline: one frozen configuration a part, and their names from outside.

PipelineConfig ─▶ settings() ─▶ options of the command line
                             ─▶ parameters of the node ─▶ docs/parameters.md, humans4d.yaml
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ..errors import Humans4dError
from ..shown_text import shown
from ..stamps import RESTART_SECONDS
from .detector_config import DetectorConfig
from .part_config import PartConfig, SettingInfo, info_of, setting
from .positioning_config import PositioningConfig
from .recovery_config import RecoveryConfig
from .tracker_config import TrackerConfig


@dataclass(frozen=True)
class PipelineConfig(PartConfig):
    """Everything that can be set, part by part. `replaced` sets it by the names of parameters."""

    detector: DetectorConfig = DetectorConfig()
    recovery: RecoveryConfig = RecoveryConfig()
    positioning: PositioningConfig = PositioningConfig()
    tracker: TrackerConfig = TrackerConfig()

    # fmt: off
    threads: int = setting(
        0, "CPU threads of each network. 0: as many as there are cores.", 0, 256,
    )
    max_people: int = setting(
        100,
        "People of an image, at most. Of more boxes the surest are kept; boxes_left_out in "
        "diagnostics counts the others.",
        1, 1000, live=True,
    )
    restart_seconds: float = setting(
        RESTART_SECONDS,
        "Seconds that the images' stamps have to jump back by to begin anew: everybody is LOST, "
        "and who is seen then is new. An image that is earlier by less is left out.",
        0.05, 60.0, live=True,
    )
    tracking: str = setting(
        "default",
        "Follows people. phalp-costs: PHALP's costs, predictions and life cycle as published, "
        "which count frames; the detector's score, boxes of any size and colours of clothes stand "
        "in place of its thresholds and its appearance network, and tracker.* has no effect.",
        choices=("default", "phalp-costs"),
    )
    pose_predictor: str = setting(
        "", "Weights of PHALP's pose predictor, where tracking is phalp-costs. Empty: none.",
    )
    # fmt: on

    def replaced(self, values: Mapping[str, Any]) -> PipelineConfig:
        """With some parameters changed, by the names that `settings` gives.

        Raises Humans4dError for a name that there is not, and for a value that cannot be.
        """
        parts: dict[str, dict[str, Any]] = {}
        known = SETTINGS
        for name, value in values.items():
            if name not in known:
                raise Humans4dError(f"there is no setting '{shown(name)}'")
            parts.setdefault(known[name].part, {})[known[name].field] = value
        own = parts.pop("", {})
        changed = {part: replace(getattr(self, part), **new) for part, new in parts.items()}
        return replace(self, **changed, **own)

    def value(self, name: str) -> Any:
        """Of a parameter, by the name that `settings` gives."""
        found = SETTINGS[name]
        return getattr(getattr(self, found.part) if found.part else self, found.field)


@dataclass(frozen=True)
class Setting:
    """One of them, from outside."""

    name: str  #: the parameter's
    part: str  #: field of PipelineConfig; "": its own
    field: str
    default: Any
    info: SettingInfo
    config: type[PartConfig]  #: who checks it

    def check(self, value: Any) -> None:
        """Whether it may have a value, whatever the others have; raises Humans4dError."""
        self.config.check(self.field, value)


def settings(config: type[PartConfig] = PipelineConfig, part: str = "") -> Iterator[Setting]:
    """All settings that have a name from outside, in the order of the fields."""
    for item in fields(config):
        if not item.metadata:
            part_config = item.default
            assert isinstance(part_config, PartConfig)
            yield from settings(type(part_config), item.name)
            continue
        info = info_of(item)
        if info.parameter is not None:
            name = info.parameter or f"{part}.{item.name}".lstrip(".")
            yield Setting(name, part, item.name, item.default, info, config)


#: By name.
SETTINGS = {found.name: found for found in settings()}
