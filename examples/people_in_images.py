"""People of a video or folder of images: who, where in metres, how sure.

python examples/people_in_images.py VIDEO
"""

import sys
from pathlib import Path

from humans4d_core.io import CameraChoice, open_source
from humans4d_core.pipeline import create_pipeline

pipeline = create_pipeline()
with open_source(Path(sys.argv[1]), CameraChoice(fov_degrees=60)) as source:
    for frame in source:
        people = pipeline.process(frame).people
        for track_id, place in zip(people.track_ids, people.bodies.pelvis_cam, strict=True):
            x, y, z = place
            print(f"{frame.stamp_ns / 1e9:.2f} s: {track_id} at {x:.2f}, {y:.2f}, {z:.2f} m")
