"""Where a viewer stands at first: behind the robot's camera and above it, looking at the people."""

from __future__ import annotations

import numpy as np

from .view_frame import ViewFrame

#: m, nearest and farthest that the first look is from what it looks at.
NEAREST, FARTHEST = 5.0, 25.0


def look_at_people(server, frame: ViewFrame) -> None:
    """Place the viewers of a viser server, those who come later, too. frame: with people."""
    camera = frame.world_from_camera.translation
    target = np.median(frame.pelvis_world, axis=0)
    back = camera - target
    back[2] = 0
    spread = np.linalg.norm(frame.pelvis_world - target, axis=1).max()
    distance = float(np.clip(2 * spread, NEAREST, FARTHEST))
    back *= distance / max(float(np.linalg.norm(back)), 1e-6)
    # A third of the way above, a little to the side, so that camera and people are both seen.
    side = np.array((-back[1], back[0], 0)) * 0.35
    position = target + 0.9 * back + side + (0, 0, 0.45 * distance)
    server.initial_camera.position, server.initial_camera.look_at = position, target
    for client in server.get_clients().values():
        with client.atomic():
            client.camera.position, client.camera.look_at = position, target
