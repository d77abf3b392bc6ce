"""Sequences in MOT Challenge's layout, of people whose boxes are known and of nothing to see."""

import cv2
import numpy as np

SIZE, RATE = (320, 240), 10


def make_sequence(folder, count=20, seed=0, people=2):
    """A sequence in MOT Challenge's layout: people who walk to the right on grey images."""
    rng = np.random.default_rng(seed)
    (folder / "img1").mkdir(parents=True)
    (folder / "gt").mkdir()
    rows = []
    for frame in range(1, count + 1):
        image = rng.integers(90, 110, (SIZE[1], SIZE[0], 3), np.uint8)
        cv2.imwrite(str(folder / "img1" / f"{frame:06d}.png"), image)
        for person in range(1, people + 1):
            x = 20 + 90 * (person - 1) + 2 * frame
            rows.append(f"{frame},{person},{x},{60 + 10 * person},30,90,1,-1,-1,-1\n")
    (folder / "gt" / "gt.txt").write_text("".join(rows))
    (folder / "seqinfo.ini").write_text(
        f"[Sequence]\nframeRate={RATE}\nseqLength={count}\nimWidth={SIZE[0]}\nimHeight={SIZE[1]}\n"
    )
    return folder
