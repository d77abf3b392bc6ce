"""humans4d run --view and humans4d view, in a real browser."""

import json
import re
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest
from browser_page import Page, needs_browser
from places import SHARED

from humans4d_core.cli.interrupts import INTERRUPTED

CLIP = SHARED / "media/clips/two_people_close.mp4"
TIMEOUT = 60.0
SIZE = (540, 320)  # software draws the pictures
FREE = 210  # columns that the panel leaves free
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


@pytest.fixture(scope="module")
def endless_clip(tmp_path_factory):
    """Two people for longer than any machine needs to start a browser: there and back, no cuts."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    images = []
    video = cv2.VideoCapture(str(CLIP))
    while (image := video.read()[1]) is not None:
        images.append(cv2.resize(image, (270, 480), interpolation=cv2.INTER_AREA))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 25, (270, 480))
    for _ in range(20):
        for image in (*images, *images[-2:0:-1]):
            writer.write(image)
    writer.release()
    return path


def table(page) -> list[str]:
    return re.findall(r"^(\d+)\s+[\d.]+ m\s+[\d.]+ m/s\s+(?:confirmed|tentative)", page.text, re.M)


def test_a_run_is_seen_and_then_seen_again(tmp_path, command, endless_clip):
    out = tmp_path / "out"
    run = command("run", endless_clip, "-o", out, "--fov", "60", "--no-overlay", "--view")
    with Page(run.address, *SIZE) as page:
        page.wait_for(lambda page: len(table(page)) == 2)
        first = page.picture().astype(int)
        page.wait_for(lambda page: np.abs(page.picture() - first).max() > 60)
        assert all(re.match(rf"(blob:)?{run.address}/|data:", each) for each in page.requests)
    assert run.interrupt() == INTERRUPTED, run.said
    lines = (out / "people.jsonl").read_text().splitlines()
    count, last = len(lines), json.loads(lines[-1])["people"]

    view = command("view", out)
    with Page(view.address, *SIZE) as page:
        page.wait_for(lambda page: f"image {count} of {count}" in page.text)
        assert len(table(page)) == sum(each["state"] != "OCCLUDED" for each in last) > 0
        # The meshes are coloured, all else is grey.
        picture = page.picture()[:, :FREE].astype(int)
        assert (np.ptp(picture, axis=2) > 60).sum() > 100
        with Page(view.address, 390, 844) as phone:
            phone.wait_for(lambda page: f"image {count} of {count}" in page.text)
            assert phone.run("document.documentElement.scrollWidth <= window.innerWidth")
            page.click("back")
            page.wait_for(lambda page: f"image {count - 1} of {count}" in page.text)
            phone.wait_for(lambda page: f"image {count - 1} of {count}" in page.text)
        page.click("forward")
        page.wait_for(lambda page: f"image {count} of {count}" in page.text)
    assert view.interrupt() == 0
    assert "Traceback" not in view.said
