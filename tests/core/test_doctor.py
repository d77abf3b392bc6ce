import json
import sys

import pytest

from humans4d_core import cli, doctor


def by_name(checks):
    return {check.name: check for check in checks}


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(doctor.HMR2_CHECKPOINT_VARIABLE, raising=False)
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


def test_models_of_the_user_are_found_where_the_hmr2_repository_puts_them(home):
    assert doctor._hmr2_checkpoint().state == "optional"
    assert doctor.HMR2_CHECKPOINT_VARIABLE in doctor._hmr2_checkpoint().advice
    checkpoint = home / doctor.HMR2_CACHE / "logs/train/multiruns/hmr2/0/checkpoints/epoch.ckpt"
    body = home / doctor.HMR2_CACHE / "data/smpl/SMPL_NEUTRAL.pkl"
    for path in (checkpoint, body):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"0" * 2_000_000)
    checks = by_name(doctor._user_models())
    assert checks["hmr 2.0"].state == "ok" and "epoch.ckpt, 2.0 MB" in checks["hmr 2.0"].found
    assert checks["smpl body"].state == "ok"


def test_the_variable_names_the_checkpoint(home, monkeypatch):
    path = home / "mine.ckpt"
    monkeypatch.setenv(doctor.HMR2_CHECKPOINT_VARIABLE, str(path))
    assert doctor._hmr2_checkpoint().state == "optional"
    assert "no file" in doctor._hmr2_checkpoint().found
    path.write_bytes(b"0")
    assert doctor._hmr2_checkpoint().state == "ok"


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
