import pytest
import torch

from humans4d_core.recovery.engines.rotation_deviation import (
    rotation_deviation,
    sample_crops_like_images,
)
from humans4d_core.recovery.hmr2.reduced_precision import FastNetwork
from humans4d_core.recovery.hmr2.token_reduction import TokenReduction, merge_tokens


@pytest.fixture
def tokens():
    return torch.randn(2, 12, 8, generator=torch.Generator().manual_seed(0))


def test_tokens_that_are_alike_become_their_mean(tokens):
    tokens[:, 4] = 1.5 * tokens[:, 7]
    merged = merge_tokens(tokens, 11)
    assert merged.tokens.shape == (2, 11, 8)
    restored = merged.restored(merged.tokens)
    mean = 1.25 * tokens[:, 7]
    torch.testing.assert_close(restored[:, 4], mean)
    torch.testing.assert_close(restored[:, 7], mean)
    others = [index for index in range(12) if index not in (4, 7)]
    torch.testing.assert_close(restored[:, others], tokens[:, others])


@pytest.mark.parametrize("kept", [6, 9])
def test_no_token_is_lost(tokens, kept):
    merged = merge_tokens(tokens, kept)
    sizes = merged.attention_bias[:, 0, 0].exp()
    assert sizes.shape == (2, kept)
    torch.testing.assert_close(sizes.sum(1), torch.full((2,), 12.0))
    torch.testing.assert_close((merged.tokens * sizes[..., None]).sum(1), tokens.sum(1))


def test_people_do_not_mix(tokens):
    alone = merge_tokens(tokens[1:], 8)
    together = merge_tokens(tokens, 8)
    torch.testing.assert_close(together.tokens[1:], alone.tokens)
    assert torch.equal(together.origins[1:], alone.origins)


def test_equal_tokens_lose_nothing(tiny_model):
    """An image without content: all tokens are alike but for where they are."""
    crops = torch.zeros(1, 3, 256, 256)
    network = FastNetwork(tiny_model, reduction=TokenReduction(after_layer=0))
    network.position[:] = network.position[:, :1]
    network.patches.weight.zero_()  # the padding makes border patches differ
    reduced = network(crops)
    network.reduction = None
    assert rotation_deviation(reduced, network(crops)).max() < 1e-3


def test_all_192_tokens_come_back(tiny_model):
    network = FastNetwork(tiny_model, reduction=TokenReduction(after_layer=1, kept=100))
    tokens = network.tokens(sample_crops_like_images(2))
    assert tokens.shape == (2, 192, 64)
    assert [len(person.unique(dim=0)) for person in tokens] == [100, 100]


@pytest.mark.parametrize("after_layer, kept", [(-1, 96), (8, 95), (8, 192)])
def test_reductions_that_make_no_sense_are_refused(after_layer, kept):
    with pytest.raises(ValueError, match="tokens are merged"):
        TokenReduction(after_layer, kept)
