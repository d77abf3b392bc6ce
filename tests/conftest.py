"""For all tests: a home without the weights of who runs them, also in processes they start."""

import atexit
import os
import shutil
import tempfile

# HMR 2.0 is chosen where its checkpoint is found: tests say which one they want.
os.environ.pop("HUMANS4D_CHECKPOINT", None)
os.environ["HOME"] = _home = tempfile.mkdtemp(prefix="humans4d_home_")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
