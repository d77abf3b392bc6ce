"""Nobody has published a package `humans4d`: users are told to install from the checkout."""

import re

import pytest
from places import ROOT

TOLD = [
    path
    for pattern in (
        "*.md",
        "docs/**/*.md",
        "Dockerfile",
        "docker/*",
        "run",
        "humans4d_core/**/*.py",
        "ros2_ws/src/**/*.py",
        "benchmarks/**/*.md",
    )  # fmt: skip
    for path in ROOT.glob(pattern)
    if path.is_file()
]


@pytest.mark.parametrize("path", TOLD, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_is_told_to_install_a_package_that_is_not_published(path):
    text = path.read_text(errors="replace")
    found = re.search(r"pip install[^\n`]*?['\" ]humans4d(?:\[|['\"`\s.,)]|$)", text)
    assert not found, found
