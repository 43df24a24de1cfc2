"""What the bot may say of its own accord, and when: reminders that somebody asked for, and invitations to later rounds.

Promises: nothing in here is sent to anybody who did not ask for it or agree to it, and nothing comes in quiet hours.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator

from flows.parts import Id, Label, Part, Text

#: Nobody knows so far ahead whether they would like a reminder.
FARTHEST_DAYS = 366


class Reminders(Part):
    """`quiet_from` and `quiet_until` are hours of the day where people live; nothing comes between them."""

    time_zone: str = "Europe/London"
    quiet_from: int = Field(default=20, ge=12, le=23)
    quiet_until: int = Field(default=9, ge=1, le=11)
    morning: int = 10
    afternoon: int = 14
    evening: int = 18
    days: tuple[int, ...] = Field(default=(1, 2, 3, 7, 14, 30), min_length=1, max_length=8)

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"{zone!r} is no time zone; write one such as Europe/London")
        return zone

    @field_validator("days")
    @classmethod
    def _are_ahead(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if list(days) != sorted(set(days)) or not 1 <= days[0] <= days[-1] <= FARTHEST_DAYS:
            raise ValueError("the days to choose from go from the nearest to the farthest, 1 to 366, each once")
        return days

    @model_validator(mode="after")
    def _nobody_is_woken(self) -> "Reminders":
        for name in ("morning", "afternoon", "evening"):
            if not self.quiet_until <= getattr(self, name) < self.quiet_from:
                raise ValueError(f"{name} lies in the quiet hours; choose an hour outside of them")
        return self

    def is_quiet(self, moment: datetime) -> bool:
        return not self.quiet_until <= self.local(moment).hour < self.quiet_from

    def local(self, moment: datetime) -> datetime:
        """The same moment as people's clocks show it."""
        return moment.astimezone(ZoneInfo(self.time_zone))

    def not_before(self, moment: datetime) -> datetime:
        """That moment, or the end of the quiet hours that it falls into. In the time zone that it came in."""
        local = self.local(moment)
        if not self.is_quiet(moment):
            return moment
        day = local.date() + timedelta(days=1 if local.hour >= self.quiet_from else 0)
        return datetime.combine(day, time(self.quiet_until), local.tzinfo).astimezone(moment.tzinfo)

    def at(self, now: datetime, days: int, hour: int) -> datetime:
        """That hour, so many days from today, as people's clocks show it."""
        local = self.local(now)
        day = local.date() + timedelta(days=days)
        return datetime.combine(day, time(hour), local.tzinfo).astimezone(now.tzinfo)


class LaterRounds(Part):
    """Later rounds: which guide, when, how often at most, and how people are invited.

    Only those are invited who came to the end and said yes to `consent_item`. `most` counts invitations, not answers.
    Each round asks for consent of its own.
    """

    guide: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    consent_item: Id = "contact"
    after_days: int = Field(ge=7, le=731, description="From the end of one round to the invitation to the next.")
    most: int = Field(ge=1, le=12)
    snooze_days: int = Field(default=14, ge=1, le=90)
    invitation: Text
    yes: Label
    snooze: Label
    no: Label
    stop_asking: Label
    snoozed: Text
    declined: Text
    stopped_asking: Text
