"""A person who walks through the engine, for tests: says, presses, and remembers what was said and done.

The walker does for the engine what a host does: it begins later rounds, changes the guide, and lets the time come that
something was scheduled for.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from flows.engine import advance, begin
from flows.guide import Guide
from flows.library import load_guide
from flows.progress import Progress
from flows.turn import (
    ChangeLanguage,
    CopyCame,
    Due,
    Effect,
    ForgetEverything,
    Heard,
    Opened,
    Pressed,
    Said,
    Say,
    Schedule,
    StartRound,
    Told,
    Turn,
    Unschedule,
)

#: What a service answers, in two languages.
ANSWERS = {"en": "The phone is answered until 8 now.", "cy": "Mae rhywun yn ateb y ffôn tan 8 nawr."}
START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
GUIDE = load_guide("relational-practice").for_service("Riverside community team", None, 0)


@lru_cache
def guide_named(name: str) -> Guide:
    return load_guide(name).for_service("Riverside community team", None, 0)


class Walker:
    """`offered` are the buttons of the newest message that has any."""

    def __init__(self, guide: Guide = GUIDE) -> None:
        self.guide = guide
        self.now = START
        self.progress: Progress | None = begin(guide, service="RIVERSIDE", session="s1", code="AAAA-BBBB-CCCC-DDDD")
        self.offered: list[str] = []
        self.says: tuple[Say, ...] = ()
        self.effects: list[Effect] = []
        self.last: tuple[Effect, ...] = ()
        self.scheduled: dict[str, datetime] = {}
        self.sessions = 1
        #: The engine's answer to the last thing heard, without what the host carried on with.
        self.own_turn: Turn = Turn(None, ())

    def hear(self, heard: Heard) -> Turn:
        self.now += timedelta(minutes=1)
        return self._take_in(advance(self.guide, self.progress, heard, self.now))

    def due(self, name: str) -> Turn:
        """The time comes that this was scheduled for."""
        self.now = max(self.now, self.scheduled.pop(name))
        return self._take_in(advance(self.guide, self.progress, self.came(name), self.now))

    def comes(self, name: str) -> Turn:
        """What nobody here scheduled: something arrives from the researchers, and the host lets us hear it."""
        return self._take_in(advance(self.guide, self.progress, self.came(name), self.now))

    def came(self, name: str) -> Heard:
        """What the host lets the engine hear when this is due."""
        if name.startswith("tidings-"):
            return Told(name, ANSWERS, "https://riverside.example/answers")
        return CopyCame(name, (self.now + timedelta(days=14)).date()) if name == "copy" else Due(name)

    def _take_in(self, turn: Turn) -> Turn:
        self.own_turn = turn
        turn = self._carried_on(turn)
        for effect in turn.effects:
            match effect:
                case Schedule(name, due):
                    self.scheduled[name] = due
                case Unschedule(name):
                    self.scheduled.pop(name, None)
                case ForgetEverything():
                    self.scheduled.clear()
        self.progress = turn.progress
        if self.progress is not None and self.progress.guide != self.guide.id:
            self.guide = guide_named(self.progress.guide)
        self.says = turn.says
        self.effects += turn.effects
        self.last = turn.effects
        for say in turn.says:
            if say.buttons:
                self.offered = data_of(say)
        return turn

    def _carried_on(self, turn: Turn) -> Turn:
        """A later round begins, or another language: the next turn belongs to this one."""
        following = None
        for effect in turn.effects:
            match effect:
                case StartRound(name):
                    self.guide, self.sessions = guide_named(name), self.sessions + 1
                    code = f"{self.sessions:04}-BBBB-CCCC-DDDD"
                    following = begin(
                        self.guide, service="RIVERSIDE", session=f"s{self.sessions}", code=code, before=turn.progress
                    )
                case ChangeLanguage(language):
                    self.guide = self.guide.model_copy(update={"language": language})
                    following = turn.progress
        if following is None:
            return turn
        second = advance(self.guide, following, Opened(), self.now)
        return Turn(second.progress, turn.says + second.says, turn.effects + second.effects)

    def open(self) -> Turn:
        return self.hear(Opened("RIVERSIDE"))

    def hear_nothing(self) -> Turn:
        """Where the person is, put to them again."""
        return advance(self.guide, self.progress, Opened(), self.now)

    def say(self, text: str) -> Turn:
        return self.hear(Said(text))

    def press(self, verb: str, argument: str = "") -> Turn:
        """Press the offered button with that verb (and argument)."""
        matching = [data for data in self.offered if _verb_and_argument(data) == (verb, argument)]
        assert matching, f"no {verb}:{argument} among {self.offered}"
        return self.hear(Pressed(matching[0]))

    @property
    def at(self) -> str:
        return self.progress.at if self.progress else "lobby"

    @property
    def text(self) -> str:
        return "\n---\n".join(say.text for say in self.says)

    def to(self, step: str, *, topics: tuple[str, ...] = ()) -> "Walker":
        """Go the usual way until the step: agree to everything, skip what is asked."""
        self.open()
        for _ in range(200):
            if self.at.startswith(step):
                return self
            if self.at == "topics" and topics:
                for topic in topics:
                    self.press("choose", topic)
            self.usual()
        raise AssertionError(f"never came to {step}")

    def usual(self) -> Turn:
        kind = self.at.split("-")[0]
        if kind in ("question", "about"):
            return self.press("skip")
        if kind in ("company", "safe", "path", "how_was_this"):
            return self.hear(Pressed(next(data for data in self.offered if data.startswith("choose:"))))
        if kind == "tidy":
            return self.press("no")
        verbs = [data.split(":")[0] for data in self.offered]
        return self.press(next(verb for verb in ("next", "yes", "done") if verb in verbs))


def data_of(say: Say) -> list[str]:
    return [button.data for row in say.buttons for button in row]


def _verb_and_argument(data: str) -> tuple[str, str]:
    verb, _, rest = data.partition(":")
    return verb, rest.partition(":")[2]
