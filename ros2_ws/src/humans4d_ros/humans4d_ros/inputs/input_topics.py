"""Which topics the node listens to: of one camera, the three names follow from one remapping.

As image_transport has it: `image` names the raw images; compressed ones are under the same name
with `/compressed` behind it, and CameraInfo is the neighbour `camera_info` of `image`.

    image:=/front/image_raw  ─▶  /front/image_raw/compressed, /front/camera_info
"""

from __future__ import annotations

COMPRESSED = "/compressed"


def image_topic(node, transport: str) -> str:
    """Full name; `transport` raw or compressed. A remapping of `image/compressed` itself counts
    more."""
    image = node.resolve_topic_name("image")
    if transport == "raw":
        return image
    return _remapped(node, "image" + COMPRESSED) or image + COMPRESSED


def camera_info_topic(node) -> str:
    """Full name. A remapping of `camera_info` itself counts more."""
    image = node.resolve_topic_name("image")
    return _remapped(node, "camera_info") or image.rpartition("/")[0] + "/camera_info"


def _remapped(node, name: str) -> str:
    """The full name that a remapping gives it; empty where there is none."""
    full = node.resolve_topic_name(name)
    return full if full != node.resolve_topic_name(name, only_expand=True) else ""
