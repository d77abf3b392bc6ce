"""Tracked people in the messages of other projects: one node each, where its package is installed.

    humans4d_adapters [NAME ...] [--ros-args ...]

Without a name every adapter runs whose message package is installed.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass

from humans4d_core.errors import Humans4dError

from ..adapter_packages import PACKAGES


class AdapterError(Humans4dError):
    """An adapter that does not exist or cannot run here."""


@dataclass(frozen=True)
class Adapter:
    """Where an adapter's node is, without importing it."""

    package: str  #: of its messages
    module: str  #: in this package; has a class AdapterNode

    @property
    def is_installed(self) -> bool:
        return importlib.util.find_spec(self.package) is not None

    def create(self, **arguments):
        """The node."""
        module = importlib.import_module(f"{__name__}.{self.module}")
        return module.AdapterNode(**arguments)


ADAPTERS = {name: Adapter(package, name) for name, package in PACKAGES.items()}


def choose(names: list[str]) -> list[Adapter]:
    """Adapters by name, or all that can run here; raises AdapterError."""
    for name in names:
        if name not in ADAPTERS:
            raise AdapterError(f"no adapter '{name}': give one of {', '.join(ADAPTERS)}")
        package = ADAPTERS[name].package
        if not ADAPTERS[name].is_installed:
            raise AdapterError(
                f"the adapter '{name}' needs the package {package}, which is not installed: "
                "install it, or leave the adapter out"
            )
    if names:
        return [ADAPTERS[name] for name in dict.fromkeys(names)]
    chosen = [adapter for adapter in ADAPTERS.values() if adapter.is_installed]
    if not chosen:
        packages = ", ".join(adapter.package for adapter in ADAPTERS.values())
        raise AdapterError(f"none of {packages} is installed: there is nothing to adapt to")
    return chosen
