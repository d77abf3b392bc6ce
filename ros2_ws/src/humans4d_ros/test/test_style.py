"""The linter of the whole project (ruff, with the pyproject.toml at its root) on this package."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("ruff"), reason="ruff is not installed: pip install ruff"
)


@pytest.mark.parametrize("command", [["check"], ["format", "--diff"]], ids=["lint", "format"])
def test_the_code_is_as_ruff_wants_it(command):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, str(PACKAGE)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
