"""How long what is kept about people stays, as rules that whoever answers for the study writes down.

The file (HEARTEN_RETENTION) is TOML; what it leaves out, and the whole of it where there is none, is as below:

    unfinished_days = 180       # a conversation of somebody who never agreed to take part, after its last day
    contact_days = 30           # a reminder that could not be delivered, after it was due
    copy_days = 14              # a copy of somebody's answers that was made for them and not fetched
    tidings_days = 60           # what a service answered, after it came: whoever was not told by then is not
    study_ends = 2027-06-30     # no default: without it, what people gave stays
    after_end_days = 30         # then all of it goes, everybody's key first, so that backups are reached too

Nothing of anybody who may still be active goes before the study ends: people who agreed to take part can go on, ask,
and withdraw in the chat for as long as it runs, and so can whoever waits for a reminder.
"""

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from storage.errors import SettingsError

__all__ = ["Cutoffs", "Rules", "read_rules"]


class Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    unfinished_days: int = Field(default=180, ge=30, le=3650)
    contact_days: int = Field(default=30, ge=2, le=3650)
    copy_days: int = Field(default=14, ge=1, le=90)
    tidings_days: int = Field(default=60, ge=7, le=366)
    study_ends: date | None = None
    after_end_days: int = Field(default=30, ge=0, le=3650)

    def cutoffs(self, today: date) -> "Cutoffs":
        is_over = self.study_ends is not None and today > self.study_ends + timedelta(days=self.after_end_days)
        return Cutoffs(
            unfinished_before=today - timedelta(days=self.unfinished_days),
            contact_before=today - timedelta(days=self.contact_days),
            today=today,
            is_over=is_over,
        )


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """What is due on a day: what was last touched before these days, and whether the study is over for good."""

    unfinished_before: date
    contact_before: date
    today: date
    is_over: bool


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def read_rules(path: Path | None) -> Rules:
    """The rules in the file, or those that hold without one. Raises SettingsError, which says how to mend it."""
    if path is None:
        return Rules()
    try:
        return Rules.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{path} (HEARTEN_RETENTION) is missing, cannot be read, or is not a text file.") from None
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError(f"{path} is not TOML: {str(problem)[0].lower()}{str(problem)[1:]}.") from None
    except ValidationError as problem:
        said = "; ".join(_say(".".join(map(str, each["loc"])), each["type"], each["msg"]) for each in problem.errors())
        raise SettingsError(f"{path} cannot be used: {said}.") from None


def _say(name: str, kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        known = ", ".join(Rules.model_fields)
        return f"{name} is no rule; those that there are: {known}"
    if name == "study_ends":
        return "study_ends is written as a day without quotation marks: study_ends = 2027-06-30"
    return f"{name}: {message[:1].lower()}{message[1:]}"
