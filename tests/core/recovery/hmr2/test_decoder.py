import pytest
import torch

from humans4d_core.recovery.hmr2 import Hmr2Config, load_checkpoint
from humans4d_core.recovery.hmr2.decoder import Head

#: The released head's layers, heads and proportions, narrower.
NARROW = Hmr2Config(embed_dim=160, decoder_dim=128, decoder_dim_head=8, decoder_mlp_dim=128)


@pytest.fixture(scope="module")
def head() -> Head:
    """Random, its norms and biases too."""
    torch.manual_seed(0)
    head = Head(NARROW).eval().requires_grad_(False)
    for tensor in head.state_dict().values():
        tensor += 0.05 * torch.randn(tensor.shape)
    return head


def test_the_query_token_equals_the_originals(parity_folder, golden, tiny_config):
    model = load_checkpoint(parity_folder / "tiny_hmr2", tiny_config)
    tokens = golden["vit_feat"].flatten(2).transpose(1, 2)
    token = model.head.decode(tokens)
    torch.testing.assert_close(token, golden["dec_token_out"], atol=1e-4, rtol=0)


@pytest.mark.parametrize("people", [0, 1, 4])
def test_the_folded_head_equals_the_head(head, people):
    tokens = torch.randn(people, 192, NARROW.embed_dim)
    expected, folded = head(tokens), head.folded()(tokens)
    for name, ours, theirs in zip(expected._fields, folded, expected, strict=True):
        assert ours.shape == theirs.shape, name
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0, msg=name)


def test_the_folded_head_equals_the_original(parity_folder, golden, tiny_config):
    model = load_checkpoint(parity_folder / "tiny_hmr2", tiny_config)
    model.head = model.head.folded()
    output = model(golden["img"])
    torch.testing.assert_close(output.body_pose, golden["pred_body_pose"], atol=2e-5, rtol=0)
    torch.testing.assert_close(output.camera, golden["pred_cam"], atol=2e-5, rtol=0)


def test_folding_leaves_the_head_as_it_was(head):
    before = {name: tensor.clone() for name, tensor in head.state_dict().items()}
    folded = head.folded()
    for tensor in (*folded.parameters(), *folded.buffers()):
        tensor.data.zero_()
    assert all(torch.equal(tensor, before[name]) for name, tensor in head.state_dict().items())


def test_the_means_are_added_to_what_is_read_out(head):
    tokens = torch.randn(2, 192, NARROW.embed_dim)
    before = head(tokens)
    moved = Head(NARROW).eval().requires_grad_(False)
    moved.load_state_dict(head.state_dict())
    moved.mean_betas += 2
    moved.mean_camera += 3
    torch.testing.assert_close(moved(tokens).betas, before.betas + 2)
    torch.testing.assert_close(moved(tokens).camera, before.camera + 3)
    torch.testing.assert_close(moved(tokens).rotation_6d, before.rotation_6d)
