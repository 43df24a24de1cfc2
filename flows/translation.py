"""Putting the texts of another language into a guide: the same places, matched by id, and none of them missing.

A translation holds texts only. What shapes the conversation (ids, order, what is sensitive, what a question invites)
comes from the language that the guide was written in, so that both languages ask the same things.
"""

from typing import Any

from flows.contacts import NATIONS
from flows.errors import Problem

#: What is not a text: it stays as it is, and a translation does not repeat it. `id` only tells which part is meant.
NOT_TEXT = frozenset({
    "id", "format", "version", "language", "framework", "minutes", "withdraw_days", "time_to_think_hours", "checked",
    "sensitive", "short", "invites", "time_zone", "consent_item", "guide",
})  # fmt: skip


def translate(own: Any, other: Any, file: str, problems: list[Problem], place: str = "") -> Any:
    """`own` with the texts of `other`. Whatever `other` lacks, or has too much, is added to `problems`."""
    match own:
        case bool() | int() | float():
            return own
        case dict():
            return _translate_table(own, other, file, problems, place)
        case list() if own and isinstance(own[0], dict):
            return _translate_list(own, other, file, problems, place)
        case list() if not has_text(own):
            return own
        case list() if isinstance(other, list) and len(other) == len(own):
            return other
    if isinstance(other, str) and other.strip():
        return other
    problems.append(Problem(file, place, "the translation of this text is missing", "Add it."))
    return own


def has_text(own: list[Any]) -> bool:
    """Lists of numbers, and of the nations in which a contact works, are the same in every language."""
    return any(isinstance(each, str) and each not in NATIONS for each in own)


def _translate_table(own: dict[str, Any], other: Any, file: str, problems: list[Problem], place: str) -> dict[str, Any]:
    given = other if isinstance(other, dict) else {}
    unknown = sorted(given.keys() - own.keys())
    problems += [Problem(file, _at(place, key), "the guide has no such place", "Take it out.") for key in unknown]
    return {
        key: value if key in NOT_TEXT else translate(value, given.get(key), file, problems, _at(place, key))
        for key, value in own.items()
    }


def _translate_list(own: list[Any], other: Any, file: str, problems: list[Problem], place: str) -> list[Any]:
    """Parts with an id are matched by it, in whatever order; others (contacts) by their place."""
    given = [each for each in other if isinstance(each, dict)] if isinstance(other, list) else []
    by_id = {each.get("id", number): each for number, each in enumerate(given)}
    return [
        translate(each, by_id.get(each.get("id", number)), file, problems, f"{place}[{each.get('id', number + 1)}]")
        for number, each in enumerate(own)
    ]


def _at(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key
