"""Where everything stands on the map of a guide's paths, and the same as a list. Only geometry and words:
`templates/map.html` draws. Lengths are in the units of the drawing's own view box, which is as wide as a phone.

What is special is told by shape and by word, never by colour alone: a sensitive topic has pointed ends, a check-in is
round, a way out has a dashed edge.
"""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from flows.guide import Guide, Topic

Shape = Literal["step", "sensitive", "check_in", "exit"]

WIDTH = 440.0
_RAIL = 14.0  # the line on the left that stands for the ways out at every step
_LEFT, _STEP_WIDTH = 32.0, 256.0
_EXIT_LEFT, _EXIT_WIDTH = 308.0, 130.0
_LINE = 18.0
_GAP = 22.0
_PADDING = 11.0
# How many letters of a wide font fit into a box, in its title and in its note.
_TITLE_WRAP, _NOTE_WRAP, _EXIT_WRAP, _RIGHTS_WRAP = 25, 29, 14, 48


@dataclass(frozen=True, slots=True)
class Stop:
    """One station of the way: what happens there, and how one can leave the way there (`exit`)."""

    shape: Shape
    title: str
    note: str = ""
    exit: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A station or an exit as it is drawn. `lines` are (y, words, whether they are the title)."""

    shape: Shape
    x: float
    y: float
    width: float
    height: float
    lines: tuple[tuple[float, str, bool], ...]

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def pointed(self) -> str:
        """The outline with pointed ends."""
        x, y, right, down = self.x, self.y, self.x + self.width, self.y + self.height
        point = 14.0
        corners = [
            (x, y + self.height / 2), (x + point, y), (right - point, y), (right, y + self.height / 2),
            (right - point, down), (x + point, down),
        ]  # fmt: skip
        return " ".join(f"{each_x:.1f},{each_y:.1f}" for each_x, each_y in corners)


@dataclass(frozen=True, slots=True)
class Drawing:
    """`legs` are the boxes of the way; `kept_from` is the height at which answers begin to be kept, if that is here."""

    name: str
    height: float
    legs: tuple[tuple[Box, Box | None], ...]
    rights: Box
    kept_from: float | None
    rail: float = _RAIL


RIGHTS = ("Skip", "Pause", "Stop", "Support", "Delete")


def stops_of(guide: Guide) -> tuple[Stop, ...]:
    """The stations of a guide, in the order in which a person meets them."""
    return (*_before(guide), *_set_up(guide), *_topics(guide), *_ending(guide))


def kept_after(guide: Guide) -> int:
    """How many stations come before anything is kept."""
    return len(tuple(_before(guide)))


def _before(guide: Guide) -> Iterator[Stop]:
    yield Stop("step", "Arrival", "Who asks, how long it takes, what this is not.", anchor="arrival")
    pages = f"{_count(len(guide.information), 'short page')}, to read again at any time."
    yield Stop("step", "Information", pages, anchor="information")
    if guide.time_to_think_hours:
        think = f"At least {_count(guide.time_to_think_hours, 'hour')}."
    else:
        think = "None in this guide. A service can ask for some."
    yield Stop("step", "Time to think", think, anchor="think")
    if guide.eligibility:
        words = f"{_count(len(guide.eligibility), 'question')}, yes or no."
        yield Stop("step", "Who this is for", words, "Any no: a kind goodbye. Nothing is kept.", "eligibility")
    words = f"{_count(len(guide.consent), 'thing')} to agree to, one by one. Then a receipt."
    yield Stop("step", "Consent", words, "No to taking part: a kind goodbye. Nothing is kept.", "consent")


def _set_up(guide: Guide) -> Iterator[Stop]:
    yield Stop(
        "step",
        "Setting up",
        "Alone or not, a safe time, a tidy chat, how long, which topics.",
        "Not now: a pause.",
        "setup",
    )
    if guide.about:
        words = f"{_count(len(guide.about), 'question')}, only for those who want."
        yield Stop("step", "About you", words, "Skip all of it, or any one.", "about")


def _topics(guide: Guide) -> Iterator[Stop]:
    for topic in guide.topics:
        if topic.sensitive:
            note = f"Sensitive: waits for its own yes. {_size(topic)}"
            yield Stop("sensitive", topic.title, note, "No: on to the next topic.", f"topic-{topic.id}")
            choices = "Something lighter, an exercise, a break, or stop."
            yield Stop("check_in", "Check-in", "How are you doing?", choices, "check-in")
        else:
            yield Stop("step", topic.title, _size(topic), anchor=f"topic-{topic.id}")


def _size(topic: Topic) -> str:
    short = sum(question.short for question in topic.questions)
    return f"{_count(len(topic.questions), 'question')} (short way: {short or 'none'})."


def _ending(guide: Guide) -> Iterator[Stop]:
    yield Stop("step", "How was this for you?", "Any answer, or none.", anchor="ending")
    note = f"What happens next, the code, and {guide.withdraw_days} days to take all of it back."
    yield Stop("step", "Thank you", note, anchor="ending")
    later = guide.later_rounds
    if later is not None:
        note = f"“{later.guide}”, {later.after_days} days later, {later.most} times at most. Consent is asked again."
        yield Stop("step", "Later rounds, for who said yes", note, "Stop asking, in one tap.", "later")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def draw(guide: Guide) -> Drawing:
    """For a screen: every station under the one before, each exit beside its station."""
    return _draw("whole", stops_of(guide), kept_after(guide))


def draw_halves(guide: Guide) -> tuple[Drawing, Drawing]:
    """For paper: the same in two columns, so that it can be read on one sheet."""
    stops, half = stops_of(guide), (len(stops_of(guide)) + 1) // 2
    kept = kept_after(guide)
    return _draw("first", stops[:half], kept), _draw("second", stops[half:], kept - half)


def _draw(name: str, stops: tuple[Stop, ...], kept_after: int) -> Drawing:
    rights = _box("exit", "At every step, in every state", f"{', '.join(RIGHTS)}.", 2, 4)
    y = rights.y + rights.height + _GAP
    legs: list[tuple[Box, Box | None]] = []
    kept_from = None
    for number, stop in enumerate(stops):
        if number == kept_after:
            kept_from = y - 8
            y += 34
        left = _LEFT + (_STEP_WIDTH - _width(stop.shape)) / 2
        step = _box(stop.shape, stop.title, stop.note, left, y)
        way_out = _box("exit", "", stop.exit, _EXIT_LEFT, y) if stop.exit else None
        if way_out is not None and way_out.height < step.height:
            way_out = _box("exit", "", stop.exit, _EXIT_LEFT, y + (step.height - way_out.height) / 2)
        legs.append((step, way_out))
        y += max(step.height, way_out.height if way_out else 0) + _GAP
    return Drawing(name, y, tuple(legs), rights, kept_from)


def _width(shape: Shape) -> float:
    return {"step": _STEP_WIDTH, "sensitive": _STEP_WIDTH, "check_in": _STEP_WIDTH - 60, "exit": _EXIT_WIDTH}[shape]


def _box(shape: Shape, title: str, note: str, x: float, y: float) -> Box:
    """A box as high as its words. An exit with a title is the one over the whole map."""
    width, title_wrap, note_wrap = _width(shape), _TITLE_WRAP, _NOTE_WRAP
    if shape == "exit":
        width, title_wrap, note_wrap = (WIDTH - 4, _RIGHTS_WRAP, _RIGHTS_WRAP) if title else (width, 0, _EXIT_WRAP)
    elif shape != "step":
        title_wrap, note_wrap = title_wrap - 2, note_wrap - 3
    lines = [(each, True) for each in textwrap.wrap(title, title_wrap)] if title else []
    lines += [(each, False) for each in textwrap.wrap(note, note_wrap)]
    placed = tuple((y + _PADDING + _LINE * (number + 0.72), words, bold) for number, (words, bold) in enumerate(lines))
    return Box(shape, x, y, width, 2 * _PADDING + _LINE * len(lines), placed)
