"""What a test asks of a launch file that the stand-in has resolved."""


def node_of(launched, executable="humans4d_node"):
    (process,) = [p for p in launched.processes if p.executable == executable]
    return process


def remappings(process) -> dict[str, str]:
    pairs = [a.split(":=") for a in process.command if ":=" in a and not a.startswith("__")]
    return dict(pair for pair in pairs if len(pair) == 2)
