"""A person who walks through the engine, for tests: says, presses, and remembers what was said and done."""

from datetime import UTC, datetime, timedelta

from flows.engine import advance, begin
from flows.guide import Guide
from flows.library import load_guide
from flows.progress import Progress
from flows.turn import Effect, Heard, Opened, Pressed, Said, Say, Turn

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
GUIDE = load_guide("relational-practice").for_service("Riverside community team", None, 0)


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

    def hear(self, heard: Heard) -> Turn:
        self.now += timedelta(minutes=1)
        turn = advance(self.guide, self.progress, heard, self.now)
        self.progress = turn.progress
        self.says = turn.says
        self.effects += turn.effects
        self.last = turn.effects
        for say in turn.says:
            if say.buttons:
                self.offered = data_of(say)
        return turn

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
        verbs = [data.split(":")[0] for data in self.offered]
        return self.press(next(verb for verb in ("next", "yes", "done") if verb in verbs))


def data_of(say: Say) -> list[str]:
    return [button.data for row in say.buttons for button in row]


def _verb_and_argument(data: str) -> tuple[str, str]:
    verb, _, rest = data.partition(":")
    return verb, rest.partition(":")[2]
