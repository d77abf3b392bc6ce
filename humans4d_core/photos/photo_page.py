"""All photographs of one call on one page, index.html beside their results."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import quote

from ..shown_text import shown
from .photo_results import PhotoResult

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>People in photographs</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 1rem; color: #222; background: #fafafa }
section { margin: 0 0 2rem; padding: 1rem; background: #fff; border: 1px solid #ddd }
.views { display: flex; flex-wrap: wrap; gap: .5rem }
.views img { max-width: 100%; height: 300px; object-fit: contain }
table { border-collapse: collapse; margin-top: .5rem } td, th { padding: .1rem .8rem .1rem 0 }
</style></head><body>
"""


def write_page(folder: Path, results: list[PhotoResult], notes: list[str]) -> Path:
    """index.html: no file of it comes from elsewhere."""
    parts = [
        _HEAD,
        f"<h1>{sum(len(r.people) for r in results)} people in {len(results)} images</h1>",
    ]
    parts += [f"<p>{escape(shown(note, 1000))}</p>" for note in notes]
    parts += [_section(result) for result in results]
    path = folder / "index.html"
    path.write_text("\n".join([*parts, "</body></html>\n"]), encoding="utf-8")
    return path


def _section(result: PhotoResult) -> str:
    pictures = "".join(
        f'<a href="{link}"><img loading="lazy" alt="{kind}" src="{link}"></a>'
        for kind in ("overlay.jpg", "side.png", "above.png")
        for link in [quote(f"{result.stem}_{kind}", errors="surrogateescape")]
    )
    rows = "".join(
        f"<tr><td>{row['number']}</td><td>{_metres(row['pelvis_cam'][2])}</td>"
        f"<td>{row['posture'].lower()}</td><td>{row['confidence']:.2f}</td></tr>"
        for row in result.people
    )
    table = (
        f"<table><tr><th>person</th><th>distance</th><th>posture</th><th>score</th></tr>{rows}"
        "</table>"
    )
    return (
        f"<section><h2>{escape(shown(result.name))}</h2><div class='views'>{pictures}</div>"
        f"{table if rows else '<p>nobody</p>'}</section>"
    )


def _metres(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f} m"
