import os
import subprocess
import sys

import numpy as np
import pytest

from humans4d_core.errors import ModelFileError
from humans4d_core.onnx_session import ASSETS, open_session


def test_a_name_opens_the_embedded_model():
    session = open_session("nanodet_g.onnx", threads=1)
    assert [i.name for i in session.get_inputs()] == ["image"]
    assert session.get_session_options().intra_op_num_threads == 1


def test_a_path_opens_the_users_file(tmp_path):
    mine = tmp_path / "mine.onnx"
    mine.write_bytes((ASSETS / "nanodet_g.onnx").read_bytes())
    assert open_session(mine).get_outputs()[0].name == "scores"


def test_a_file_in_the_working_directory_does_not_replace_an_embedded_model(tmp_path, monkeypatch):
    (tmp_path / "nanodet_g.onnx").write_bytes(b"something else")
    monkeypatch.chdir(tmp_path)
    assert open_session("nanodet_g.onnx", threads=1).get_inputs()[0].name == "image"


def test_an_execution_provider_that_is_not_installed_is_passed_over():
    session = open_session("nanodet_g.onnx", 1, ("NoSuchProvider", "CPUExecutionProvider"))
    assert session.get_providers() == ["CPUExecutionProvider"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelFileError, match="absent.onnx does not exist"):
        open_session(tmp_path / "absent.onnx")


@pytest.mark.parametrize("content", [b"", b"not a model", b"truncated"])
def test_a_damaged_file_is_one_sentence(tmp_path, content):
    if content == b"truncated":
        content = (ASSETS / "nanodet_g.onnx").read_bytes()[:5000]
    path = tmp_path / "damaged.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="damaged.onnx is not an ONNX model") as error:
        open_session(path)
    assert "\n" not in str(error.value)


def test_threads_do_not_change_the_answer():
    image = np.random.default_rng(0).integers(0, 256, (1, 96, 128, 3), np.uint8)
    one, two = (
        open_session("nanodet_g.onnx", threads).run(["scores"], {"image": image})[0]
        for threads in (1, 2)
    )
    np.testing.assert_allclose(one, two, atol=1e-6)


def test_onnxruntime_writes_nothing_into_the_home_folder_and_holds_no_database(tmp_path):
    """It has an id of the machine and a queue of what it will report, unless it is told not to."""
    code = (
        "import os\n"
        "from humans4d_core.onnx_session import open_session\n"
        "session = open_session('nanodet_g.onnx', threads=1)\n"
        "links = [f'/proc/self/fd/{name}' for name in os.listdir('/proc/self/fd')]\n"
        "open_files = [os.readlink(link) for link in links if os.path.exists(link)]\n"
        "print([name for name in open_files if '.db' in name or name.startswith('socket:')])\n"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "ORT_"))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
    written = [path for path in tmp_path.rglob("*") if "onnxruntime" in str(path)]
    assert not written
