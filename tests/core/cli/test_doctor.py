import json
import pickle
import sys

import numpy as np
import pytest

from humans4d_core.cli import doctor
from humans4d_core.cli import main as cli
from humans4d_core.types import JOINT_PARENTS

VARIABLE = "HUMANS4D_CHECKPOINT"
CHECKPOINT = "epoch=35-step=1000000.ckpt"


def small_body() -> bytes:
    """A body of 24 vertices in the shapes and names of SMPL's files, pickled."""
    arrays = {
        "v_template": np.ones((24, 3)),
        "shapedirs": np.ones((24, 3, 10)),
        "posedirs": np.ones((24, 3, 207)),
        "J_regressor": np.eye(24),
        "weights": np.eye(24),
        "f": np.arange(24).reshape(8, 3),
        "kintree_table": np.array([JOINT_PARENTS, range(24)]),
    }
    return pickle.dumps(arrays, 2)


def by_name(checks):
    return {check.name: check for check in checks}


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


def test_the_default_product_is_run_and_its_models_are_listed(home, monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["humans4d", "doctor", "--json"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    checks = {c["name"]: c for c in json.loads(capfd.readouterr().out)}
    assert not end.value.code
    assert checks["default product"]["state"] == "ok"
    assert "landmarks" in checks["default product"]["found"]
    assert "CPUExecutionProvider" in checks["onnxruntime"]["found"]
    embedded = [c for c in checks.values() if c["found"].startswith("embedded")]
    assert {f"{path.stem}" for path in doctor.ASSETS.glob("*.onnx")} <= {
        c["name"] for c in embedded
    }


def test_models_of_the_user_are_found_where_the_hmr2_repository_puts_them(home, parity_folder):
    assert doctor._hmr2_checkpoint().state == "optional"
    assert VARIABLE in doctor._hmr2_checkpoint().advice
    checkpoint = home / doctor.HMR2_CACHE / "logs/train/multiruns/hmr2/0/checkpoints" / CHECKPOINT
    tiny = (parity_folder / "tiny_hmr2" / "checkpoints" / CHECKPOINT).read_bytes()
    body = home / doctor.HMR2_CACHE / "data/smpl/SMPL_NEUTRAL.pkl"
    for path, content in ((checkpoint, tiny), (body, small_body())):
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    checks = by_name(doctor._user_models())
    assert checks["hmr 2.0"].state == "ok" and CHECKPOINT in checks["hmr 2.0"].found
    assert "each has its checksum (CRC-32)" in checks["hmr 2.0"].found
    assert checks["smpl body"].state == "ok" and "0.2 MB" in checks["smpl body"].found
    assert "it has no checksum" in checks["smpl body"].found


def test_a_body_file_that_is_none_is_told(home):
    body = home / doctor.HMR2_CACHE / "data/smpl/SMPL_NEUTRAL.pkl"
    body.parent.mkdir(parents=True)
    body.write_bytes(b"0" * 2_000_000)
    check = doctor._smpl()
    assert check.state == "optional" and "cannot be used" in check.found and check.advice


def test_an_embedded_model_with_one_changed_bit_is_told(monkeypatch, tmp_path):
    content = bytearray((doctor.ASSETS / "nanodet_g.onnx").read_bytes())
    content[3_000_000] ^= 4
    (tmp_path / "nanodet_g.onnx").write_bytes(content)
    monkeypatch.setattr(doctor, "ASSETS", tmp_path)
    (check,) = doctor._embedded_models()
    assert check.state == "missing" and "not the file that was released" in check.found


def test_the_variable_names_the_checkpoint_and_a_wrong_one_is_told(home, monkeypatch):
    path = home / "mine.ckpt"
    monkeypatch.setenv(VARIABLE, str(path))
    assert doctor._hmr2_checkpoint().state == "optional"
    assert "does not exist" in doctor._hmr2_checkpoint().advice
    path.write_bytes(b"0")
    assert doctor._hmr2_checkpoint().state == "optional"
    assert "mine.ckpt" in doctor._hmr2_checkpoint().advice


def test_missing_models_are_exit_code_1_with_advice(home, monkeypatch, capfd, tmp_path):
    monkeypatch.setattr(doctor, "ASSETS", tmp_path / "none")
    monkeypatch.setattr(sys, "argv", ["humans4d", "doctor"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    line = next(x for x in capfd.readouterr().out.splitlines() if "embedded models" in x)
    assert line.startswith("missing") and "->" in line


def test_a_package_that_is_not_there_says_how_to_get_it():
    check = doctor._package("no_such_module_here", "some-distribution")
    assert check.state == "missing" and check.advice == "pip install some-distribution"


def test_every_check_is_one_line(home):
    checks = [*doctor._ros(), *doctor._gpu(), *doctor._user_models(), doctor._python()]
    assert all(
        "\n" not in check.line() and check.line().startswith(check.state) for check in checks
    )
