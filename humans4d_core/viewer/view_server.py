"""The web server of the view: its address, and what of viser a robot must not offer."""

from __future__ import annotations

import contextlib
import io
import socket

from ..errors import Humans4dError

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8080
#: Ports after the default one that are tried where it is taken.
MORE_PORTS = 100


def start_server(host: str = DEFAULT_HOST, port: int | None = None):
    """(viser server, its address). port: None, the first free one from DEFAULT_PORT on.

    Raises Humans4dError where `host` is no address of this machine, where a port that was named is
    taken, and where viser is not installed.
    """
    try:
        import viser
    except ImportError as error:
        raise Humans4dError(f"the view needs viser ({error}): pip install viser") from None

    class Server(viser.ViserServer):
        def request_share_url(self, verbose: bool = True) -> str | None:
            """Not done: any page could ask for it, and it puts the view onto the internet."""
            return None

    free = _free_port(host, port)
    with contextlib.redirect_stdout(io.StringIO()):  # it prints its address itself
        server = Server(host=host, port=free, label="humans4d", verbose=False)
    server.gui.configure_theme(show_logo=False, show_share_button=False, dark_mode=True)
    shown_host = "localhost" if host in ("0.0.0.0", "::") else host
    return server, f"http://{shown_host}:{server.get_port()}"


def stop_server(server) -> None:
    """End it; browsers keep the last picture."""
    with contextlib.redirect_stdout(io.StringIO()):
        server.stop()


def _free_port(host: str, wanted: int | None) -> int:
    if wanted is not None and not 0 < wanted < 65536:
        raise Humans4dError(f"cannot listen at port {wanted}: a port is a number from 1 to 65535")
    ports = [wanted] if wanted is not None else range(DEFAULT_PORT, DEFAULT_PORT + MORE_PORTS)
    for port in ports:
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
            return port
        except OSError as error:
            reason = error.strerror or str(error)
            if isinstance(error, socket.gaierror) or "assign" in reason:
                raise Humans4dError(f"cannot listen at {host}: {reason}") from None
    if wanted is not None:
        raise Humans4dError(f"cannot listen at port {wanted}: {reason}: name another, or none")
    raise Humans4dError(f"no free port from {ports[0]} to {ports[-1]}: {reason}")
