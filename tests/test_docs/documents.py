"""The documents of the project, and how to find tables and code in them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs/summaries.md")


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def rows(text: str, heading: str) -> list[list[str]]:
    """The rows of the table under a heading such as `## Commands`, without its head. `\\|` is no border of a cell."""
    (section,) = re.findall(rf"^{re.escape(heading)}$(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return cells[2:]


def blocks(text: str, language: str) -> list[str]:
    """The fenced code blocks of a language, each without the indentation of the list that it stands in."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return ["\n".join(line.removeprefix(indent) for line in body.splitlines()) + "\n" for indent, body in found]


def code(text: str) -> list[str]:
    """What stands between single backticks, outside fenced blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL))


def more() -> list[str]:
    """The documents for whoever runs Hearten or decides about it."""
    pages = ["docs/running.md", "docs/keys.md", "docs/scale.md"]
    return [*pages, *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs/deciders").glob("*.md"))]
