"""Having something said later: when the quiet hours are over, under a name that the progress remembers."""

from datetime import datetime

from flows.engine.draft import Draft
from flows.turn import Schedule


def schedule(draft: Draft, name: str, moment: datetime) -> datetime:
    """Have something said at that moment, or when the quiet hours are over that it falls into."""
    due = draft.guide.reminders.not_before(moment)
    draft.change(scheduled=without(draft, name) | {name: due})
    draft.do(Schedule(name, due))
    return due


def without(draft: Draft, name: str) -> dict[str, datetime]:
    """What is scheduled beside this."""
    return {each: due for each, due in draft.progress.scheduled.items() if each != name}


def is_busy(draft: Draft, name: str) -> bool:
    """Whether this should wait for a day: the person is being shown care, or is in the middle of the conversation and
    has not been spared once already."""
    progress = draft.progress
    if progress.aside is not None and progress.aside.kind == "care":
        return True
    return progress.state == "going" and name not in progress.scheduled
