"""The command line, in this process."""

import sys

import pytest

from humans4d_core.cli import main as cli


@pytest.fixture
def humans4d(monkeypatch, capfd):
    """humans4d(*arguments) -> exit code, stdout, stderr; in this process."""

    def call(*arguments) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["humans4d", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call
