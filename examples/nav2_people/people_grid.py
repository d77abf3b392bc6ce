"""People and their next two seconds as an OccupancyGrid, for costmaps and controllers.

python people_grid.py --ros-args -p radius:=0.4 -r humans4d/forecasts:=/humans4d/forecasts

Each grid is drawn anew: who left is not in it. A cell holds the largest probability, in percent, of
all people and moments, that a person's body covers it. Run the node with `target_frame: odom` (or
another frame with z up): grids are in the frame of its forecasts.
"""

import numpy as np
import rclpy
from humans4d_msgs.msg import PeopleForecast, TrackedPeople
from nav_msgs.msg import OccupancyGrid
from rclpy.node import Node

#: m around people that a grid has, and cells of a side at most.
MARGIN, MOST_CELLS = 2.0, 800


class PeopleGrid(Node):
    """Publishes `people_grid` each time that people or forecasts come in."""

    def __init__(self):
        super().__init__("people_grid")
        self.resolution = self.declare_parameter("resolution", 0.1).value  # m
        self.radius = self.declare_parameter("radius", 0.35).value  # m, of a body
        self.grids = self.create_publisher(OccupancyGrid, "people_grid", 1)
        self.create_subscription(TrackedPeople, "humans4d/people", self.on_people, 1)
        self.create_subscription(PeopleForecast, "humans4d/forecasts", self.on_forecast, 1)

    def on_people(self, message: TrackedPeople) -> None:
        if not message.people:  # forecasts say so, too, where they are switched on
            self.publish(message.header, np.zeros((0, 2)), np.zeros((0, 2, 2)))

    def on_forecast(self, message: PeopleForecast) -> None:
        places = [np.reshape(p.positions, (-1, 3))[:, :2] for p in message.people]
        spreads = [np.reshape(p.covariances, (-1, 3, 3))[:, :2, :2] for p in message.people]
        self.publish(
            message.header,
            np.concatenate([np.zeros((0, 2)), *places]),
            np.concatenate([np.zeros((0, 2, 2)), *spreads]),
        )

    def publish(self, header, places: np.ndarray, spreads: np.ndarray) -> None:
        origin, values = occupancy(places, spreads, self.radius, self.resolution)
        grid = OccupancyGrid(header=header)
        grid.info.map_load_time = header.stamp
        grid.info.resolution = float(self.resolution)
        grid.info.height, grid.info.width = map(int, values.shape)
        grid.info.origin.position.x, grid.info.origin.position.y = map(float, origin)
        grid.data = values.ravel().tolist()
        self.grids.publish(grid)


def occupancy(
    places: np.ndarray, spreads: np.ndarray, radius: float, resolution: float
) -> tuple[np.ndarray, np.ndarray]:
    """Origin (2,) m and cells (H, W) int8 of Gaussians (K, 2) m, (K, 2, 2) m^2: percent."""
    if not len(places):
        return np.zeros(2), np.zeros((1, 1), np.int8)
    origin = np.floor(places.min(0) - MARGIN)
    size = np.ceil((places.max(0) + MARGIN - origin) / resolution).astype(int)
    columns, rows = np.minimum(size, MOST_CELLS)
    x, y = (origin[k] + (np.arange(n) + 0.5) * resolution for k, n in enumerate((columns, rows)))
    # A disc of that radius has a variance of a quarter of its square on each axis.
    total = spreads + np.eye(2) * radius**2 / 4
    inverse = np.linalg.inv(total)
    dx, dy = x[None] - places[:, :1], y[None] - places[:, 1:]  # (K, W), (K, H)
    square = inverse[:, 0, 0, None, None] * dx[:, None] ** 2
    square = square + inverse[:, 1, 1, None, None] * dy[..., None] ** 2
    square += 2 * inverse[:, 0, 1, None, None] * dx[:, None] * dy[..., None]
    peak = np.minimum(1, radius**2 / (2 * np.sqrt(np.linalg.det(total))))
    covered = (peak[:, None, None] * np.exp(-square / 2)).max(0)
    return origin, np.rint(100 * covered).astype(np.int8)


if __name__ == "__main__":
    rclpy.init()
    rclpy.spin(PeopleGrid())
