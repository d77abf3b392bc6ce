import pytest
import torch
import torch.nn.functional as F

from humans4d_core.recovery.hmr2 import load_checkpoint
from humans4d_core.recovery.hmr2.vit import Attention, Block, VisionTransformer


@pytest.fixture
def backbone():
    torch.manual_seed(0)
    return VisionTransformer(dim=32, depth=2, num_heads=4).eval().requires_grad_(False)


def test_tokens_equal_the_originals(parity_folder, golden, tiny_config):
    backbone = load_checkpoint(parity_folder / "tiny_hmr2", tiny_config).backbone
    features = backbone(golden["img"][..., 32:-32])
    torch.testing.assert_close(features, golden["vit_feat"], atol=1e-4, rtol=0)


def test_the_map_holds_the_tokens_row_by_row(backbone):
    images = torch.randn(2, 3, 256, 192)
    tokens, features = backbone.tokens(images), backbone(images)
    assert features.shape == (2, 32, 16, 12)
    torch.testing.assert_close(features[:, :, 3, 5], tokens[:, 3 * 12 + 5])


def test_patches_overhang_the_image_by_two_pixels(backbone):
    """The first patch sees columns and rows 0..13, the next begins at 14."""
    image = torch.zeros(1, 3, 256, 192)
    image[..., :14, :14] = 1
    changed = backbone.patch_embed(image) - backbone.patch_embed(torch.zeros_like(image))
    touched = changed.abs().amax(-1)[0].reshape(16, 12) > 1e-6
    assert touched[0, 0] and touched.sum() == 1
    image[..., 14, 14] = 1
    changed = backbone.patch_embed(image) - backbone.patch_embed(torch.zeros_like(image))
    touched = changed.abs().amax(-1)[0].reshape(16, 12) > 1e-6
    assert touched[1, 1] and touched.sum() == 2


def test_the_class_tokens_position_is_added_to_every_token(backbone):
    images = torch.randn(1, 3, 256, 192)
    backbone.blocks, backbone.last_norm = torch.nn.ModuleList(), torch.nn.Identity()
    before = backbone.tokens(images)
    backbone.pos_embed[:, 0] += 1
    torch.testing.assert_close(backbone.tokens(images), before + 1)


def test_attention_is_softmax_of_scaled_products_a_head():
    torch.manual_seed(0)
    attention = Attention(24, num_heads=3).requires_grad_(False)
    x = torch.randn(2, 5, 24)
    q, k, v = attention.qkv(x).split(24, dim=-1)
    heads = []
    for part in (slice(0, 8), slice(8, 16), slice(16, 24)):
        scores = q[..., part] @ k[..., part].transpose(1, 2) / 8**0.5
        heads.append(F.softmax(scores, dim=-1) @ v[..., part])
    expected = attention.proj(torch.cat(heads, dim=-1))
    torch.testing.assert_close(attention(x), expected, atol=1e-6, rtol=1e-5)


def test_blocks_equal_timms():
    try:
        from timm.models.vision_transformer import Block as TimmBlock
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"needs timm with its torchvision ({error})")
    torch.manual_seed(0)
    theirs = TimmBlock(32, 4, qkv_bias=True, norm_layer=lambda dim: torch.nn.LayerNorm(dim, 1e-6))
    ours = Block(32, 4)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 7, 32)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), atol=1e-5, rtol=0)
