"""What somebody agreed to, item by item: decided once, seen again with all that is kept, and changed at any time."""

from datetime import timedelta

from flows.engine import rounds
from flows.engine.draft import Draft
from flows.engine.leaving import leave
from flows.engine.present import back_and_help, consent_lines, go_on, present, receipt_of
from flows.guide import ConsentItem
from flows.progress import Aside
from flows.turn import Agree, AskForCopy

#: Whoever asked for a copy and did not fetch it may ask again after this.
ASK_AGAIN = timedelta(days=60)


def decide(draft: Draft, item: ConsentItem, *, agrees: bool) -> None:
    """One item of consent, its own yes or no. After the last one: the receipt.

    Somebody who is asked again, because the information sheet has changed, and says no stops there: what they gave
    before was given under what they had read then.
    """
    if item.id == "take_part" and not agrees:
        leave(draft, draft.words.declined)
        return
    draft.change(consent={**draft.progress.consent, item.id: agrees})
    following = draft.step_after()
    if following is None or following.kind != "consent":
        wording = draft.guide.wording
        draft.change(agreed=draft.progress.agreed or draft.now.date(), wording=wording)
        draft.do(Agree(dict(draft.progress.consent), wording, draft.progress.session))
        rounds.let_no_hold_before(draft)
        draft.say(
            draft.words.receipt,
            items=consent_lines(draft),
            receipt=receipt_of(draft),
            day=draft.day(draft.now.date()),
            code=draft.progress.code,
        )
    if draft.progress.resume_at and draft.progress.wording == draft.guide.wording:
        draft.change(at=draft.progress.resume_at, resume_at="")
        present(draft)
    else:
        go_on(draft)


def my_data(draft: Draft, *, replace: bool = False) -> None:
    """What is kept, in counts and dates; the words cannot be opened here. Each consent item can be changed."""
    if not draft.progress.taking_part:
        earlier = draft.words.my_data_earlier if draft.progress.before else draft.words.my_data_before
        draft.say(earlier, back_and_help(draft), (draft.button(draft.labels.delete, "delete"),))
        return
    draft.change(aside=Aside(kind="mydata"))
    rows = [
        (draft.button(_turn_round(draft, item), "choose", item.id, step="mydata"),)
        for item in draft.guide.consent
        if item.id != "take_part"
    ]
    draft.say(
        draft.words.my_data,
        *rows,
        (draft.button(draft.labels.ask_copy, "yes", step="mydata"),),
        back_and_help(draft),
        (draft.button(draft.labels.delete, "delete"),),
        replace=replace,
        answers=sum(1 for given in draft.progress.answers.values() if given.parts),
        day=draft.day(draft.progress.agreed or draft.now.date()),
        items=consent_lines(draft),
        receipt=receipt_of(draft),
        until=draft.withdraw_until,
        code=draft.progress.code,
    )


def _turn_round(draft: Draft, item: ConsentItem) -> str:
    """What pressing does: the other answer than the one that stands now."""
    labels = draft.labels
    label = labels.change_to_no if draft.progress.consent.get(item.id) else labels.change_to_yes
    return draft.fill(label, item=item.short)


def change_consent(draft: Draft, item_id: str) -> None:
    """Turn one item of consent round. Taking part itself is ended by deleting, which asks first."""
    rounds.set_consent(draft, item_id, agrees=not draft.progress.consent.get(item_id, False))
    draft.say(draft.words.consent_changed)
    my_data(draft)


def ask_for_copy(draft: Draft) -> None:
    """A researcher makes it, with the key that is not here. Asking twice is one request."""
    day = draft.progress.copy_asked
    if day is None or draft.now.date() - day > ASK_AGAIN:
        day = None
        draft.do(AskForCopy())
        draft.change(copy_asked=draft.now.date())
    draft.change(aside=None)
    asked = draft.day(day or draft.now.date())
    draft.say(draft.words.copy_asked, back_and_help(draft), day=asked, code=draft.progress.code)
