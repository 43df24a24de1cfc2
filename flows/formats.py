"""Older formats of a guide's files, brought up to the present one step by step, so that people stay on their version.

Format 2 has content notes as a field of their own (`note`), reminders, later rounds, languages and contacts by nation.
In format 1 the notes stood within the openings, where they stay. Its own sentences, where a guide has any, do not know
what the bot has learned to say since; those come from the shared file. A sample of each old form is kept in
`tests/test_flows/guides/`.
"""

from collections.abc import Callable
from typing import Any

Content = dict[str, Any]


def upgrade(content: Content, shared_words: Content) -> Content:
    """The content of a guide in the present format. What is no format that we know stays as it is, for the schema to
    refuse."""
    while content.get("format") in UPGRADES:
        content = UPGRADES[content["format"]](content, shared_words)
    return content


def _from_1(content: Content, shared_words: Content) -> Content:
    return content | {"format": 2, "words": _filled(content.get("words", {}), shared_words)}


def _filled(own: Any, shared: Any) -> Any:
    """What is there stays; what is missing comes from the shared file."""
    if not (isinstance(own, dict) and isinstance(shared, dict)):
        return own
    return shared | {key: _filled(value, shared.get(key)) for key, value in own.items()}


#: From each older format to the next one.
UPGRADES: dict[int, Callable[[Content, Content], Content]] = {1: _from_1}
