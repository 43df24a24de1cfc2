"""Telling people what a service answered: those who asked to hear it, once each.

Promises: nobody hears it who did not agree to, or took that back, also between the scheduling and the hour; never in
quiet hours, never while care is shown, and somebody in the middle of the conversation is left in peace for a day; one
tap ends it for good. What is told names no service and nothing that anybody said before the first empty line, because
that is what a locked phone shows.
"""

from datetime import timedelta

from flows.engine import rounds
from flows.engine.draft import Draft
from flows.engine.schedule import is_busy, schedule, without
from flows.progress import Progress
from flows.turn import Told

TIDINGS = "tidings"
#: The item of consent.
HEAR_BACK = "hear_back"
_LATER = timedelta(days=1)


def agreed(progress: Progress | None) -> bool:
    """Whether this person wants to hear back, from this session or an earlier one. A no holds for all of them."""
    while progress is not None:
        if progress.taking_part and progress.consent.get(HEAR_BACK, False):
            return True
        progress = progress.before
    return False


def wanted(draft: Draft, name: str) -> bool:
    return name.startswith(f"{TIDINGS}-") and agreed(draft.progress)


def hear_told(draft: Draft, told: Told) -> None:
    """Say it now, later, or not at all."""
    if not agreed(draft.progress):
        return
    if draft.guide.reminders.is_quiet(draft.now):
        schedule(draft, told.name, draft.now)
        return
    if is_busy(draft, told.name):
        schedule(draft, told.name, draft.now + _LATER)
        return
    draft.change(scheduled=without(draft, told.name))
    answer = told.messages.get(draft.progress.language) or told.messages.get("en") or next(iter(told.messages.values()))
    if told.link:
        answer = f"{answer}\n\n{draft.fill(draft.words.tidings_more, link=told.link)}"
    on_the_way = draft.progress.state in ("going", "paused")
    back = (draft.button(draft.labels.back, "back"),) if on_the_way else ()
    draft.say(
        draft.words.tidings,
        (draft.button(draft.labels.stop_telling, "choose", "never", step=TIDINGS),),
        (*back, draft.button(draft.labels.help, "help")),
        answer=answer,
    )


def answer(draft: Draft, verb: str, argument: str) -> bool:
    """The one tap that ends it, in all sessions."""
    if (verb, argument) != ("choose", "never") or not agreed(draft.progress):
        return False
    row = (draft.button(draft.labels.back, "back"), draft.button(draft.labels.help, "help"))
    if draft.progress.taking_part:
        rounds.set_consent(draft, HEAR_BACK, agrees=False)
    else:  # a later round to which nobody has agreed yet: what was agreed to before it is changed
        draft.change(consent={**draft.progress.consent, HEAR_BACK: False})
        rounds.let_no_hold_before(draft)
    draft.say(draft.words.tidings_stopped, row)
    return True
