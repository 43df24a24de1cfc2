"""Later rounds: inviting those who came to the end and agreed to be asked again, and beginning when they say yes.

A later round has consent of its own, asked again for every session: briefly, since people may feel otherwise by now. A
no there holds for everything that they ever told us; a yes holds for that session only. Whoever leaves a round before
agreeing goes back to where they were and loses nothing.
"""

from datetime import timedelta

from flows.engine.draft import Draft
from flows.progress import Progress
from flows.turn import Agree, Schedule, StartRound, Unschedule

ROUND = "round"


def wanted(draft: Draft) -> bool:
    """Whether this person is to be invited: they came to the end, said yes to it, and the cap is not reached."""
    later, progress = draft.guide.later_rounds, draft.progress
    if later is None or draft.round_begins or not (progress.taking_part and progress.state == "finished"):
        return False
    return progress.consent.get(later.consent_item, False) and progress.rounds < later.most


def invite(draft: Draft) -> None:
    later = draft.guide.later_rounds
    if later is None:
        return
    draft.change(rounds=draft.progress.rounds + 1, round_open=True)
    draft.say(
        later.invitation,
        (draft.button(later.yes, "yes", step=ROUND),),
        (draft.button(later.snooze, "choose", "snooze", step=ROUND),),
        (draft.button(later.no, "no", step=ROUND),),
        (draft.button(later.stop_asking, "choose", "never", step=ROUND),),
        (draft.button(draft.labels.my_data, "next", step="mydata"), draft.button(draft.labels.help, "help")),
    )


def answer(draft: Draft, verb: str, argument: str) -> bool:
    """What somebody says to an invitation. False where none is open."""
    later = draft.guide.later_rounds
    if later is None or not draft.progress.round_open or draft.progress.state != "finished":
        return False
    help_row = (draft.button(draft.labels.my_data, "next", step="mydata"), draft.button(draft.labels.help, "help"))
    match verb, argument:
        case "yes", _:
            _begin(draft, later.guide)
        case "no", _:
            draft.change(round_open=False)
            draft.say(later.declined, help_row)
        case "choose", "snooze":
            due = draft.guide.reminders.not_before(draft.now + timedelta(days=later.snooze_days))
            # The same invitation again: it does not count twice.
            draft.change(
                rounds=draft.progress.rounds - 1, round_open=False, scheduled=draft.progress.scheduled | {ROUND: due}
            )
            draft.do(Schedule(ROUND, due))
            draft.say(later.snoozed, help_row)
        case "choose", "never":
            draft.change(round_open=False)
            set_consent(draft, later.consent_item, agrees=False)
            draft.say(later.stopped_asking, help_row)
        case _:
            return False
    return True


def _begin(draft: Draft, guide: str) -> None:
    draft.round_begins = True
    scheduled = {name: due for name, due in draft.progress.scheduled.items() if name != ROUND}
    if ROUND in draft.progress.scheduled:
        draft.do(Unschedule(ROUND))
    draft.change(round_open=False, scheduled=scheduled)
    draft.do(StartRound(guide))
    draft.say(draft.words.round_begins)


def set_consent(draft: Draft, item: str, *, agrees: bool) -> None:
    """Change one item of what somebody agreed to. A no holds for every session before this one too."""
    items = {**draft.progress.consent, item: agrees}
    draft.change(consent=items)
    draft.do(Agree(items, draft.progress.wording, draft.progress.session))
    let_no_hold_before(draft)


def let_no_hold_before(draft: Draft) -> None:
    """What is a no in this session becomes one in all sessions before it."""
    refused = {item for item, given in draft.progress.consent.items() if not given} - {"take_part"}
    draft.change(before=_refused_before(draft, draft.progress.before, refused))


def _refused_before(draft: Draft, before: Progress | None, refused: set[str]) -> Progress | None:
    if before is None:
        return None
    items = {item: given and item not in refused for item, given in before.consent.items()}
    if items != before.consent:
        draft.do(Agree(items, before.wording, before.session))
    earlier = _refused_before(draft, before.before, refused)
    return before.model_copy(update={"consent": items, "before": earlier})


def return_to_before(draft: Draft, before: Progress) -> None:
    """Leave a later round to which nobody has agreed yet: everything is as it was before it."""
    now = draft.progress
    goes_on = {"language": now.language, "tidy": now.tidy, "scheduled": now.scheduled, "copy_asked": now.copy_asked}
    draft.change_to(before.model_copy(update={"rounds": now.rounds, **goes_on}))
