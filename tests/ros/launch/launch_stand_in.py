"""A small `launch` for machines without the real one: enough to run this project's launch files.

It takes the arguments that the real classes take and does what they do with them: configurations
are shared with included files, parameters go through files, a node's command ends with its ROS
arguments. What the real ones do not take, it refuses.
"""

import importlib.util
import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import yaml
from ament_index_python.packages import get_package_prefix, get_package_share_directory


@dataclass
class Process:
    """A node that is to be started."""

    action: object
    package: str
    executable: str
    command: list[str]
    environment: dict[str, str]
    respawn: bool
    respawn_delay: float | None
    parameters: dict = field(default_factory=dict)  #: those that are not in the user's file


class LaunchConfiguration:
    def __init__(self, variable_name: str):
        self.name = variable_name

    def perform(self, context) -> str:
        return context.configurations[self.name]


class Entity:
    """Keeps what it is given: `positional` in order, the others by name."""

    positional: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    required: tuple[str, ...] = ()

    def __init__(self, *positional, **named):
        assert len(positional) <= len(self.positional), f"{type(self).__name__}: {positional}"
        unknown = set(named) - set(self.named) - set(self.positional)
        assert not unknown, f"{type(self).__name__} does not take {unknown}"
        given = dict(zip(self.positional, positional, strict=False)) | named
        missing = set(self.required) - set(given)
        assert not missing, f"{type(self).__name__} needs {missing}"
        for name in (*self.positional, *self.named):
            setattr(self, name, given.get(name))


class LaunchDescription(Entity):
    positional = ("entities",)


class DeclareLaunchArgument(Entity):
    positional, named = ("name",), ("default_value", "description", "choices", "condition")


class SetEnvironmentVariable(Entity):
    positional, named = ("name", "value"), ("condition",)


class OpaqueFunction(Entity):
    named = ("function", "args", "kwargs", "condition")


class IncludeLaunchDescription(Entity):
    positional, named = ("launch_description_source",), ("launch_arguments", "condition")


class PythonLaunchDescriptionSource(Entity):
    positional = ("path",)


class IfCondition(Entity):
    positional = ("expression",)


class RegisterEventHandler(Entity):
    positional, named = ("event_handler",), ("condition",)


class OnProcessExit(Entity):
    named = ("target_action", "on_exit")


class EmitEvent(Entity):
    named = ("event", "condition")
    required = ("event",)


class ShutdownProcess(Entity):
    named = required = ("process_matcher",)


def matches_action(target_action):
    return lambda action: action == target_action


class Shutdown(Entity):
    named = ("reason", "condition")


class ParameterValue(Entity):
    positional, named = ("value",), ("value_type",)


class Node(Entity):
    named = (
        "package", "executable", "name", "namespace", "exec_name", "parameters", "remappings",
        "ros_arguments", "arguments", "output", "emulate_tty", "respawn", "respawn_delay",
        "condition", "prefix",
    )  # fmt: skip
    required = ("package", "executable")


class LifecycleNode(Node):
    required = ("package", "executable", "name", "namespace")


MODULES = {
    "launch": (LaunchDescription,),
    "launch.actions": (
        DeclareLaunchArgument,
        EmitEvent,
        IncludeLaunchDescription,
        OpaqueFunction,
        RegisterEventHandler,
        SetEnvironmentVariable,
        Shutdown,
    ),
    "launch.conditions": (IfCondition,),
    "launch.event_handlers": (OnProcessExit,),
    "launch.events": (matches_action,),
    "launch.events.process": (ShutdownProcess,),
    "launch.launch_description_sources": (PythonLaunchDescriptionSource,),
    "launch.substitutions": (LaunchConfiguration,),
    "launch_ros": (),
    "launch_ros.actions": (LifecycleNode, Node),
    "launch_ros.parameter_descriptions": (ParameterValue,),
}


class Launch:
    """One `ros2 launch`: what it declares, starts and sets."""

    def __init__(self, path: Path, arguments: dict[str, str]):
        """Visit a launch file; raises AssertionError where the real one would refuse it."""
        self.configurations = dict(arguments)
        self.environment = dict(os.environ)
        self.declared: dict[str, DeclareLaunchArgument] = {}
        self.processes: list[Process] = []
        self.handlers: list[OnProcessExit] = []
        self.included: list[str] = []
        self._folder = tempfile.TemporaryDirectory(prefix="humans4d_launch_")
        self._include(path)

    def close(self) -> None:
        self._folder.cleanup()

    def text(self, value) -> str:
        """What a substitution, or a list of them, stands for."""
        if isinstance(value, (list, tuple)):
            return "".join(self.text(part) for part in value)
        if isinstance(value, LaunchConfiguration):
            return value.perform(self)
        assert isinstance(value, str), f"{value!r} is no text"
        return value

    def _include(self, path: Path) -> None:
        spec = importlib.util.spec_from_file_location(f"launch_file_{path.name}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self._visit_all(module.generate_launch_description().entities)

    def _visit_all(self, entities) -> None:
        for entity in entities:
            condition = getattr(entity, "condition", None)
            if condition is not None and not self._truth(self.text(condition.expression)):
                continue
            self._visit(entity)

    def _visit(self, entity) -> None:
        match entity:
            case DeclareLaunchArgument():
                self.declared.setdefault(entity.name, entity)
                if entity.name not in self.configurations:
                    assert entity.default_value is not None, f"{entity.name} was not provided"
                    self.configurations[entity.name] = self.text(entity.default_value)
            case SetEnvironmentVariable():
                self.environment[self.text(entity.name)] = self.text(entity.value)
            case OpaqueFunction():
                self._visit_all(entity.function(self) or [])
            case IncludeLaunchDescription():
                for name, value in entity.launch_arguments or ():
                    self.configurations[name] = self.text(value)
                path = self.text(entity.launch_description_source.path)
                self.included.append(os.path.basename(path))
                self._include(Path(path))
            case RegisterEventHandler():
                self.handlers.append(entity.event_handler)
            case Node():
                self.processes.append(self._process(entity))
            case _:
                raise AssertionError(f"no action: {entity}")

    def _process(self, node: Node) -> Process:
        package, executable = self.text(node.package), self.text(node.executable)
        try:
            path = Path(get_package_prefix(package)) / "lib" / package / executable
        except LookupError:  # RViz
            path = Path(executable)
        command = [str(path), *(self.text(argument) for argument in node.arguments or ())]
        command.append("--ros-args")
        if node.name is not None:
            command += ["-r", f"__node:={self.text(node.name)}"]
        if node.namespace is not None:
            command += ["-r", f"__ns:=/{self.text(node.namespace).strip('/')}"]
        own: dict = {}
        for item in node.parameters or ():
            if isinstance(item, dict):
                values = {name: self._parameter(value) for name, value in item.items()}
                own |= values
                file = tempfile.NamedTemporaryFile(
                    "w", dir=self._folder.name, suffix=".yaml", delete=False
                )
                with file:
                    yaml.dump({"/**": {"ros__parameters": values}}, file)
                command += ["--params-file", file.name]
            else:
                command += ["--params-file", self.text(item)]
        for source, target in node.remappings or ():
            command += ["-r", f"{self.text(source)}:={self.text(target)}"]
        respawn = node.respawn or False
        if not isinstance(respawn, bool):
            respawn = self._truth(self.text(respawn))
        return Process(
            node, package, executable, command, dict(self.environment), respawn,
            node.respawn_delay, own,
        )  # fmt: skip

    def _parameter(self, value):
        if isinstance(value, ParameterValue):
            if value.value_type is str:
                return self.text(value.value)
            result = yaml.safe_load(self.text(value.value))
            assert isinstance(result, value.value_type), f"{result!r} is no {value.value_type}"
            return result
        if isinstance(value, (bool, int, float)):
            return value
        result = yaml.safe_load(self.text(value))
        assert isinstance(result, (bool, int, float, str)), f"{value!r} would be refused"
        return result

    @staticmethod
    def _truth(text: str) -> bool:
        assert text.strip().lower() in ("true", "false", "1", "0"), f"'{text}' is no condition"
        return text.strip().lower() in ("true", "1")


def install(monkeypatch) -> None:
    """Let `import launch` mean this."""
    for name, classes in MODULES.items():
        module = ModuleType(name)
        for kind in classes:
            setattr(module, kind.__name__, kind)
        monkeypatch.setitem(sys.modules, name, module)


def launch(file: str, **arguments: str) -> Launch:
    """Visit one of the installed launch files."""
    path = Path(get_package_share_directory("humans4d_ros")) / "launch" / file
    return Launch(path, arguments)
