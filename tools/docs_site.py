"""Hooks of mkdocs: README is the first page, and links to sources lead to the repository."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
#: A Markdown link or picture: what is shown, and where it leads.
LINK = re.compile(r"(!?\[[^\]]*\]\()([^)#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """README.md of the repository becomes index.md."""
    files.append(File.generated(config, "index.md", content=(ROOT / "README.md").read_text()))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links as the site needs them; raises PluginError for a file that there is not."""
    folder = ROOT if page.file.src_uri == "index.md" else ROOT / "docs"

    def link(match: re.Match[str]) -> str:
        shown, target = match.groups()
        if re.match(r"[a-z]+:", target):
            return match[0]
        path = (folder / target).resolve()
        if not path.exists():
            raise PluginError(f"{page.file.src_uri}: there is no {target}")
        if path.is_relative_to(ROOT / "docs"):
            return shown + path.relative_to(ROOT / "docs").as_posix()
        if path == ROOT / "README.md":
            return shown + "index.md"
        kind = "tree" if path.is_dir() else "blob"
        return f"{shown}{config.repo_url}/{kind}/main/{path.relative_to(ROOT).as_posix()}"

    return LINK.sub(link, markdown)
