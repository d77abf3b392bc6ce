"""A page in headless Chromium, told what to do over its DevTools protocol."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

#: Names under which distributions have it.
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
TIMEOUT = 60.0

needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here: apt-get install chromium"
)


class Page:
    """One page of a browser of its own; use with `with`."""

    def __init__(self, address: str, width: int = 1000, height: int = 700):
        from websockets.sync.client import connect

        self._folder = tempfile.mkdtemp(prefix="humans4d_browser_")
        self._process = subprocess.Popen(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu-sandbox",
             "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-first-run",
             "--disable-background-networking", "--disable-dev-shm-usage",
             f"--window-size={width},{height}", f"--user-data-dir={self._folder}",
             "--remote-debugging-port=0", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._numbers = itertools.count(1)
        #: Addresses that the page asked for.
        self.requests: list[str] = []
        try:
            self._socket = connect(self._debugger(), max_size=None, open_timeout=TIMEOUT)
            self._call("Network.enable")
            self._call("Page.enable")
            # A window has at least 500 columns, a phone fewer.
            self._call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                       deviceScaleFactor=1, mobile=False)  # fmt: skip
            self._call("Page.navigate", url=address)
            self._wait_until_it_is_there()
        except BaseException:
            self.close()
            raise

    def _debugger(self) -> str:
        import urllib.request

        file, end = Path(self._folder, "DevToolsActivePort"), time.monotonic() + TIMEOUT
        while not (file.exists() and file.read_text().strip()):
            assert self._process.poll() is None and time.monotonic() < end, "Chromium did not start"
            time.sleep(0.05)
        port = file.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            pages = json.load(answer)
        return next(page for page in pages if page["type"] == "page")["webSocketDebuggerUrl"]

    def _call(self, method: str, **parameters) -> dict:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(TIMEOUT))
            if message.get("method") == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]

    def _wait_until_it_is_there(self) -> None:
        """Between two pages nothing can be asked."""
        end = time.monotonic() + TIMEOUT
        while True:
            with contextlib.suppress(AssertionError):
                told = self.run("location.href + ' ' + document.readyState") or ""
                if told.endswith(" complete") and not told.startswith("about:"):
                    return
            assert time.monotonic() < end, "the page does not load"
            time.sleep(0.05)

    def run(self, script: str):
        """The value of a JavaScript expression."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True)
        return answer["result"].get("value")

    @property
    def text(self) -> str:
        return self.run("document.body ? document.body.innerText : ''") or ""

    def wait_for(self, what, timeout: float = TIMEOUT) -> None:
        """Until `what(page)` is true."""
        end = time.monotonic() + timeout
        while not what(self):
            assert time.monotonic() < end, f"not within {timeout:g} s; the page says:\n{self.text}"
            time.sleep(0.2)

    def click(self, text: str) -> None:
        """The element that has this text of its own."""
        place = self.run(
            "(() => { const all = [...document.querySelectorAll('button, label, summary, p, div')];"
            f"const one = all.reverse().find(e => e.innerText && e.innerText.trim() === {text!r});"
            "if (!one) return null; one.scrollIntoView({block: 'center'});"
            "const r = one.getBoundingClientRect();"
            "return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        assert place, f"nothing says {text!r}: {self.text}"
        self.click_at(*place)

    def click_at(self, x: float, y: float) -> None:
        """A place of the window, px."""
        self._call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left",
                       clickCount=1)  # fmt: skip

    def picture(self) -> np.ndarray:
        """(H, W, 3) uint8 BGR, what the window shows."""
        data = base64.b64decode(self._call("Page.captureScreenshot")["data"])
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # closed already
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(TIMEOUT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *exception) -> None:
        self.close()
