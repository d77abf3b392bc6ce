import subprocess

import pytest
import torch
from places import ROOT


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_the_check_of_a_gpu_says_why_it_cannot_run_here(tmp_path):
    done = subprocess.run(
        [ROOT / "benchmarks/gpu_check.sh", tmp_path], capture_output=True, text=True, check=False
    )
    reason = f"nothing could run: PyTorch {torch.__version__} finds no GPU\n"
    assert (done.returncode, done.stdout) == (2, reason)
    assert (tmp_path / "summary.txt").read_text() == reason
