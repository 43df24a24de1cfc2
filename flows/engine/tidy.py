"""Tidying the chat as we go, for who wants it: what was asked and answered goes from the chat once it is kept.

Promises: it is offered once, is off until somebody says yes, and can be switched at any time; nothing goes from the
chat before it is kept and the person has moved on; what cannot go is said once, with how to do it by hand.
"""

from flows.engine.draft import Draft
from flows.engine.present import go_on
from flows.plan import is_answering
from flows.progress import Aside, Progress
from flows.turn import Tidy

TIDY = "tidy"
_OVER = ("stopped", "finished")


def ask(draft: Draft) -> None:
    """The wish, in words or as a command: how it is now, and the choice."""
    draft.change(aside=Aside(kind="tidy"))
    labels = draft.labels
    now = labels.agreed if draft.progress.tidy else labels.not_agreed
    draft.say(
        draft.words.tidy_ask,
        (draft.button(labels.yes, "yes", step=TIDY), draft.button(labels.no, "no", step=TIDY)),
        (draft.button(labels.back, "back"), draft.button(labels.help, "help")),
        now=now,
    )


def choose(draft: Draft, *, on: bool) -> None:
    """The answer to it, whenever it was asked. The way goes on where it was."""
    draft.change(tidy=on, aside=None)
    at_setup = draft.progress.at == TIDY and draft.progress.state == "going"
    back = () if at_setup else (draft.button(draft.labels.back, "back"), draft.button(draft.labels.help, "help"))
    draft.say(draft.words.tidy_on if on else draft.words.tidy_off, back)
    if at_setup:
        go_on(draft)


def settle(draft: Draft, before: Progress) -> None:
    """At the end of a turn: whether it is time to clear the chat, and of what."""
    after = draft.progress
    if not (after.tidy and after.taking_part):
        return
    if after.state in _OVER:
        if before.state not in _OVER or not before.tidy:
            draft.do(Tidy(everything=True))
    elif is_answering(before.at) and (after.at != before.at or after.state != before.state == "going"):
        draft.do(Tidy(everything=False))
