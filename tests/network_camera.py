"""A camera on the network: Motion JPEG over HTTP, as many of them send it."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np

RATE = 20.0


@contextmanager
def network_camera(count=200, size=(160, 120)):
    """The address of a camera that sends `count` pictures, RATE a second, whose brightness counts
    them."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            for k in range(count):
                image = np.full((size[1], size[0], 3), min(k, 250), np.uint8)
                data = cv2.imencode(".jpg", image)[1].tobytes()
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}"
                try:
                    self.wfile.write(head.encode() + b"\r\n\r\n" + data + b"\r\n")
                except OSError:
                    return
                time.sleep(1 / RATE)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/stream"
    finally:
        server.shutdown()
        server.server_close()
