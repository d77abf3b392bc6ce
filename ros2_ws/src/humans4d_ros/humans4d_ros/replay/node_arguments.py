"""What a node has to be told so that it listens to a bag."""

from __future__ import annotations

from humans4d_core.io import BagSource


def topics_of(images: BagSource) -> list[str]:
    """Remappings of the images and their CameraInfo, behind --ros-args."""
    image = "image/compressed" if images.is_compressed else "image"
    arguments = ["-r", f"{image}:={images.topic}"]
    if images.camera_info_topic is not None:
        arguments += ["-r", f"camera_info:={images.camera_info_topic}"]
    return arguments


def node_arguments_for(images: BagSource) -> list[str]:
    """Remappings, and parameters of how the images are, behind --ros-args."""
    arguments = topics_of(images)
    if images.is_compressed:
        arguments += ["-p", "image_transport:=compressed"]
    if "/image_rect" in images.topic:
        arguments += ["-p", "image_is_rectified:=true"]
    return arguments
