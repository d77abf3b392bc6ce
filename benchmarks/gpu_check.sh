#!/usr/bin/env bash
# Checks HMR 2.0 on a machine with an NVIDIA GPU, in under 8 minutes and without a network.
#
#   benchmarks/gpu_check.sh [FOLDER]      (default: out/gpu_check)
#
# Python is $PYTHON, else the project's .venv, else python3: 3.10 or newer with PyTorch 2.6 or newer.
# A part whose packages are missing is skipped and named, and so is what a part leaves out. FOLDER
# gets a log of each part, the figures as JSON, and summary.txt. The exit status is 1 if a part
# failed, 2 if nothing could run.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
output=${1:-$root/out/gpu_check}
python=${PYTHON:-$root/.venv/bin/python}
command -v "$python" >/dev/null || python=python3
mkdir -p "$output" || exit 2
output=$(cd "$output" && pwd)
export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1
failed=0
cd "$root" || exit 2
: >"$output/summary.txt"

say() { printf '%s\n' "$*" | tee -a "$output/summary.txt"; }

# part NAME SECONDS "MODULES" COMMAND...: runs it if its modules are there, for SECONDS at most.
part() {
  local name=$1 limit=$2 modules=$3 module start=$SECONDS status left_out
  shift 3
  for module in $modules; do
    if ! "$python" -c "import $module" >"$output/$name.log" 2>&1; then
      say "$name: skipped, $module cannot be imported: $(tail -n 1 "$output/$name.log")"
      return
    fi
  done
  timeout --kill-after=10 "$limit" "$@" >"$output/$name.log" 2>&1
  status=$?
  case $status in
    0)
      say "$name: passed in $((SECONDS - start)) s: $(tail -n 1 "$output/$name.log")"
      left_out=$(grep 'left out: ' "$output/$name.log") && say "$left_out"
      return
      ;;
    124 | 137) say "$name: failed, stopped after $limit s" ;;
    *) say "$name: failed: $(tail -n 1 "$output/$name.log")" ;;
  esac
  failed=1
}

if ! machine=$("$python" - 2>&1 <<'X'
import platform, sys
if sys.version_info < (3, 10):
    sys.exit(f"Python 3.10 or newer is needed, this is {platform.python_version()}")
try:
    import torch
except ImportError as error:
    sys.exit(f"PyTorch cannot be imported: {error}")
if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 6):
    sys.exit(f"PyTorch 2.6 or newer is needed, this is {torch.__version__}")
if not torch.cuda.is_available():
    sys.exit(f"PyTorch {torch.__version__} finds no GPU")
print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, CUDA {torch.version.cuda},"
      f" Python {platform.python_version()}")
X
); then
  say "nothing could run: $(tail -n 1 <<<"$machine")"
  exit 2
fi
say "$machine"

needs="numpy scipy cv2 ruamel.yaml"
part cuda_tests 140 "$needs pytest hypothesis" \
  "$python" -m pytest -p no:cacheprovider -q -m gpu tests/core/recovery
part hmr2_speed 170 "$needs rich" \
  "$python" benchmarks/hmr2_speed.py --device cuda --only torch,head,frames --output "$output"
part hmr2_crops_speed 40 "$needs" \
  "$python" benchmarks/hmr2_crops_speed.py --device cuda --json "$output/hmr2_crops_speed.json"
# The slowest to start, so the last: TensorRT builds its engine of the whole network.
part tensorrt 100 "$needs rich onnxruntime onnx onnxscript" \
  "$python" benchmarks/hmr2_speed.py --device cuda --only tensorrt --output "$output"
say "results: $output"
exit "$failed"
