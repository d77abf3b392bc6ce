import numpy as np

from humans4d_core.body import EMBEDDED_BODY, BodyModel, read_body_file
from humans4d_core.simulation.light_body import lightened


def test_fewer_vertices_have_the_same_joints_and_size():
    body = read_body_file(EMBEDDED_BODY, name="anny")
    light = lightened(body, 0.03)
    assert len(light.template) < 0.4 * len(body.template)
    assert light.faces.max() < len(light.template)
    betas = np.random.default_rng(0).normal(0, 1, (4, 10))
    eye = np.tile(np.eye(3), (4, 24, 1, 1))
    full = BodyModel(body)(eye[:, 0], eye[:, 1:], betas)
    less = BodyModel(light)(eye[:, 0], eye[:, 1:], betas)
    np.testing.assert_allclose(less.joints, full.joints, atol=1e-5)
    for end in (np.min, np.max):
        np.testing.assert_allclose(end(less.vertices, 1), end(full.vertices, 1), atol=0.03)
