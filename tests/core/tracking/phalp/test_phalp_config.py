import pytest

from humans4d_core.errors import Humans4dError
from humans4d_core.tracking.phalp import PhalpConfig


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("equation", "EQ_020"), ("min_score", -0.1), ("min_score", 1.5), ("min_score", "high"),
        ("min_box_px", 50), ("min_box_px", (50, float("nan"))), ("min_box_px", (1, 2, 3)),
        ("confirm_hits", 0), ("max_age", 2.5), ("max_age", True), ("max_cost", float("inf")),
        ("max_cost", 1.0),
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_named_with_what_to_give(name, value):
    with pytest.raises(Humans4dError, match=f"{name} is .*: give "):
        PhalpConfig(**{name: value})
