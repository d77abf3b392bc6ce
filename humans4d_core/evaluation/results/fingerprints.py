"""Whether an input is the same as last time, without reading hours of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ...errors import InputFileError
from ...shown_text import shown

#: Bytes of a file's begin and end that are looked at; smaller files are read as a whole.
LOOKED_AT = 16 << 20


def fingerprint(path: Path) -> str:
    """SHA-256 of a file, or of all files of a folder with their names, as hexadecimal digits.

    Of a file larger than twice LOOKED_AT: of its size, its first and its last LOOKED_AT bytes.
    Raises InputFileError where something cannot be read.
    """
    digest = hashlib.sha256()
    try:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            size = file.stat().st_size
            name = file.relative_to(path).as_posix() if file != path else ""
            digest.update(f"{name}\0{size}\0".encode("utf-8", "surrogateescape"))
            with file.open("rb") as opened:
                digest.update(opened.read(LOOKED_AT))
                if size > LOOKED_AT:
                    opened.seek(max(size - LOOKED_AT, LOOKED_AT))
                    digest.update(opened.read(LOOKED_AT))
    except OSError as error:
        raise InputFileError(f"cannot read {shown(path)}: {error.strerror or error}") from None
    return digest.hexdigest()
