"""A turn while it is being made: what to say, what to have done, and the progress that follows."""

from datetime import date, datetime, timedelta

from flows.guide import Guide
from flows.plan import Step, find, plan
from flows.progress import Progress
from flows.turn import Button, Effect, Say, Turn

Row = tuple[Button, ...]


class Draft:
    """Collects one turn. It lives for one call of `advance` and is never shared."""

    def __init__(self, guide: Guide, progress: Progress, now: datetime) -> None:
        self.guide = guide
        self.words = guide.words
        self.labels = guide.words.buttons
        self.progress = progress
        self.now = now
        self._says: list[Say] = []
        self._effects: list[Effect] = []
        self._remember = True
        self.round_begins = False

    @property
    def remembers(self) -> bool:
        return self._remember

    def turn(self) -> Turn:
        return Turn(self.progress if self._remember else None, tuple(self._says), tuple(self._effects))

    def forget_person(self) -> None:
        """After this turn nothing is remembered of the person."""
        self._remember = False

    def change_to(self, progress: Progress) -> None:
        """Go on with another session of the same person."""
        self.progress = progress

    def change(self, **changes: object) -> None:
        self.progress = self.progress.model_copy(update=changes)

    def do(self, effect: Effect) -> None:
        self._effects.append(effect)

    def say(self, text: str, *rows: Row, replace: bool = False, **slots: object) -> None:
        self._says.append(Say(self.fill(text, **slots), tuple(row for row in rows if row), replace))

    def fill(self, text: str, **slots: object) -> str:
        minutes = self.guide.minutes[self.progress.path or "full"]
        shared = {"service": self.guide.service_name, "minutes": minutes, "withdraw_days": self.guide.withdraw_days}
        return text.format_map(shared | slots)

    # --- The way ----------------------------------------------------------------------------------------------

    @property
    def step(self) -> Step | None:
        """The step that the person is at, or None where the guide no longer has it."""
        steps = plan(self.guide, self.progress)
        place = find(steps, self.progress.at)
        return None if place is None else steps[place]

    def step_after(self) -> Step | None:
        """The step that follows, or None at the end. Where the present step is gone, the next one that remains."""
        steps = plan(self.guide, self.progress)
        place = find(steps, self.progress.at)
        if place is not None:
            return steps[place + 1] if place + 1 < len(steps) else None
        everything = plan(self.guide, _with_everything(self.guide, self.progress))
        place = find(everything, self.progress.at)
        if place is not None:
            return next((step for step in everything[place + 1 :] if find(steps, step.id) is not None), None)
        return next((step for step in steps if step.kind == "question" and not self.is_over(step)), None)

    def is_answered(self, step: Step) -> bool:
        return step.question in self.progress.answers or step.choice in self.progress.answers

    def is_over(self, step: Step) -> bool:
        return self.is_answered(step) or step.question in self.progress.skipped

    # --- Buttons and days -------------------------------------------------------------------------------------

    def button(self, label: str, verb: str, argument: str = "", step: str = "") -> Button:
        data = f"{verb}:{step or self.progress.at}"
        return Button(self.fill(label), f"{data}:{argument}" if argument else data)

    def rights(self, skip: str | None = None, *, pause: str = "", stop: str = "") -> tuple[Row, ...]:
        """The ways out that every message of the way carries. A step may have its own words for a pause and the end."""
        rest = self.button(pause or self.labels.pause, "pause")
        return (
            (self.button(skip, "skip"), rest) if skip else (rest,),
            (self.button(stop or self.labels.stop, "stop"), self.button(self.labels.help, "help")),
            (self.button(self.labels.delete, "delete"),),
        )

    def day(self, day: date) -> str:
        calendar = self.words.calendar
        return calendar.form.format(
            day_name=calendar.days[day.weekday()], day=day.day, month=calendar.months[day.month - 1], year=day.year
        )

    @property
    def withdraw_until(self) -> str:
        agreed = self.progress.agreed or self.now.date()
        return self.day(agreed + timedelta(days=self.guide.withdraw_days))

    @property
    def think_over(self) -> datetime:
        """The moment from which somebody may agree."""
        return (self.progress.read_at or self.now) + timedelta(hours=self.guide.time_to_think_hours)

    @property
    def think_until(self) -> str:
        return self.day(self.think_over.date())


def _with_everything(guide: Guide, progress: Progress) -> Progress:
    answered = dict.fromkeys((each.id for topic in guide.topics for each in topic.questions), None)
    return progress.model_copy(update={"path": "full", "left_out": (), "about": True, "answers": answered})
