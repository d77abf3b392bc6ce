"""humans4d run --view and humans4d view, in a real browser."""

import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from browser_page import Page, needs_browser
from places import SHARED

CLIP = SHARED / "media/clips/two_people_close.mp4"
TIMEOUT = 60.0
SIZE = (700, 450)  # software draws the pictures
pytestmark = [
    pytest.mark.browser,
    needs_browser,
    pytest.mark.skipif(not CLIP.is_file(), reason="no media here"),
]


class Command:
    """The command line as a process, and the address that it says."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "humans4d_core.cli.main", *map(str, arguments)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said = ""
        while not (found := re.search(r"view: (http://\S+)", self.said)):
            line = self.process.stdout.readline()
            assert line, self.said
            self.said += line
        self.address = found[1]

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        self.said += self.process.communicate(timeout=TIMEOUT)[0]
        return self.process.returncode


@pytest.fixture
def command():
    started = []

    def start(*arguments):
        started.append(Command(*arguments))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait(TIMEOUT)


def table(page) -> list[str]:
    return re.findall(r"^(\d+)\s+[\d.]+ m\s+[\d.]+ m/s\s+(?:confirmed|tentative)", page.text, re.M)


def test_a_run_is_seen_and_then_seen_again(tmp_path, command):
    out = tmp_path / "out"
    run = command(
        "run", CLIP, "-o", out, "--fov", "60", "--no-overlay", "--view", "--max-frames", 15
    )
    with Page(run.address, *SIZE) as page:
        page.wait_for(lambda page: table(page) == ["1", "2"])
        first = page.picture().astype(int)
        page.wait_for(lambda page: np.abs(page.picture() - first).max() > 60)
        assert all(re.match(rf"(blob:)?{run.address}/|data:", each) for each in page.requests)
    said = run.process.communicate(timeout=2 * TIMEOUT)[0]
    assert run.process.returncode == 0, said

    view = command("view", out)
    with Page(view.address, *SIZE) as page, Page(view.address, *SIZE) as other:
        page.wait_for(lambda page: "image 15 of 15" in page.text)
        assert table(page) == ["1", "2"]
        # The meshes are coloured, all else is grey.
        picture = page.picture()[:, :370].astype(int)
        assert (np.ptp(picture, axis=2) > 60).sum() > 100
        page.click("back")
        page.wait_for(lambda page: "image 14 of 15" in page.text)
        other.wait_for(lambda page: "image 14 of 15" in page.text)
        other.close()
        page.click("forward")
        page.wait_for(lambda page: "image 15 of 15" in page.text)
    with Page(view.address, 390, 844) as phone:
        phone.wait_for(lambda page: "image 15 of 15" in page.text)
        assert phone.run("document.documentElement.scrollWidth <= window.innerWidth")
    assert view.interrupt() == 0
    assert "Traceback" not in view.said
