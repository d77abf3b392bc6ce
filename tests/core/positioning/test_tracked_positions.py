"""What is wrong with a person in every image alike is not averaged away by the tracker."""

import numpy as np

from humans4d_core.tracking import Tracker


def test_a_person_of_unusual_size_stays_inside_the_stated_covariance(scene, resize):
    tracker = Tracker()
    factors = np.array([0.9, 1.0, 1.1])
    exact = scene.people([(4.0, -1.0), (5.0, 0.5), (6.0, 2.0)])
    for seconds in np.arange(0, 5, 0.1):
        people = tracker.update(scene.frame(seconds, False), resize(exact, factors))
    assert len(people) == 3
    order = np.argsort(people.bodies.boxes_px[:, 0])
    people, true = people.select(order), exact.pelvis_cam[np.argsort(exact.boxes_px[:, 0])]
    error = (people.bodies.pelvis_cam - true).astype(np.float64)
    solved = np.linalg.solve(people.position_covariance_cam.astype(float), error[..., None])
    assert (np.einsum("ni,ni->n", error, solved[..., 0]) < 7.8).all()  # 95 % of 3 dimensions
    # Where they will be is no surer than where they are.
    now = tracker.forecast([0.0]).covariances_cam[order, 0]
    np.testing.assert_allclose(now, people.position_covariance_cam, rtol=1e-4)


def test_the_ground_makes_tracked_people_surer(scene, positioning, resize):
    exact = scene.people([(4.0, 0.0)])
    spreads = []
    for knows_ground in (False, True):
        tracker = Tracker()
        for seconds in np.arange(0, 2, 0.1):
            frame = scene.frame(seconds, knows_ground)
            bodies = resize(exact, 1.05)
            if knows_ground:
                bodies = positioning.place(frame, bodies)
            people = tracker.update(frame, bodies)
        spreads.append(np.trace(people.position_covariance_cam[0]))
    assert spreads[1] < 0.5 * spreads[0]
