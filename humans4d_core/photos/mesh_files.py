"""The meshes of one photograph as files: metres, y up, z towards the viewer."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..drawing.colors import id_color
from ..errors import Humans4dError

#: From the camera's optical axes to those of mesh viewers.
TO_VIEWER = np.array((1, -1, -1))


def write_obj(path: Path, vertices_cam: np.ndarray, faces: np.ndarray) -> None:
    """Meshes (N, V, 3) m in the camera's axes as Wavefront OBJ: one object a person."""
    with path.open("w") as file:
        for number, vertices in enumerate(vertices_cam):
            file.write(f"o person_{number + 1}\n")
            np.savetxt(file, vertices * TO_VIEWER, "v %.4f %.4f %.4f")
            np.savetxt(file, faces + 1 + number * len(vertices), "f %d %d %d")


def write_glb(path: Path, vertices_cam: np.ndarray, faces: np.ndarray) -> None:
    """The same as binary glTF 2.0: one node a person, in the colour of the number.

    Raises Humans4dError where trimesh is not installed.
    """
    trimesh = _trimesh()
    scene = trimesh.Scene()
    for number, vertices in enumerate(vertices_cam, 1):
        mesh = trimesh.Trimesh(vertices * TO_VIEWER, faces, process=False)
        color = [value / 255 for value in id_color(number)[::-1]]
        mesh.visual = trimesh.visual.TextureVisuals(
            material=trimesh.visual.material.PBRMaterial(
                baseColorFactor=[*color, 1.0], metallicFactor=0.0, roughnessFactor=0.8
            )
        )
        scene.add_geometry(mesh, node_name=f"person_{number}", geom_name=f"person_{number}")
    path.write_bytes(scene.export(file_type="glb"))


#: Format -> its writer.
WRITERS = {"obj": write_obj, "glb": write_glb}


def check_format(name: str) -> None:
    """Raises Humans4dError for a format that is not known or cannot be written here."""
    if name not in WRITERS:
        raise Humans4dError(f"--meshes {name}: give one of {', '.join(WRITERS)}")
    if name == "glb":
        _trimesh()


def _trimesh():
    try:
        import trimesh
    except ImportError as error:
        raise Humans4dError(f"glb needs trimesh ({error}): pip install trimesh") from None
    return trimesh
