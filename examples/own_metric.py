"""A metric of one's own, out of people.jsonl: how near people come to each other.

humans4d run VIDEO -o out && python examples/own_metric.py out/people.jsonl
"""

import json
import sys

import numpy as np

nearest = np.inf
with open(sys.argv[1]) as file:
    for line in file:
        people = json.loads(line)["people"]
        places = np.array([person["pelvis_cam"] for person in people]).reshape(-1, 3)
        distances = np.linalg.norm(places[:, None] - places[None], axis=-1)
        np.fill_diagonal(distances, np.inf)
        nearest = min(nearest, distances.min(initial=np.inf))
print(f"people came within {nearest:.2f} m of each other")
