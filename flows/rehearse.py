"""Walking through a guide in the terminal: the real engine, no messenger, and nothing written anywhere.

Type words as the person would. A number presses the button with that number; /edit NEW WORDS changes the last message.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from flows.engine import advance, begin
from flows.guide import Guide
from flows.progress import Progress
from flows.turn import Button, Edited, Forget, ForgetEverything, Heard, Keep, Opened, Pressed, Said, Turn

EDIT = "/edit "


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

    def walk(self, lines: Iterator[str]) -> None:
        """Begin, and answer each line until there are no more."""
        self._console.print("Type words, or the number of a button. Ctrl+D ends. Nothing is kept.", style="dim")
        self._show(self._advance(Opened("REHEARSAL")))
        for line in lines:
            self._show(self._advance(self._heard(line)))

    def _heard(self, line: str) -> Heard:
        if line.strip().isdigit() and 0 < int(line) <= len(self._buttons):
            return Pressed(self._buttons[int(line) - 1].data)
        if line.startswith(EDIT):
            last = self._last
            return Edited(line.removeprefix(EDIT), last.question if last else None, last.part if last else 0)
        return Said(line)

    def _advance(self, heard: Heard) -> Turn:
        turn = advance(self._guide, self._progress, heard, self._clock())
        self._progress = turn.progress
        for effect in turn.effects:
            match effect:
                case Keep(kind="answer"):
                    self._last = effect
                case Forget() | ForgetEverything():
                    self._last = None
        return turn

    def _show(self, turn: Turn) -> None:
        for effect in turn.effects:
            self._console.print(f"  [{type(effect).__name__.lower()}]", style="dim", markup=False)
        for say in turn.says:
            self._console.print(Panel(Text(say.text), expand=False, width=min(76, self._console.width)))
            if say.buttons:
                self._buttons = [button for row in say.buttons for button in row]
        for number, button in enumerate(self._buttons, 1):
            self._console.print(f"  {number:>2}  {button.label}", markup=False, highlight=False)
