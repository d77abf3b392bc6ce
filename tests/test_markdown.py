"""README and docs render: tables are whole, links lead somewhere."""

import re
from pathlib import Path

import pytest
from places import ROOT

#: A row of dashes below a table's head.
RULE = re.compile(r"^\|(\s*:?-+:?\s*\|)+$")


def pages() -> list[str]:
    """Every Markdown file of the project, relative to it."""
    skipped = {".git", ".venv", ".cache", "out", "build", "install", "log", "node_modules"}
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    return sorted(str(path) for path in found if not skipped & set(path.parts))


def without_code(text: str) -> list[str]:
    """Lines; those of a code block are empty, and `code` is as long as it was, but blank."""
    text = re.sub(r"^```.*?^```", lambda m: "\n" * m[0].count("\n"), text, flags=re.M | re.S)
    return [re.sub(r"`[^`]*`", lambda m: "x" * len(m[0]), line) for line in text.splitlines()]


def wrong_tables(text: str) -> list[str]:
    """Sentences, one for each row that no table can hold or that a blank line has cut off."""
    wrong, lines = [], without_code(text)
    columns = 0
    for number, line in enumerate(lines, 1):
        is_row = line.lstrip().startswith("|")
        if not is_row:
            columns = 0
            continue
        cells = len(re.findall(r"(?<!\\)\|", line.strip())) - 1
        if not columns:
            below = lines[number].strip() if number < len(lines) else ""
            if not RULE.match(below):
                wrong.append(f"line {number} is a row without a head: {line[:60]}")
            columns = cells
        elif cells != columns:
            wrong.append(f"line {number} has {cells} columns, its table {columns}")
        if not line.rstrip().endswith("|"):
            wrong.append(f"line {number} does not end with |")
    return wrong


def anchors(path: Path) -> set[str]:
    """What a link may name after #: each heading in lower case, with dashes for spaces."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(path: Path) -> list[str]:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", "\n".join(without_code(path.read_text()))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        if not file.exists():
            broken.append(f"{target} does not exist")
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            broken.append(f"{target}: there is no such heading")
    return broken


@pytest.mark.parametrize("page", pages())
def test_tables_and_links_are_whole(page):
    path = ROOT / page
    assert wrong_tables(path.read_text()) == []
    assert broken_links(path) == []


def test_a_blank_line_inside_a_table_is_found():
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n"
    assert wrong_tables(table) == []
    assert "without a head" in wrong_tables(table + "\n| 3 | 4 |\n")[0]
    assert "has 1 columns" in wrong_tables(table + "| 3 |\n")[0]
    assert wrong_tables(table + "| `a|b` | c\\|d |\n```\n| no table\n```\n") == []


def test_a_link_to_nowhere_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A heading, here\n[a](page.md) [b](#a-heading-here) [c](none.md) [d](#no)\n")
    assert broken_links(page) == ["none.md does not exist", "#no: there is no such heading"]
