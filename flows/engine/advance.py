"""The way in: from one thing heard to one turn."""

from datetime import datetime

from flows.commands import understand
from flows.distress import may_need_care
from flows.engine import (
    by_code,
    care,
    consent,
    copies,
    deleting,
    leaving,
    reminders,
    rights,
    rounds,
    tidings,
    tidy,
)
from flows.engine.buttons import press
from flows.engine.draft import Draft
from flows.engine.listen import acknowledge, hear_words, keep, meant, not_meant
from flows.engine.present import back_to_the_way, present
from flows.guide import Guide
from flows.progress import Aside, Progress
from flows.turn import (
    Coded,
    CopyCame,
    CopyWanted,
    Due,
    Edited,
    Heard,
    Keep,
    Opened,
    Pressed,
    Said,
    Told,
    Turn,
    Unusable,
    Voiced,
)

#: Where somebody is who is not taking part: nothing is remembered of them.
LOBBY = "lobby"
#: The step that buttons about a reminder carry.
BESIDE_REMIND = "remind"

#: Buttons under what the bot said of its own accord: they work wherever the person is.
_BESIDE = {
    BESIDE_REMIND: reminders.choose,
    rounds.ROUND: rounds.answer,
    tidings.TIDINGS: tidings.answer,
    copies.COPY: copies.answer,
}


def begin(guide: Guide, *, service: str, session: str, code: str, before: Progress | None = None) -> Progress:
    """The progress of someone who has just arrived. `session` and `code` (for withdrawing) are the host's to draw.

    `before` is their earlier session, where this is a later round: they come back to it if they leave this one.
    """
    return Progress(
        guide=guide.id,
        guide_version=guide.version,
        language=guide.language,
        service=service,
        session=session,
        code=code,
        rounds=before.rounds if before else 0,
        scheduled=before.scheduled if before else {},
        copy_asked=before.copy_asked if before else None,
        tidy=before.tidy if before else None,
        before=before,
    )


def advance(guide: Guide, progress: Progress | None, heard: Heard, now: datetime) -> Turn:
    """The turn that answers what was heard. Total: every progress and everything heard has one; see the package."""
    if progress is None:
        return _in_the_lobby(guide, heard, now)
    draft = Draft(guide, progress, now)
    _hear(draft, heard)
    if draft.remembers:
        reminders.settle(draft)
        tidy.settle(draft, progress)
    return draft.turn()


def _hear(draft: Draft, heard: Heard) -> None:
    if isinstance(heard, Due):
        reminders.hear_due(draft, heard)
        return
    if isinstance(heard, Told):
        tidings.hear_told(draft, heard)
        return
    if isinstance(heard, CopyCame):
        copies.hear_came(draft, heard)
        return
    if isinstance(heard, CopyWanted):
        draft.change(aside=None)
        copies.hear_wanted(draft, heard)
        return
    if isinstance(heard, Coded):
        draft.change(aside=None)
        by_code.hear_code(draft, heard, in_lobby=False)
        return
    if draft.progress.guide_version != draft.guide.version and _move_to_this_version(draft, heard):
        return
    match heard:
        case Said(text):
            hear_words(draft, text)
        case Pressed(data):
            _hear_button(draft, data)
        case Voiced():
            _hear_voice(draft)
        case Edited():
            _hear_edit(draft, heard)
        case Opened():
            _hear_opening(draft, heard)
        case Unusable(forwarded):
            draft.say(draft.words.forwarded if forwarded else draft.words.not_text)


def _move_to_this_version(draft: Draft, heard: Heard) -> bool:
    """The version that somebody began with is no longer used: they are told and go on where they were.

    Where the information sheet has changed, consent is asked for again, and until then nothing is kept; rights are
    heard all the same. Returns whether that is the whole turn, because what was heard cannot be taken any further.
    """
    draft.change(guide_version=draft.guide.version)
    draft.say(draft.words.guide_changed)
    if draft.progress.taking_part and draft.progress.wording != draft.guide.wording:
        first = draft.guide.information[0].id
        state = "going" if draft.progress.state == "paused" else draft.progress.state
        draft.change(resume_at=draft.progress.at, at=f"page-{first}", aside=None, state=state)
        if draft.progress.state == "going" and not _is_a_right(draft, heard):
            draft.say(draft.words.consent_again)
            present(draft)
            return True
    elif draft.step is None and draft.progress.state == "going":
        present(draft)
        return True
    return False


def _is_a_right(draft: Draft, heard: Heard) -> bool:
    match heard:
        case Said(text):
            understood = understand(text, draft.guide.commands)
            return understood is not None and understood.sure and understood.wish in rights.RIGHTS
        case Pressed(data):
            return data.startswith("help:")
    return False


def _in_the_lobby(guide: Guide, heard: Heard, now: datetime) -> Turn:
    """Not taking part, or not any more: help is there all the same, and nothing is remembered."""
    nobody = Progress(guide=guide.id, guide_version=guide.version, service="", session="", code="", at=LOBBY)
    draft = Draft(guide, nobody, now)
    if isinstance(heard, Due | Told | CopyCame):
        draft.forget_person()
        return draft.turn()
    if isinstance(heard, Coded):
        by_code.hear_code(draft, heard, in_lobby=True)
    elif _calls_for_help(guide, heard):
        rights.say_support(draft)
    elif isinstance(heard, Opened) and not heard.known:
        draft.say(draft.words.unknown_code, (draft.button(draft.labels.help, "help"),))
    else:
        draft.say(draft.words.lobby, (draft.button(draft.labels.help, "help"),))
    draft.forget_person()
    return draft.turn()


def _calls_for_help(guide: Guide, heard: Heard) -> bool:
    match heard:
        case Pressed(data):
            return data.startswith("help:")
        case Said(text) | Edited(text=text):
            understood = understand(text, guide.commands)
            return may_need_care(text, guide.distress) or (understood is not None and understood.wish == "help")
    return False


def _hear_button(draft: Draft, data: str) -> None:
    """A button works at its own step only. Help is never too old: an earlier call for support is still one."""
    verb, _, rest = data.partition(":")
    step, _, argument = rest.partition(":")
    aside = draft.progress.aside
    if verb == "help":
        draft.change(aside=None)
        rights.help_me(draft)
    elif (verb, step) == ("keep", by_code.CODE):
        deleting.keep_everything(draft)
    elif (verb, step) == ("next", "mydata"):
        consent.my_data(draft)
    elif step in _BESIDE:
        if not _BESIDE[step](draft, verb, argument):
            draft.say(draft.words.stale_button)
    elif aside is not None and step == aside.kind and _press_beside(draft, aside, verb, argument):
        pass
    elif step != draft.progress.at or not _press_here(draft, verb, argument):  # a step may be named as an aside is
        draft.say(draft.words.stale_button)


def _press_beside(draft: Draft, aside: Aside, verb: str, argument: str) -> bool:
    match aside.kind, verb, argument:
        case "sure", "delete", "all":
            deleting.delete_everything(draft)
        case "sure", "delete", "one":
            deleting.ask_which(draft)
        case "which", "delete", question:
            return deleting.delete_one(draft, question)
        case "sure" | "which", "keep", _:
            deleting.keep_everything(draft)
        case "maybe", "yes", _:
            meant(draft, aside)
        case "maybe", "keep", _:
            not_meant(draft, aside)
        case "care", "next", _:
            back_to_the_way(draft)
        case "care", "choose", "lighter":
            care.lighter(draft)
        case "care", "choose", "ground":
            care.ground(draft)
        case "mydata", "yes", _:
            consent.ask_for_copy(draft)
        case "tidy", "yes" | "no", _:
            tidy.choose(draft, on=verb == "yes")
        case "language", "choose", language:
            return rights.speak(draft, language)
        case "mydata", "choose", item if item in {each.id for each in draft.guide.consent} - {"take_part"}:
            consent.change_consent(draft, item)
        case _:
            return False
    return True


def _press_here(draft: Draft, verb: str, argument: str) -> bool:
    over = draft.progress.state in ("stopped", "finished")
    draft.change(aside=None)
    match verb:
        case "delete":
            deleting.ask_to_delete(draft)
        case "resume":
            rights.resume(draft)
        case "stop":
            leaving.stop(draft)
        case "back":
            back_to_the_way(draft)
        case _ if over:
            back_to_the_way(draft)
        case "pause":
            rights.pause(draft)
        case "skip":
            draft.change(state="going")
            rights.skip(draft)
        case _:
            draft.change(state="going")
            return press(draft, verb, argument)
    return True


def _hear_voice(draft: Draft) -> None:
    draft.change(aside=None)
    step = draft.step
    if draft.progress.state in ("stopped", "finished"):
        back_to_the_way(draft)
        return
    draft.change(state="going")
    if step is None or step.kind != "question":
        draft.say(draft.words.use_buttons)
        present(draft)
    else:
        part = keep(draft, step, None)
        if part is not None:
            acknowledge(draft, part, voice=True)


def _hear_edit(draft: Draft, edited: Edited) -> None:
    """The new words take the place of the old ones, wherever the conversation has got to since."""
    try:
        owner = draft.progress.of_session(edited.session or draft.progress.session)
    except KeyError:
        owner = draft.progress
    if edited.question is None or not owner.taking_part or not edited.text.strip():
        draft.say(draft.words.edited_unknown)
        return
    session = "" if owner.session == draft.progress.session else owner.session
    draft.do(Keep(edited.question, edited.part, "answer", edited.text, session))
    if care.worth_care(draft, edited.text) and draft.progress.state == "going":
        care.show_care(draft)
    elif care.worth_care(draft, edited.text):
        rights.help_me(draft)
    else:
        draft.say(draft.words.edited)


def _hear_opening(draft: Draft, opened: Opened) -> None:
    """The link again, or the first time. Somebody who has begun stays where they are."""
    draft.change(aside=None)
    if not opened.known:
        draft.say(draft.words.unknown_code)
    if draft.progress.state != "going":
        rights.resume(draft)
        return
    if draft.progress.at != "arrival":
        draft.say(draft.words.already_here)
    present(draft)
