"""What the bot says of its own accord: reminders that somebody asked for, and what is scheduled in general.

Promises: nothing is scheduled but what was asked for or agreed to, nothing comes in quiet hours (also where the host
was away and is late), and what is not wanted any more is taken back in the very turn in which that becomes so.
"""

import re
from datetime import datetime, timedelta

from flows.engine import copies, rounds, tidings
from flows.engine.draft import Draft, Row
from flows.engine.present import present, reminder_rows
from flows.engine.schedule import schedule, without
from flows.turn import Due, Unschedule

THINK, PAUSE = "think", "pause"

_CHOICE = re.compile(r"d(?P<soon>\d{1,3})|on(?P<day>\d{1,3})(?:_(?P<time>morning|afternoon|evening))?")


def hear_due(draft: Draft, due: Due) -> None:
    """The time of something scheduled has come. Where it is not wanted any more, or it is night, nothing is said."""
    if due.name not in draft.progress.scheduled:
        return
    if draft.guide.reminders.is_quiet(draft.now):
        schedule(draft, due.name, draft.now)
        return
    draft.change(scheduled=without(draft, due.name))
    if due.name == rounds.ROUND and rounds.wanted(draft):
        rounds.invite(draft)
    elif due.name == PAUSE and draft.progress.state == "paused":
        draft.say(draft.words.reminder_pause, (draft.button(draft.labels.resume, "resume"),), *_quietly(draft))
    elif due.name == THINK and _thinking(draft):
        draft.say(draft.words.reminder_think)
        present(draft)


def _quietly(draft: Draft) -> tuple[Row, ...]:
    return (*reminder_rows(draft), *draft.rights()[1:])


def settle(draft: Draft) -> None:
    """At the end of a turn: take back what is not wanted any more, and plan the next round for who agreed to one."""
    wanted = {
        PAUSE: draft.progress.state == "paused",
        THINK: _thinking(draft),
        rounds.ROUND: rounds.wanted(draft),
        copies.COPY: copies.wanted(draft),
    }
    for name in [each for each in draft.progress.scheduled if not wanted.get(each, tidings.wanted(draft, each))]:
        draft.change(scheduled=without(draft, name))
        draft.do(Unschedule(name))
    later = draft.guide.later_rounds
    if later is not None and wanted[rounds.ROUND] and rounds.ROUND not in draft.progress.scheduled:
        schedule(draft, rounds.ROUND, draft.now + timedelta(days=later.after_days))


def _thinking(draft: Draft) -> bool:
    return draft.progress.at == "think" and not draft.progress.taking_part


def choose(draft: Draft, verb: str, argument: str) -> bool:
    """A button about a reminder. False where nobody is asked about one just now."""
    reminders = draft.guide.reminders
    name = PAUSE if draft.progress.state == "paused" else THINK if _thinking(draft) else ""
    found = _CHOICE.fullmatch(argument)
    if not name:
        return False
    match verb, argument:
        case "keep", _:
            _no_reminder(draft, name)
        case "choose", "when":
            _ask_day(draft)
        case "choose", "over" if name == THINK:
            _set(draft, name, draft.now)
        case "choose", _ if found and found["soon"] and int(found["soon"]) in reminders.days:
            _set(draft, name, _about_now(draft, int(found["soon"])))
        case "choose", _ if found and found["day"] and int(found["day"]) in reminders.days:
            days = int(found["day"])
            if found["time"]:
                _set(
                    draft,
                    name,
                    draft.guide.reminders.at(draft.now, days, getattr(draft.guide.reminders, found["time"])),
                )
            else:
                _ask_time(draft, days)
        case _:
            return False
    return True


def _about_now(draft: Draft, days: int) -> datetime:
    """At this time of day, or in the morning of that day where this is a quiet hour."""
    reminders = draft.guide.reminders
    if reminders.is_quiet(draft.now):
        return reminders.at(draft.now, days, reminders.morning)
    local = reminders.local(draft.now)
    return reminders.at(draft.now, days, local.hour) + timedelta(minutes=local.minute)


def _set(draft: Draft, name: str, moment: datetime) -> None:
    """A reminder to decide never comes before the time to think is over."""
    due = schedule(draft, name, max(moment, draft.think_over) if name == THINK else moment)
    local = draft.guide.reminders.local(due)
    none = (draft.button(draft.labels.remind_none, "keep", step="remind"),)
    back = (draft.button(draft.labels.back, "back"), draft.button(draft.labels.help, "help"))
    draft.say(draft.words.remind_set, none, back, day=draft.day(local.date()), time=f"{local:%H:%M}")


def _no_reminder(draft: Draft, name: str) -> None:
    if name in draft.progress.scheduled:
        draft.change(scheduled=without(draft, name))
        draft.do(Unschedule(name))
    draft.say(
        draft.words.remind_off, (draft.button(draft.labels.back, "back"), draft.button(draft.labels.help, "help"))
    )


def _ask_day(draft: Draft) -> None:
    today = draft.guide.reminders.local(draft.now).date()
    rows = [
        (draft.button(draft.day(today + timedelta(days=days)), "choose", f"on{days}", step="remind"),)
        for days in draft.guide.reminders.days
    ]
    draft.say(draft.words.remind_day, *rows, *_none_and_help(draft))


def _ask_time(draft: Draft, days: int) -> None:
    labels = {"morning": draft.labels.morning, "afternoon": draft.labels.afternoon, "evening": draft.labels.evening}
    rows = [(draft.button(label, "choose", f"on{days}_{time}", step="remind"),) for time, label in labels.items()]
    draft.say(draft.words.remind_time, *rows, *_none_and_help(draft))


def _none_and_help(draft: Draft) -> tuple[Row, ...]:
    none = draft.button(draft.labels.remind_none, "keep", step="remind")
    return ((none,), (draft.button(draft.labels.back, "back"), draft.button(draft.labels.help, "help")))
