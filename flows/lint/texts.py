"""Every text of a guide that people read, with the file and the place where it stands.

Places go by id (`topics.helped.questions.helped_what.text`), so that an exception still fits when something is moved.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from flows.guide import Guide

#: A label stands on a button or over a text; a line is a note in a list; sentences are everything else.
Kind = Literal["sentences", "label", "line"]

_PARTS = (
    "title", "arrival", "information", "eligibility", "consent", "setup", "about", "topics", "check_in", "exercises",
    "ending", "later_rounds", "words", "contacts",
)  # fmt: skip
_OWN_FILES = ("words", "commands", "distress", "contacts")
_NOT_READ = frozenset({"id", "invites", "calendar", "checked", "time_zone", "guide", "consent_item"})
_LABELS = frozenset(
    {"title", "label", "yes", "no", "go_on", "lighter", "take_break", "ground", "stop", "snooze", "stop_asking"}
)
_LINES = frozenset({"name", "when", "short", "about_bot", "short_about_bot"})

#: What stands in the slots while a text is measured: as long as the real thing, and plain.
SAMPLES = {
    "service": "your service", "minutes": "15", "withdraw_days": "90", "until": "Sunday 1 March",
    "day": "Sunday 1 March", "items": "Taking part: yes", "receipt": "1a2b", "code": "ABCD",
    "contacts": "Call 116 123.", "checked": "Sunday 1 March", "where": "What has helped", "answers": "3",
    "time": "10:00", "day_name": "Sunday", "month": "March", "year": "2026",
    "answer": "The phone is answered until 8 now.", "link": "the page",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    file: str
    place: str
    kind: Kind
    text: str

    @property
    def filled(self) -> str:
        """As people read it, with something plain in the slots."""
        return self.text.format_map(_Samples(SAMPLES))


class _Samples(dict[str, str]):
    def __missing__(self, slot: str) -> str:
        return slot


def file_of(place: str) -> str:
    """The file in which a place is: parts that guides share have files of their own."""
    part = place.split(".", 1)[0]
    return f"{part}.toml" if part in _OWN_FILES else "guide.toml"


def texts_of(guide: Guide) -> Iterator[Text]:
    """Every text that people read. What people themselves may say (commands, signs of distress) is not among them."""
    for part in _PARTS:
        for place, text in _strings(getattr(guide, part), part):
            yield Text(file_of(place), place, _kind(place), text)


def _kind(place: str) -> Kind:
    steps = place.split(".")
    if steps[0] == "words":
        return (
            "label"
            if {"buttons", "languages", "nations"} & set(steps)
            else "line"
            if "commands" in steps or steps[-1] in _LINES
            else "sentences"
        )
    if steps[-1] in _LINES:
        return "line"
    return "label" if steps[-1] in _LABELS else "sentences"


def _strings(value: object, place: str) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield place, value
        case BaseModel():
            for name, field in value:
                if name not in _NOT_READ and not (name == "nations" and place.startswith("contacts")):
                    yield from _strings(field, f"{place}.{name}")
        case tuple():
            for number, each in enumerate(value, 1):
                yield from _strings(each, f"{place}.{getattr(each, 'id', number)}")
        case dict():
            for name, each in value.items():
                yield from _strings(each, f"{place}.{name}")
