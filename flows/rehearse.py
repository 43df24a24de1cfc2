"""Walking through a guide in the terminal: the real engine, no messenger, and nothing written anywhere.

Type words as the person would. A number presses the button with that number; /edit NEW WORDS changes the last message;
/later lets the time come that something is scheduled for.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from flows.engine import advance, begin
from flows.guide import Guide
from flows.library import load_guide
from flows.progress import Progress
from flows.turn import (
    Button,
    ChangeLanguage,
    Due,
    Edited,
    Forget,
    ForgetEverything,
    Heard,
    Keep,
    Opened,
    Pressed,
    Said,
    Schedule,
    StartRound,
    Turn,
)

EDIT = "/edit "
LATER = "/later"


class Rehearsal:
    """One walk. `clock` gives the time of each turn."""

    def __init__(self, guide: Guide, clock: Callable[[], datetime], console: Console) -> None:
        self._guide = guide
        self._clock = clock
        self._console = console
        self._progress: Progress | None = begin(
            guide, service="REHEARSAL", session="rehearsal", code="REHE-ARSA-L000-0000"
        )
        self._buttons: list[Button] = []
        self._last: Keep | None = None
        self._ahead = timedelta()

    def walk(self, lines: Iterator[str]) -> None:
        """Begin, and answer each line until there are no more."""
        hint = (
            "Type words, or the number of a button. /later goes on to the next reminder. Ctrl+D ends. Nothing is kept."
        )
        self._console.print(hint, style="dim")
        self._show(self._advance(Opened("REHEARSAL")))
        for line in lines:
            if line.strip() == LATER and not (self._progress and self._progress.scheduled):
                self._console.print("  nothing is scheduled", style="dim")
                continue
            self._show(self._advance(self._heard(line)))

    def _heard(self, line: str) -> Heard:
        if line.strip().isdigit() and 0 < int(line) <= len(self._buttons):
            return Pressed(self._buttons[int(line) - 1].data)
        if line.strip() == LATER and self._progress is not None:
            name, due = min(self._progress.scheduled.items(), key=lambda each: each[1])
            self._ahead += max(due - self._now(), timedelta())
            return Due(name)
        if line.startswith(EDIT):
            last = self._last
            return Edited(line.removeprefix(EDIT), last.question if last else None, last.part if last else 0)
        return Said(line)

    def _advance(self, heard: Heard) -> Turn:
        turn = advance(self._guide, self._progress, heard, self._now())
        self._progress = turn.progress
        following = self._carry_on(turn)
        if following is not None:
            turn = Turn(following.progress, turn.says + following.says, turn.effects + following.effects)
            self._progress = turn.progress
        for effect in turn.effects:
            match effect:
                case Keep(kind="answer"):
                    self._last = effect
                case Forget() | ForgetEverything():
                    self._last = None
        return turn

    def _now(self) -> datetime:
        return self._clock() + self._ahead

    def _carry_on(self, turn: Turn) -> Turn | None:
        """A later round, or another language: the turn that the host would add."""
        for effect in turn.effects:
            match effect:
                case StartRound(name):
                    self._guide = load_guide(name)
                    begun = begin(
                        self._guide,
                        service="REHEARSAL",
                        session="later",
                        code="REHE-ARSA-L000-0001",
                        before=turn.progress,
                    )
                    return advance(self._guide, begun, Opened(), self._now())
                case ChangeLanguage(language):
                    self._guide = load_guide(self._guide.id, language=language)
                    return advance(self._guide, turn.progress, Opened(), self._now())
        return None

    def _show(self, turn: Turn) -> None:
        for effect in turn.effects:
            when = f" {effect.name} {effect.due:%Y-%m-%d %H:%M} UTC" if isinstance(effect, Schedule) else ""
            self._console.print(f"  [{type(effect).__name__.lower()}{when}]", style="dim", markup=False)
        for say in turn.says:
            self._console.print(Panel(Text(say.text), expand=False, width=min(76, self._console.width)))
            if say.buttons:
                self._buttons = [button for row in say.buttons for button in row]
        for number, button in enumerate(self._buttons, 1):
            self._console.print(f"  {number:>2}  {button.label}", markup=False, highlight=False)
