"""Plays the conversations in `cases/`: files that people who do not program can read (see `cases/README.md`)."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Literal, Self, get_args

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from flows.contacts import Nation
from flows.engine import begin
from flows.library import load_guide
from flows.turn import (
    Button,
    CopyWanted,
    DropCopy,
    Edited,
    Forget,
    ForgetEverything,
    Heard,
    Keep,
    Opened,
    Pressed,
    Said,
    SendCopy,
    Tidy,
    Unusable,
    Voiced,
)
from tests.test_flows.walking import Walker

CASES = Path(__file__).parent / "cases"
Promise = Literal[
    "Arrival", "Information", "Time to think", "Eligibility", "Consent", "Setting up", "Topics", "At every step",
    "Check-ins", "Distress", "Ending", "Withdrawal", "Later rounds", "Hearing back",
]  # fmt: skip
#: Under which names the host has these heard.
NAMES = {"answer": "tidings-00ff"}
Thing = Literal["link", "wrong link", "voice", "sticker", "photo", "forward", "empty", "old button", "edit"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CaseTurn(Strict):
    say: str | None = None
    press: str | None = None
    send: Thing | None = None
    wait: str | None = None
    comes: Literal["answer", "copy"] | None = None
    expect: list[str] = []
    not_expect: list[str] = []
    buttons: list[str] = []
    not_buttons: list[str] = []
    at: str | None = None
    state: Literal["going", "paused", "stopped", "finished"] | None = None
    kept: int | None = None
    words_kept: str | None = None
    forgotten: Literal["everything", "one answer", "nothing"] | None = None
    cleared: Literal["everything", "answers", "nothing"] | None = None
    agreed: dict[str, bool] = {}
    reminders: list[Literal["think", "pause", "round", "answer", "copy"]] | None = None
    copy_is: Literal["sent", "deleted"] | None = None
    silent: bool = False

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        done = [self.say if self.send != "edit" else None, self.press, self.send, self.wait, self.comes]
        if sum(each is not None for each in done) != 1:
            raise ValueError("a turn does one thing: say, press, send, wait or comes")
        return self


class Case(Strict):
    title: str
    promise: Promise
    guide: str = "relational-practice"
    start: str | None = None
    topics: list[str] = []
    time_to_think: int = 0
    nation: Nation | None = None
    known_gap: str | None = None
    turn: list[CaseTurn]


class Host:
    """Does what the engine wants done, as a real host would: keeps, forgets, and begins anew with whoever comes."""

    def __init__(self, case: Case) -> None:
        guide = load_guide(case.guide).for_service("Riverside community team", None, case.time_to_think, case.nation)
        self.walker = Walker(guide)
        self.kept: dict[tuple[str, int], str | None] = {}
        self.buttons: list[Button] = []
        self.first: Button | None = None
        self.copy_here = False
        if case.start is None:
            self.walker.progress = None
        else:
            self.walker.to(case.start, topics=tuple(case.topics))
            assert self.walker.at == case.start, f"there is no step {case.start}"
            self._take_in(0)

    def hear(self, heard: Heard) -> None:
        if self.walker.progress is None and isinstance(heard, Opened) and heard.known:
            self.walker.progress = begin(
                self.walker.guide, service="RIVERSIDE", session="s2", code="EEEE-FFFF-GGGG-HHHH"
            )
        before = len(self.walker.effects)
        self.walker.hear(heard)
        assert self.walker.says, "nobody is left without an answer"
        self._take_in(before)

    def _take_in(self, since: int) -> None:
        for effect in self.walker.effects[since:]:
            match effect:
                case Keep(question, part, _, text):
                    assert self.walker.progress is not None
                    assert self.walker.progress.taking_part, "nothing is kept before somebody agreed"
                    self.kept.pop((question, part), None)
                    self.kept[question, part] = text
                case Forget(question, part):
                    for key in [each for each in self.kept if each[0] == question and part in (None, each[1])]:
                        del self.kept[key]
                case ForgetEverything():
                    self.kept.clear()
                case SendCopy() | DropCopy():
                    self.copy_here = False
        offered = [[button for row in say.buttons for button in row] for say in self.walker.says if say.buttons]
        if offered:
            self.buttons = offered[-1]
            self.first = self.first or self.buttons[0]

    def heard(self, turn: CaseTurn) -> Heard:
        if turn.press is not None:
            found = next((button for button in self.buttons if button.label == turn.press), None)
            assert found, f"there is no button {turn.press!r}; there are {[button.label for button in self.buttons]}"
            return CopyWanted(here=self.copy_here) if found.data == "yes:copy" else Pressed(found.data)
        if turn.send is None:
            return Said(turn.say or "")
        if turn.send == "edit":
            last = next((key for key in reversed(self.kept) if self.kept[key] is not None), (None, 0))
            return Edited(turn.say or "", *last)
        if turn.send == "old button":
            assert self.first is not None
            return Pressed(self.first.data)
        return {
            "link": Opened("RIVERSIDE"), "wrong link": Opened("RIVRSIDE", known=False), "voice": Voiced(),
            "sticker": Unusable(), "photo": Unusable(), "forward": Unusable(forwarded=True), "empty": Said("  "),
        }[turn.send]  # fmt: skip

    def play(self, turn: CaseTurn) -> None:
        before = len(self.walker.effects)
        if turn.wait is not None:
            self._wait(_time(turn.wait))
        elif turn.comes is not None:
            self.copy_here = self.copy_here or turn.comes == "copy"
            self.walker.comes(NAMES.get(turn.comes, turn.comes))
            self._take_in(before)
        else:
            self.hear(self.heard(turn))
        self._compare(turn, before)

    def _wait(self, time: timedelta) -> None:
        """Let time go by, and whatever falls due in it come. Nobody else says anything."""
        until, before = self.walker.now + time, len(self.walker.effects)
        self.walker.says = ()
        while due := [name for name, moment in self.walker.scheduled.items() if moment <= until]:
            self.walker.due(min(due, key=lambda name: self.walker.scheduled[name]))
        self.walker.now = max(until, self.walker.now)
        self._take_in(before)

    def _compare(self, turn: CaseTurn, before: int) -> None:
        text, labels = self.walker.text, [button.label for button in self.buttons]
        for words in turn.expect:
            assert words in text, f"the answer does not say {words!r}"
        for words in turn.not_expect:
            assert words not in text, f"the answer says {words!r}"
        for label in turn.buttons:
            assert label in labels, f"there is no button {label!r}"
        for label in turn.not_buttons:
            assert label not in labels, f"there is a button {label!r}"
        assert not turn.silent or not self.walker.says, "the bot says something"
        due = [NAMES.get(each, each) for each in turn.reminders or []]
        assert turn.reminders is None or sorted(self.walker.scheduled) == sorted(due)
        progress = self.walker.progress
        assert turn.at is None or (progress.at if progress else "nowhere") == turn.at
        assert turn.state is None or (progress is not None and progress.state == turn.state)
        assert turn.kept is None or len(self.kept) == turn.kept
        assert turn.words_kept is None or list(self.kept.values())[-1:] == [turn.words_kept]
        for item, answer in turn.agreed.items():
            assert progress is not None
            assert progress.consent.get(item) == answer, item
        effects = self.walker.effects[before:]
        forgotten = {
            "everything": any(isinstance(each, ForgetEverything) for each in effects),
            "one answer": any(isinstance(each, Forget) for each in effects),
            "nothing": not any(isinstance(each, Forget | ForgetEverything) for each in effects),
        }
        cleared = [each.everything for each in effects if isinstance(each, Tidy)]
        found = "everything" if any(cleared) else "answers" if cleared else "nothing"
        assert turn.cleared is None or found == turn.cleared, f"cleared from the chat: {found}"
        kinds = {type(each) for each in effects}
        assert turn.copy_is != "sent" or SendCopy in kinds, "the copy is not sent"
        assert turn.copy_is != "deleted" or DropCopy in kinds, "the copy is not deleted"
        assert turn.forgotten is None or forgotten[turn.forgotten], f"not forgotten: {turn.forgotten}"


def _time(words: str) -> timedelta:
    found = re.fullmatch(r"(\d+) (minute|hour|day|week)s?", words)
    assert found, f"{words!r} is no time such as '3 weeks'"
    return timedelta(**{f"{found[2]}s": int(found[1])})


def read(file: Path) -> Case:
    try:
        return Case.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise AssertionError(f"{file.name}: {error}") from None


FILES = sorted(CASES.glob("*.toml"))


def marked(file: Path) -> object:
    gap = read(file).known_gap
    marks = [pytest.mark.xfail(reason=gap, strict=True, raises=AssertionError)] if gap else []
    return pytest.param(file, id=file.stem, marks=marks)


@pytest.mark.parametrize("file", [marked(file) for file in FILES])
def test_a_conversation_keeps_its_promise(file: Path) -> None:
    case = read(file)
    host = Host(case)
    for number, turn in enumerate(case.turn, 1):
        try:
            host.play(turn)
        except AssertionError as error:
            where = f"{file.name}, turn {number} ({turn.say or turn.press or turn.send or turn.comes})"
            raise AssertionError(f"{where}: {error}\n\nThe answer was:\n{host.walker.text}") from error


def test_every_promise_is_kept_by_a_conversation() -> None:
    cases = [read(file) for file in FILES]
    assert {case.promise for case in cases} == set(get_args(Promise))
    assert len({case.title for case in cases}) == len(cases) >= 40


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("titel = 'x'", "titel"),
        ("title = 'x'\npromise = 'Arrival'\n[[turn]]\nsay = 'a'\npress = 'b'", "a turn does one thing"),
        ("title = 'x'\npromise = 'Riches'\nturn = []", "promise"),
        ("title = ", "Invalid value"),
    ],
)
def test_a_broken_conversation_says_what_to_mend(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(AssertionError, match=says) as caught:
        read(file)
    assert "mine.toml" in str(caught.value)


def test_a_conversation_that_breaks_its_promise_fails() -> None:
    case = Case(title="x", promise="Distress", start="question-so_far_like", turn=[])
    host = Host(case)
    with pytest.raises(AssertionError, match="does not say"):
        host.play(CaseTurn(say="They rang me back.", expect=["116 123"]))
    with pytest.raises(AssertionError, match="there is no button"):
        host.play(CaseTurn(press="Never mind"))
    with pytest.raises(AssertionError):
        host.play(CaseTurn(say="And they were kind.", kept=0))
