import math

import pytest

from humans4d_core.errors import CameraError
from humans4d_core.io import CameraChoice


def test_nothing_said_is_an_assumption_that_says_so():
    choice = CameraChoice()
    assert not choice.is_given
    assert "assumed" in choice.origin
    assert math.degrees(choice.camera(640, 480).horizontal_fov) == pytest.approx(60)


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920)])
def test_the_assumed_field_of_view_is_of_the_longer_side_however_a_phone_is_held(size):
    camera = CameraChoice().camera(*size)
    assert camera.fx == camera.fy == pytest.approx(1663, abs=0.5)
    assert (camera.cx, camera.cy) == (size[0] / 2, size[1] / 2)
    assert "longer side" in CameraChoice().origin


def test_a_given_field_of_view_is_horizontal():
    camera = CameraChoice(fov_degrees=90).camera(1080, 1920)
    assert camera.fx == pytest.approx(540) and "width" in CameraChoice(fov_degrees=90).origin


def test_intrinsics_are_read_in_opencv_order():
    camera = CameraChoice.from_text(None, "500,510,320,240,-0.1,0.01").camera(640, 480)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (500, 510, 320, 240)
    assert camera.distortion == (-0.1, 0.01, 0, 0, 0)
    assert camera.distortion_model == "plumb_bob"


def test_eight_coefficients_are_the_rational_model():
    text = "500,500,320,240," + ",".join(["0.01"] * 6)
    camera = CameraChoice.from_text(None, text).camera(640, 480)
    assert camera.distortion == (0.01,) * 6 + (0.0, 0.0)
    assert camera.distortion_model == "rational_polynomial"


@pytest.mark.parametrize(
    ("fov", "intrinsics", "reason"),
    [
        (0, None, "between 0 and 180"),
        (180, None, "between 0 and 180"),
        (math.nan, None, "between 0 and 180"),
        (60, "500,500,320,240", "not both"),
        (None, "500,500,320", "3 numbers"),
        (None, "500,500,320,240" + ",0" * 9, "13 numbers"),
        (None, "500,abc,320,240", "not numbers"),
        (None, "", "not numbers"),
        (None, "0,500,320,240", "above zero"),
        (None, "500,500,nan,240", "finite"),
    ],
)
def test_a_wrong_choice_is_refused(fov, intrinsics, reason):
    with pytest.raises(CameraError, match=reason):
        CameraChoice.from_text(fov, intrinsics)
