"""Where keypoints are among the tokens."""

import torch

from humans4d_core.geometry import CROP_SIZE
from humans4d_core.recovery.hmr2.vit import VisionTransformer
from humans4d_core.training.hmr2.keypoint_heatmaps import (
    KeypointHeatmaps,
    heatmap_loss,
    token_places,
)


def test_a_tokens_place_is_the_middle_of_what_it_sees():
    backbone = VisionTransformer(16, 1, 2)
    image = torch.zeros((1, 3, 256, 192), requires_grad=True)
    places = token_places(torch.device("cpu"))
    for token in (17, 100, 150):  # away from the border, where a patch reaches beyond
        (gradient,) = torch.autograd.grad(backbone.patch_embed(image)[0, token].sum(), image)
        rows, columns = torch.nonzero(gradient[0].abs().sum(0), as_tuple=True)
        seen = torch.stack((columns.float().mean() + 32, rows.float().mean())) + 0.5
        torch.testing.assert_close(places[token], seen / CROP_SIZE - 0.5)


def test_the_right_token_costs_less_than_any_other():
    places = token_places(torch.device("cpu"))
    keypoints = torch.cat((places[[40, 90]], torch.ones(2, 1)), 1)[None]
    costs = []
    for shift in (0, 1, 5):
        heatmaps = torch.zeros(1, 192, 2)
        heatmaps[0, 40 + shift, 0] = heatmaps[0, 90 + shift, 1] = 10
        costs.append(heatmap_loss(heatmaps, keypoints).item())
    assert costs == sorted(costs)


def test_keypoints_that_the_network_does_not_see_teach_nothing():
    places = torch.tensor([[[0.45, 0.0, 1.0], [0.0, 0.6, 1.0], [0.1, 0.1, 0.0]]])
    heatmaps = torch.randn((1, 192, 3), requires_grad=True)
    loss = heatmap_loss(heatmaps, places)
    loss.sum().backward()
    assert loss.item() == 0 and not heatmaps.grad.any()


def test_it_is_learned():
    torch.manual_seed(0)
    read = KeypointHeatmaps(192, 2)
    tokens = torch.eye(192)[None]  # each token knows itself
    places = token_places(torch.device("cpu"))[[40, 90]]
    keypoints = torch.cat((places, torch.ones(2, 1)), 1)[None]
    optimizer = torch.optim.Adam(read.parameters(), 0.1)
    for _ in range(100):
        optimizer.zero_grad()
        heatmap_loss(read(tokens), keypoints).sum().backward()
        optimizer.step()
    assert read(tokens)[0].argmax(0).tolist() == [40, 90]
