"""What `humans4d weights` does: say what is in a checkpoint, and make a small safe file of it."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from ...errors import Humans4dError, ModelFileError
from ...shown_text import shown
from ...untrusted_files.tensor_files import StoredTensor, TensorFile, write_safetensors
from .checkpoint import FORMAT_KEY, FORMAT_VERSION, body_names, check_complete, open_checkpoint
from .hmr2_config import Hmr2Config
from .network_sizes import CONFIG_KEY, described_config
from .parameter_names import BODY_PREFIX, IGNORED_NAMES, IGNORED_PREFIXES

PRECISIONS = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}
_SHORT_NAMES = {dtype: name for name, dtype in PRECISIONS.items()}

LICENCE = (
    "the released HMR 2.0 weights and SMPL are for non-commercial use only "
    "(github.com/shubham-goel/4D-Humans, smpl.is.tue.mpg.de)"
)

#: What a part of the file is called, by the beginnings of its names.
_PARTS: dict[str, str | tuple[str, ...]] = {
    "backbone": "backbone.",
    "head": "smpl_head.",
    "body": BODY_PREFIX,
    "discriminator": IGNORED_PREFIXES,
}
_OTHER = "other"
_SHOWN_METADATA = ("source", "epoch", "global_step")


@dataclass(frozen=True)
class WeightsReport:
    """What is inside of a checkpoint."""

    path: Path
    layout: str  #: "torch" or "safetensors"
    nbytes: int
    config: Hmr2Config
    heads_known: bool  #: False: the file does not tell the numbers of heads in `config`
    counts: Mapping[str, int]  #: numbers in each part
    precisions: Mapping[str, str]  #: element types of each part
    body: str | None  #: None: a separate body model is needed
    problem: str | None  #: what it lacks to be run, or its damage; None: it is complete and sound
    checked: str  #: what was compared with a checksum, what was not
    metadata: Mapping[str, str]

    def rows(self) -> list[tuple[str, str]]:
        """Label and text, for people."""
        config = asdict(self.config)
        if not self.heads_known:
            for unknown in ("num_heads", "decoder_heads", "decoder_dim_head"):
                config[unknown] = "unknown"
        rows = [("file", f"{self.layout}, {self.nbytes / 1e6:,.1f} MB")]
        if "backbone" in self.counts:
            rows.append(("network", ", ".join(f"{key} {value}" for key, value in config.items())))
        for part, count in self.counts.items():
            rows.append((part, f"{count / 1e6:,.2f} M numbers, {self.precisions[part]}"))
        rows.append(("body model", self.body or "none inside: give an SMPL file"))
        for key in _SHOWN_METADATA:
            if key in self.metadata:
                rows.append((key, shown(self.metadata[key])))
        rows.append(("checked", self.checked))
        rows.append(("licence", LICENCE))
        complete = "yes" if self.problem is None else f"no: {self.problem}"
        if self.problem is None and not self.heads_known:
            complete += ", but it does not say its numbers of heads: a Hmr2Config has to"
        rows.append(("complete", complete))
        return rows


def inspect_weights(path: str | Path) -> WeightsReport:
    """What is inside of a checkpoint, and whether its bytes are those that were written.

    All that a run would read is read once.

    Raises ModelFileError for a file that is no checkpoint at all.
    """
    with open_checkpoint(path) as weights:
        config, heads_known = described_config(weights)
        counts: Counter[str] = Counter()
        precisions: dict[str, set[str]] = {}
        for name, stored in weights.tensors.items():
            if name in IGNORED_NAMES:
                continue
            part = _part(name)
            counts[part] += stored.nbytes // stored.dtype.itemsize
            precisions.setdefault(part, set()).add(_precision(stored))
        problem = _problem(weights, config)
        checked = "its headers: it is incomplete"
        if problem is None:
            checked, problem = _check_content(weights)
        return WeightsReport(
            weights.path,
            weights.layout,
            os.fstat(weights.file.fileno()).st_size,
            config,
            heads_known,
            {part: counts[part] for part in (*_PARTS, _OTHER) if part in counts},
            {part: " and ".join(sorted(kinds)) for part, kinds in precisions.items()},
            _body_text(weights),
            problem,
            checked,
            weights.metadata,
        )


def convert_weights(
    source: str | Path,
    target: str | Path,
    precision: str = "fp16",
    config: Hmr2Config | None = None,
) -> None:
    """Write the network and body of a checkpoint as a .safetensors file, without the rest.

    precision: "fp16", "bf16" or "fp32", of the backbone's matrices, 95 % of the numbers; the
    remaining tensors keep theirs. Names stay the official ones. config: for a network of sizes of
    its own, whose numbers of heads the source does not tell: the target will.

    Raises ModelFileError for an incomplete or damaged source, Humans4dError for a precision that
    is unknown and a target that exists or cannot be written.
    """
    if precision not in PRECISIONS:
        raise Humans4dError(f"precision {precision} is not known: {', '.join(PRECISIONS)}")
    target = Path(target)
    if target.suffix != ".safetensors":
        raise Humans4dError(f"{target} does not end in .safetensors: name the file so")
    if target.exists():
        raise Humans4dError(f"{target} exists already: choose another name or remove it")
    if not target.parent.is_dir():
        raise Humans4dError(f"{target.parent} is not a folder: create it, or write elsewhere")
    with open_checkpoint(source) as weights:
        config, heads_known = (config, True) if config else described_config(weights)
        check_complete(weights, config)
        kept = {name: stored for name, stored in weights.tensors.items() if _is_kept(name)}
        layout = {
            name: (PRECISIONS[precision] if _is_matrix(name, stored) else stored.dtype,
                   stored.shape)
            for name, stored in kept.items()
        }  # fmt: skip
        metadata = {
            "source": weights.path.name,
            **weights.metadata,
            "format": "pt",
            FORMAT_KEY: FORMAT_VERSION,
            "precision": precision,
            "licence": LICENCE,
        }
        if heads_known:
            metadata[CONFIG_KEY] = json.dumps(asdict(config))

        def read(name: str) -> torch.Tensor:
            return weights.read(name, layout[name][0])

        write_safetensors(target, layout, read, metadata)


def _part(name: str) -> str:
    return next((part for part, start in _PARTS.items() if name.startswith(start)), _OTHER)


def _precision(stored: StoredTensor) -> str:
    return _SHORT_NAMES.get(stored.dtype, str(stored.dtype).removeprefix("torch."))


def _is_kept(name: str) -> bool:
    return name not in IGNORED_NAMES and not name.startswith(IGNORED_PREFIXES)


def _is_matrix(name: str, stored: StoredTensor) -> bool:
    """Whether a lower precision pays: the head alone would lose degrees by it."""
    return name.startswith(("backbone.blocks.", "backbone.patch_embed.")) and len(stored.shape) > 1


def _problem(weights: TensorFile, config: Hmr2Config) -> str | None:
    try:
        check_complete(weights, config)
    except ModelFileError as error:
        return str(error)
    return None


def _check_content(weights: TensorFile) -> tuple[str, str | None]:
    """Read every tensor that a run reads: what was checked, and what is wrong."""
    names = [name for name in weights.tensors if _is_kept(name)]
    with_checksum = sum(weights.tensors[name].checked is not None for name in names)
    if with_checksum == len(names):
        what = f"{len(names)} tensors: each has its checksum (CRC-32) and possible numbers"
    else:
        what = (
            f"{len(names)} tensors have possible numbers; there are no checksums in the file, so a "
            "changed bit may go unnoticed: `humans4d weights convert` writes one with checksums"
        )
    try:
        for name in names:
            weights.read(name)
    except ModelFileError as error:
        return "damage was found", str(error)
    return what, None


def _body_text(weights: TensorFile) -> str | None:
    names = body_names(weights.tensors)
    if not names:
        return None
    template = weights.tensors.get(BODY_PREFIX + "v_template")
    vertices = template.shape[0] if template is not None and template.shape else 0
    extra = BODY_PREFIX + "joint_regressor_extra" in names
    return f"{vertices} vertices, {'44 joints' if extra else 'no 44 joints'}"
