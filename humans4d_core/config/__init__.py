"""What can be set: one frozen configuration a part. Imports nothing heavy: --help needs it."""

from .appearance_config import AppearanceConfig
from .detector_config import DetectorConfig
from .fusion_config import FusionConfig
from .part_config import PartConfig, setting
from .pipeline_config import SETTINGS, PipelineConfig, Setting
from .positioning_config import PositioningConfig
from .recovery_config import RecoveryConfig
from .tracker_config import TrackerConfig

__all__ = [
    "SETTINGS",
    "AppearanceConfig",
    "DetectorConfig",
    "FusionConfig",
    "PartConfig",
    "PipelineConfig",
    "PositioningConfig",
    "RecoveryConfig",
    "Setting",
    "TrackerConfig",
    "setting",
]
