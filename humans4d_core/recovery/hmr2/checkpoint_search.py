"""Where the user's checkpoint is."""

from __future__ import annotations

import os
from pathlib import Path

from ...errors import ModelFileError

CHECKPOINT_VARIABLE = "HUMANS4D_CHECKPOINT"
#: Where the original keeps its files, under home.
CACHE = Path(".cache/4DHumans")
#: Inside of it, or of a training's folder.
_FOLDERS = (Path("."), Path("checkpoints"), Path("logs/train/multiruns/hmr2/0/checkpoints"))
_RELEASED = "epoch=35-step=1000000.ckpt"


def find_checkpoint(path: str | Path | None = None) -> Path | None:
    """The checkpoint to use: `path`, else $HUMANS4D_CHECKPOINT, else the original's cache.

    Each may be a file or a folder. None where nothing was asked for and the cache has none;
    raises ModelFileError where what was asked for has none.
    """
    wanted = path or os.environ.get(CHECKPOINT_VARIABLE)
    if wanted:
        return checkpoint_in(Path(wanted))
    cache = Path.home() / CACHE
    return checkpoint_in(cache) if _candidates(cache) else None


def checkpoint_in(path: Path) -> Path:
    """`path`, or the checkpoint in that folder: our own format first, then the released one.

    Raises ModelFileError where there is none, or several to choose from.
    """
    try:
        path = path.expanduser()
        is_folder = path.is_dir()
        path.stat()
    except FileNotFoundError:
        raise ModelFileError(f"{path} does not exist: give the checkpoint's path") from None
    except (OSError, RuntimeError, ValueError) as error:  # also: no home; a zero byte in the name
        reason = getattr(error, "strerror", None) or error
        raise ModelFileError(f"{path} cannot be read: {reason}") from None
    if not is_folder:
        return path
    candidates = _candidates(path)
    if not candidates:
        raise ModelFileError(f"{path} holds no .ckpt or .safetensors: give the checkpoint's path")
    if len(candidates) > 1:
        names = ", ".join(str(candidate.relative_to(path)) for candidate in candidates[:3])
        raise ModelFileError(
            f"{path} holds {len(candidates)} checkpoints ({names}): name one of them"
        )
    return candidates[0]


def _candidates(folder: Path) -> list[Path]:
    for pattern in ("*.safetensors", _RELEASED, "*.ckpt"):
        for inner in _FOLDERS:
            found = sorted(path for path in (folder / inner).glob(pattern) if path.is_file())
            if found:
                return found
    return []
