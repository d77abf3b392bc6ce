"""All faults, by name: functions that take the Bench and leave it as they found it."""

from __future__ import annotations

import camera_faults
import life_faults
import message_faults
import parameter_faults
import transform_faults

_MODULES = (camera_faults, message_faults, transform_faults, parameter_faults, life_faults)

FAULTS = {
    name: function
    for module in _MODULES
    for name, function in vars(module).items()
    if callable(function) and function.__module__ == module.__name__ and not name.startswith("_")
}
