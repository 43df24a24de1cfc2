"""What somebody says at a step of the way: a wish, an answer, or words in answer to a question beside it."""

from flows.commands import Understood, understand
from flows.engine import care, deleting, rights, tidy
from flows.engine.buttons import press
from flows.engine.draft import Draft
from flows.engine.present import back_to_the_way, present
from flows.guide import Choice, Option
from flows.phrasebook import Wish
from flows.plan import Step
from flows.progress import Aside, Given
from flows.turn import Forget, Keep, Mark

#: A person can go on for as long as they like; this bounds one answer so that nobody can fill the disk.
MOST_PARTS = 400


def hear_words(draft: Draft, text: str) -> None:
    """Words: a wish, an answer, or something that cannot be kept here and is told so."""
    if not text.strip():
        draft.say(draft.words.empty)
        return
    understood = understand(text, draft.guide.commands)
    if draft.progress.aside is not None and _hear_beside(draft, draft.progress.aside, understood):
        return
    draft.change(aside=None)
    if draft.progress.state in ("stopped", "finished"):
        _hear_after(draft, text, understood)
        return
    if understood and understood.sure and _obey(draft, understood.wish):
        return
    step = draft.step
    if draft.progress.state == "paused":
        draft.change(state="going")
        if step is not None and step.topic is not None:
            draft.say(draft.words.welcome_back, where=step.topic.title)
    if step is None:
        present(draft)
    elif step.kind == "question":
        _hear_answer(draft, step, text, understood)
    else:
        _hear_elsewhere(draft, step, text, understood)


def _obey(draft: Draft, wish: Wish) -> bool:
    """Do what was wished. False where the wish means nothing here, so that the words are an answer after all."""
    if wish in rights.RIGHTS:
        if wish == "skip":
            draft.change(state="going")
        rights.RIGHTS[wish](draft)
        return True
    step = draft.step
    kind = step.kind if step else None
    verb = ""
    if wish == "done" and kind in ("question", "topics"):
        verb = "done"
    elif kind in ("eligibility", "consent", "tidy", "about_offer", "topic") and wish in ("yes", "no"):
        verb = wish
    elif kind in ("arrival", "page", "think", "check_in") and wish in ("yes", "done"):
        verb = "next"
    if not verb:
        return False
    draft.change(state="going")
    return press(draft, verb, "")


def _hear_answer(draft: Draft, step: Step, text: str, understood: Understood | None) -> None:
    """Keep the words first, whatever else they may mean."""
    part = keep(draft, step, text)
    if part is None:
        return
    if care.worth_care(draft, text):
        care.show_care(draft)
    elif understood and not understood.sure:
        _ask_what_was_meant(draft, understood.wish, part)
    else:
        acknowledge(draft, part)


def _hear_elsewhere(draft: Draft, step: Step, text: str, understood: Understood | None) -> None:
    if care.worth_care(draft, text):
        care.show_care(draft)
        return
    option = _option_named(step, text)
    if option is not None:
        press(draft, "choose", option.id)
        return
    if understood and not understood.sure:
        _ask_what_was_meant(draft, understood.wish, 0)
        return
    draft.say(draft.words.consent_needs_button if step.kind == "consent" else draft.words.use_buttons)
    present(draft)


def _hear_after(draft: Draft, text: str, understood: Understood | None) -> None:
    if understood and understood.sure and understood.wish in rights.RIGHTS and understood.wish not in ("skip", "pause"):
        rights.RIGHTS[understood.wish](draft)
    elif care.worth_care(draft, text):
        rights.help_me(draft)
    else:
        back_to_the_way(draft)


def keep(draft: Draft, step: Step, text: str | None) -> int | None:
    """Keep one message as a part of the answer; `None` is a voice note. Returns its number, None where it is full."""
    answers = dict(draft.progress.answers)
    given = answers.pop(step.question, Given(last=0, parts=0))
    if given.last >= MOST_PARTS:
        draft.say(draft.words.answer_full, (draft.button(draft.labels.done, "done"),), *draft.rights())
        return None
    part = given.last + 1
    answers[step.question] = Given(last=part, parts=given.parts + 1)
    skipped = tuple(each for each in draft.progress.skipped if each != step.question)
    draft.change(answers=answers, skipped=skipped)
    draft.do(Keep(step.question, part, "answer", text))
    draft.do(Mark(step.question, "answered"))
    return part


def acknowledge(draft: Draft, part: int, *, voice: bool = False) -> None:
    words = draft.words.kept_voice if voice else draft.words.kept_first if part == 1 else draft.words.kept_more
    draft.say(words, (draft.button(draft.labels.done, "done"),), *draft.rights(draft.labels.skip))


def _ask_what_was_meant(draft: Draft, wish: Wish, part: int) -> None:
    draft.change(aside=Aside(kind="maybe", command=wish, part=part))
    words = draft.words
    asks: dict[Wish, str] = {
        "stop": words.maybe_stop,
        "pause": words.maybe_pause,
        "skip": words.maybe_skip,
        "delete": words.maybe_delete,
        "help": words.maybe_help,
        "resume": words.maybe_resume,
        "mydata": words.maybe_mydata,
        "privacy": words.maybe_privacy,
        "language": words.maybe_language,
        "done": words.maybe_done,
    }
    draft.say(
        asks.get(wish, words.maybe_other),
        (draft.button(draft.labels.maybe_yes, "yes", wish, step="maybe"),),
        (draft.button(draft.labels.maybe_no, "keep", step="maybe"),),
        *draft.rights(),
    )


def _hear_beside(draft: Draft, aside: Aside, understood: Understood | None) -> bool:
    """Words in answer to a question beside the way. False where they were not meant for it."""
    wish = understood.wish if understood and understood.sure else None
    if aside.kind == "sure" and wish in ("yes", "delete"):
        deleting.delete_everything(draft)
    elif aside.kind == "sure" and wish == "no":
        deleting.keep_everything(draft)
    elif aside.kind == "tidy" and wish in ("yes", "no"):
        tidy.choose(draft, on=wish == "yes")
    elif aside.kind == "maybe" and wish in ("yes", aside.command):
        meant(draft, aside)
    elif aside.kind == "maybe" and wish == "no":
        not_meant(draft, aside)
    elif aside.kind == "care" and wish in ("yes", "done"):
        back_to_the_way(draft)
    else:
        return False
    return True


def meant(draft: Draft, aside: Aside) -> None:
    """The message was a wish: it is no longer a part of the answer."""
    draft.change(aside=None)
    step = draft.step
    if aside.part and step is not None and step.question in draft.progress.answers:
        given = draft.progress.answers[step.question]
        remaining = Given(last=given.last, parts=given.parts - 1)
        answers = dict(draft.progress.answers)
        answers[step.question] = remaining
        if not remaining.parts:
            del answers[step.question]
        draft.change(answers=answers)
        draft.do(Forget(step.question, aside.part))
    for wish, action in rights.RIGHTS.items():
        if wish == aside.command:
            action(draft)
            return
    if not press(draft, aside.command, ""):
        back_to_the_way(draft)


def not_meant(draft: Draft, aside: Aside) -> None:
    draft.change(aside=None)
    if aside.part:
        draft.say(draft.words.maybe_kept, (draft.button(draft.labels.done, "done"),), *draft.rights(draft.labels.skip))
    else:
        back_to_the_way(draft)


def _option_named(step: Step, text: str) -> Option | None:
    if not isinstance(step.item, Choice):
        return None
    said = text.strip().casefold()
    return next((each for each in step.item.options if said in (each.id, each.label.casefold())), None)
