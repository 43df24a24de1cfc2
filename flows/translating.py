"""Making the files that a translator fills: every text of a guide, empty, with the words to translate above it.

What shapes the conversation is not in them (`flows.translation` takes it from the language that the guide was written
in), so a translator cannot break it. An empty text is one that is missing: the check names each until it is there.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flows.errors import GuideError, Problem, read_toml
from flows.library import find_files
from flows.translation import NOT_TEXT, has_text

#: The parts that a translation must have; in the others people's wishes and signs of distress are looked up.
PARTS = ("guide", "words", "contacts")


def write_files(name: str, language: str) -> list[Path]:
    """Writes a file to fill beside each file of the guide that has texts, and returns them. What guides share may be
    translated already; nothing is written over. Raises GuideError where the guide's own translation is there."""
    found = find_files(name)
    targets = {part: found[part].with_name(f"{part}.{language}.toml") for part in PARTS}
    if targets["guide"].exists():
        raise GuideError([Problem(str(targets["guide"]), "", "it is there already", "Fill it, or move it away first.")])
    targets = {part: target for part, target in targets.items() if not target.exists()}
    for part, target in targets.items():
        content = read_toml(found[part], GuideError)
        target.write_text("\n".join([_HEAD, *_table(content, "")]).strip() + "\n", encoding="utf-8")
    return list(targets.values())


_HEAD = """# Write each text between the quotation marks. Above it is what it says now. Words in {braces} are filled in
# by the program: keep them as they are. Leave every `id` alone.
"""


def _table(content: dict[str, Any], place: str) -> Iterator[str]:
    """The lines of one table: its own texts first, since TOML wants them before the tables within."""
    if "id" in content:
        yield f"id = {_quoted(content['id'])}"
    texts = {key: value for key, value in content.items() if key not in NOT_TEXT}
    for key, value in texts.items():
        if isinstance(value, str):
            yield from (*_comment(value), f'{key} = ""')
        elif isinstance(value, list) and value and isinstance(value[0], str) and has_text(value):
            yield from (line for each in value for line in _comment(each))
            yield f"{key} = {json.dumps([''] * len(value))}"
    for key, value in texts.items():
        inner = f"{place}.{key}" if place else key
        if isinstance(value, dict) and (lines := list(_table(value, inner))):
            yield from ("", f"[{inner}]", *lines)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for each in value:
                yield from ("", f"[[{inner}]]", *_table(each, inner))


def _comment(text: str) -> Iterator[str]:
    yield from (f"# {line}".rstrip() for line in text.splitlines())


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
