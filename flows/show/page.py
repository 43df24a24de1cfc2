"""From a guide to one HTML page. Everything on it comes from the guide and from the wording in `templates/`."""

import base64
import hashlib
import string
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from flows.errors import GuideError, read_toml
from flows.guide import Guide
from flows.lint.content import questions_of
from flows.lint.rulebook import read_frameworks
from flows.show.map import RIGHTS, draw, draw_halves, kept_after, stops_of

_OCCASIONS = Path(__file__).parent / "occasions.toml"

#: What a slot is called on the page.
_SLOTS = {
    "service": "name of the service", "minutes": "minutes", "withdraw_days": "days", "until": "day", "day": "day",
    "items": "each thing, with yes or no", "receipt": "mark of the wording", "code": "withdrawal code",
    "contacts": "the contacts", "checked": "day", "where": "name of the topic", "answers": "number", "time": "time",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: words, or the name of what is filled in."""

    text: str
    slot: bool = False


@dataclass(frozen=True, slots=True)
class Saying:
    """One of the sentences that all guides share, and when the bot says it."""

    name: str
    occasion: str
    text: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """A sub-theme and the questions that invite it, each with its id and its text."""

    title: str
    questions: tuple[tuple[str, str], ...]


def show_guide(guide: Guide) -> str:
    """The page, as text."""
    pages = Environment(
        loader=PackageLoader("flows.show"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["pieces"] = pieces
    pages.filters["paragraphs"] = paragraphs
    style = files("flows.show").joinpath("templates/page.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return pages.get_template("guide.html").render(
        guide=guide,
        style=style,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        drawings=(draw(guide), *draw_halves(guide)),
        stops=stops_of(guide),
        kept_after=kept_after(guide),
        rights=RIGHTS,
        titles=read_frameworks().root.get(guide.framework, {}),
        invitations=tuple(invitations(guide)),
        sayings=sayings(guide),
        signs=tuple(dict.fromkeys(sign.why for sign in guide.distress.signs)),
        ordinary=tuple(dict.fromkeys(sign.why for sign in guide.distress.ordinary)),
        phrases=tuple((wish, phrases.sure) for wish, phrases in guide.commands.wishes()),
    )


def paragraphs(text: str) -> list[list[str]]:
    """A text as paragraphs of lines."""
    return [block.split("\n") for block in text.strip().split("\n\n") if block.strip()]


def pieces(text: str) -> list[Piece]:
    """A line with its slots told apart."""
    found = []
    for words, slot, _, _ in string.Formatter().parse(text):
        if words:
            found.append(Piece(words))
        if slot is not None:
            found.append(Piece(_SLOTS.get(slot, slot.replace("_", " ")), slot=True))
    return found


def sayings(guide: Guide) -> dict[str, list[Saying]]:
    """Every shared sentence in its group. One that has no group stands in the last."""
    texts = {name: text for name, text in guide.words if isinstance(text, str)}
    groups = {
        group: [Saying(name, occasion, texts.pop(name)) for name, occasion in named.items() if name in texts]
        for group, named in read_toml(_OCCASIONS, GuideError).items()
    }
    rest = [Saying(name, name.replace("_", " ").capitalize(), text) for name, text in texts.items()]
    return groups | ({"Other sentences": rest} if rest else {})


def invitations(guide: Guide) -> Iterator[Invitation]:
    """Which questions invite each sub-theme: those of the framework first, then any that it does not know."""
    titles = read_frameworks().root.get(guide.framework, {})
    asked: dict[str, list[tuple[str, str]]] = {subtheme: [] for subtheme in titles}
    for _, question in questions_of(guide):
        for subtheme in question.invites:
            asked.setdefault(subtheme, []).append((question.id, question.text))
    for subtheme, questions in asked.items():
        yield Invitation(titles.get(subtheme, subtheme), tuple(questions))
