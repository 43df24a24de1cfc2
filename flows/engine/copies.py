"""The copy of what somebody told us, once a researcher has made it: asked first, sent once, or deleted.

Promises: it never comes by itself, because somebody else may hold the phone; nobody is asked in quiet hours, nor while
care is shown; whoever does not want it has it deleted here, and may ask again.
"""

from datetime import timedelta

from flows.engine.draft import Draft, Row
from flows.engine.schedule import is_busy, schedule, without
from flows.turn import CopyCame, CopyWanted, DropCopy, SendCopy

COPY = "copy"
_LATER = timedelta(days=1)


def wanted(draft: Draft) -> bool:
    return draft.progress.copy_asked is not None


def hear_came(draft: Draft, came: CopyCame) -> None:
    """Ask whether now is a good time."""
    if not wanted(draft):
        draft.do(DropCopy())
        return
    if draft.guide.reminders.is_quiet(draft.now):
        schedule(draft, came.name, draft.now)
        return
    if is_busy(draft, came.name):
        schedule(draft, came.name, draft.now + _LATER)
        return
    draft.change(scheduled=without(draft, came.name))
    draft.say(
        draft.words.copy_came,
        (draft.button(draft.labels.copy_yes, "yes", step=COPY),),
        (draft.button(draft.labels.copy_later, "choose", "later", step=COPY),),
        (draft.button(draft.labels.copy_no, "no", step=COPY),),
        (draft.button(draft.labels.help, "help"),),
        until=draft.day(came.until),
    )


def hear_wanted(draft: Draft, pressed: CopyWanted) -> None:
    """It is a good time. Where the copy is gone, they may ask for another."""
    if pressed.here and wanted(draft):
        draft.do(SendCopy())
    draft.say(draft.words.copy_sending if pressed.here and wanted(draft) else draft.words.copy_gone, _row(draft))
    draft.change(copy_asked=None)


def answer(draft: Draft, verb: str, argument: str) -> bool:
    """The other two answers. False where no copy was asked for."""
    if not wanted(draft):
        return False
    match verb, argument:
        case "choose", "later":
            schedule(draft, COPY, draft.now + _LATER)
            draft.say(draft.words.copy_put_off, _row(draft))
        case "no", "":
            draft.do(DropCopy())
            draft.change(copy_asked=None)
            draft.say(draft.words.copy_dropped, _row(draft))
        case _:
            return False
    return True


def _row(draft: Draft) -> Row:
    return (draft.button(draft.labels.back, "back"), draft.button(draft.labels.help, "help"))
