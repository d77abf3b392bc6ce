"""For all tests: a home without the weights of who runs them, and tiny weights instead."""

import atexit
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from places import ROOT

# A busy machine is no fault: no test asserts how long something takes.
settings.register_profile("project", deadline=None)
settings.load_profile("project")

# Under nohup, and where a service runs the tests, signals may be ignored, and children inherit
# that. A handler is not inherited: a signal ends children as on a user's machine; the tests go on.
for _number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)

# HMR 2.0 is chosen where its checkpoint is found: tests say which one they want. Set here, so that
# it holds for the processes that tests start as well.
os.environ.pop("HUMANS4D_CHECKPOINT", None)
os.environ["HOME"] = _home = tempfile.mkdtemp(prefix="humans4d_home_")
atexit.register(shutil.rmtree, _home, ignore_errors=True)


#: What a test needs beyond this machine's CPU; `./run test` leaves them out, `--all` does not.
SPECIAL = ("gpu", "slow")


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help=f"also tests marked {', '.join(SPECIAL)}")


def pytest_collection_modifyitems(config, items):
    """Marks of places, and what runs only where it is asked for. Processes that share the work
    begin with ROS, whose files take long: what is short fills the end."""
    ros = ROOT / "tests/ros"
    chosen, left_out = [], []
    for item in items:
        if ros in item.path.parents:
            item.add_marker("ros")
        is_special = any(item.get_closest_marker(mark) for mark in SPECIAL)
        asked = config.option.all or any(mark in config.option.markexpr for mark in SPECIAL)
        (left_out if is_special and not asked else chosen).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    items[:] = chosen
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: item.get_closest_marker("ros") is None)


@pytest.fixture(scope="session")
def parity_folder(tmp_path_factory) -> Path:
    """Inputs and outputs of the original code, as it writes its files."""
    from parity_files import lay_out  # imports torch

    folder = tmp_path_factory.mktemp("parity")
    lay_out(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_hmr2(parity_folder, tmp_path_factory) -> Path:
    """The original's tiny checkpoint in our format, which tells its numbers of heads."""
    from humans4d_core.recovery.hmr2 import Hmr2Config
    from humans4d_core.recovery.hmr2.weights_conversion import convert_weights

    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    config = Hmr2Config(
        embed_dim=64, depth=2, num_heads=4, decoder_dim=96, decoder_depth=2, decoder_heads=2,
        decoder_dim_head=16, decoder_mlp_dim=128,
    )  # fmt: skip
    convert_weights(parity_folder / "tiny_hmr2", path, "fp32", config)
    return path
