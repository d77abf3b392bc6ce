"""A recording as one HTML file that plays anywhere: viser's page with the scene inside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..errors import Humans4dError, InputFileError
from ..shown_text import shown
from .first_look import look_at_people
from .people_scene import PeopleScene, Shown
from .playback import LONGEST_PAUSE
from .recording import Recording
from .view_server import start_server, stop_server

#: Images a second at most, so that the file stays small enough to send.
MOST_PER_SECOND = 10.0


def write_scene(
    recording: Recording, path: Path, on_news: Callable[[str], None] = lambda _: None
) -> int:
    """Write the people of a recording, moving, into an HTML file; returns the number of images.

    It holds meshes, ways, labels and the ground, and asks nothing of any other machine; a page that
    was sent shows what everybody did, so mind their privacy. on_news: hears of images that cannot
    be read. Raises Humans4dError where the file cannot be written.
    """
    server, _ = start_server()
    try:
        serializer = server.get_scene_serializer()
        scene, choice = PeopleScene(server, recording.faces), Shown(image=False)
        count, is_placed, last_ns = 0, False, recording.stamps_ns[0]
        for row, stamp_ns in enumerate(recording.stamps_ns):
            seconds = (stamp_ns - last_ns) * 1e-9
            if count and 0 <= seconds < 0.999 / MOST_PER_SECOND:
                continue
            try:
                frame = recording.frame(row).finite()
            except InputFileError as error:
                on_news(str(error))
                continue
            if count:
                serializer.insert_sleep(min(max(seconds, 0.0), LONGEST_PAUSE))
            scene.note(frame)
            if not is_placed and len(frame.people):
                look_at_people(server, frame)
                is_placed = True
            scene.draw(frame, choice)
            count, last_ns = count + 1, stamp_ns
        text = serializer.as_html(dark_mode=True)
    finally:
        stop_server(server)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Humans4dError(f"cannot write {shown(path)}: {error.strerror}") from None
    return count
