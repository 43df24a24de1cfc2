"""What a person can always do: skip, pause, come back, stop, get help, see what is kept, and have it deleted."""

from collections.abc import Callable
from datetime import timedelta

from flows.contacts import Contact
from flows.engine import rounds, tidy
from flows.engine.draft import Draft, Row
from flows.engine.present import (
    after_rows,
    consent_lines,
    go_on,
    present,
    receipt_of,
    reminder_rows,
    say_how_to_withdraw,
)
from flows.guide import ConsentItem
from flows.phrasebook import Wish
from flows.plan import Step, question_texts
from flows.progress import Aside
from flows.turn import Agree, AskForCopy, ChangeLanguage, Forget, ForgetEverything, Mark

#: Buttons with numbers, side by side.
IN_A_ROW = 6
#: A list must fit in one message beside the sentence around it.
LONGEST_LIST = 3000
MORE_THAN_ONE = 2
#: Whoever asked for a copy and did not fetch it may ask again after this.
ASK_AGAIN = timedelta(days=60)


def skip(draft: Draft) -> None:
    """Pass over whatever is asked. Nobody asks why, and it is not asked again."""
    step = draft.step
    match step.kind if step else None:
        case "eligibility":
            leave(draft, draft.words.nothing_kept_exit)
        case "consent" if step and isinstance(step.item, ConsentItem):
            decide(draft, step.item, agrees=False)
        case "topic" if step and step.topic:
            draft.change(left_out=(*draft.progress.left_out, step.topic.id))
            go_on(draft)
        case "about_offer":
            draft.change(about=False)
            go_on(draft)
        case "question" | "about" | "how_was_this" if step:
            _skip_question(draft, step)
        case _:
            go_on(draft)


def _skip_question(draft: Draft, step: Step) -> None:
    if not draft.is_answered(step):
        draft.do(Mark(step.question, "skipped"))
        draft.change(skipped=(*draft.progress.skipped, step.question))
    go_on(draft)


def pause(draft: Draft) -> None:
    draft.change(state="paused", aside=None)
    resume = (draft.button(draft.labels.resume, "resume"),)
    stop = (draft.button(draft.labels.stop, "stop"), draft.button(draft.labels.help, "help"))
    delete = (draft.button(draft.labels.delete, "delete"),)
    draft.say(draft.words.paused, resume, *reminder_rows(draft), stop, delete)


def resume(draft: Draft) -> None:
    """Back to the same place, with a recap of where that is."""
    if draft.progress.state == "finished":
        draft.say(draft.words.after_end, *after_rows(draft))
        return
    away = draft.progress.state != "going"
    draft.change(state="going", aside=None)
    step = draft.step
    if away and step is not None and step.topic is not None:
        draft.say(draft.words.welcome_back, where=step.topic.title)
    present(draft)


def stop(draft: Draft) -> None:
    """End here, without a question why. Before consent nothing is remembered; after it, the answers so far are kept."""
    if draft.progress.state == "finished":
        draft.say(draft.words.after_end, *after_rows(draft))
        return
    if not draft.progress.taking_part:
        leave(draft, draft.words.stopped_before)
        return
    draft.change(state="stopped", aside=None)
    draft.say(draft.words.stopped)
    say_how_to_withdraw(draft)


def leave(draft: Draft, words: str) -> None:
    """Go before taking part: whatever was remembered is forgotten. Somebody who takes part already, and is asked again
    because something has changed, stops instead: only their own wish deletes what they said. Whoever leaves a later
    round keeps all that they gave before it."""
    if draft.progress.taking_part:
        stop(draft)
    elif draft.progress.before is not None:
        rounds.return_to_before(draft, draft.progress.before)
        ours = (draft.words.declined, draft.words.stopped_before, draft.words.nothing_kept_exit)
        draft.say(draft.words.left_round if words in ours else words, *after_rows(draft))
    else:
        _forget(draft, words)


def _forget(draft: Draft, words: str) -> None:
    """Without a trace."""
    draft.do(ForgetEverything())
    draft.forget_person()
    draft.say(words, (draft.button(draft.labels.help, "help", step="lobby"),))


def help_me(draft: Draft) -> None:
    """The contacts first, then what can be done here. The way waits."""
    say_support(draft)
    back = (draft.button(draft.labels.back, "back"),)
    data = (draft.button(draft.labels.my_data, "next", step="mydata"),)
    draft.say(draft.words.help_options, back, *draft.rights()[:2], (*data, *draft.rights()[2]))


def say_support(draft: Draft, *rows: Row) -> None:
    contacts = draft.guide.contacts
    lines = "\n".join(f"• {_who(draft, each)}: {each.reach} ({each.when})" for each in contacts.people)
    year, month, day = (int(part) for part in contacts.oldest_check.split("-"))
    checked = draft.day(draft.now.date().replace(year=year, month=month, day=day))
    draft.say(draft.words.support, *rows, contacts=lines, checked=checked)


def _who(draft: Draft, contact: Contact) -> str:
    """The name, with the nations where somebody elsewhere would not get through."""
    nations = [draft.words.nations.get(each, each) for each in contact.nations]
    everywhere = all(each.nations == contact.nations for each in draft.guide.contacts.people if each.nations)
    return contact.name if everywhere or not nations else f"{contact.name} ({', '.join(nations)})"


def privacy(draft: Draft) -> None:
    """The information sheet again, all of it."""
    pages = draft.guide.information
    for page in pages[:-1]:
        draft.say(f"{page.title}\n\n{page.text}")
    draft.say(f"{pages[-1].title}\n\n{pages[-1].text}", _back_and_help(draft))


def my_data(draft: Draft, *, replace: bool = False) -> None:
    """What is kept, in counts and dates; the words cannot be opened here. Each consent item can be changed."""
    if not draft.progress.taking_part:
        earlier = draft.words.my_data_earlier if draft.progress.before else draft.words.my_data_before
        draft.say(earlier, _back_and_help(draft), (draft.button(draft.labels.delete, "delete"),))
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
        _back_and_help(draft),
        (draft.button(draft.labels.delete, "delete"),),
        replace=replace,
        answers=sum(1 for given in draft.progress.answers.values() if given.parts),
        day=draft.day(draft.progress.agreed or draft.now.date()),
        items=consent_lines(draft),
        receipt=receipt_of(draft),
        until=draft.withdraw_until,
        code=draft.progress.code,
    )


def _back_and_help(draft: Draft) -> Row:
    return (draft.button(draft.labels.back, "back"), draft.button(draft.labels.help, "help"))


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


def ask_for_copy(draft: Draft) -> None:
    """A researcher makes it, with the key that is not here. Asking twice is one request."""
    day = draft.progress.copy_asked
    if day is None or draft.now.date() - day > ASK_AGAIN:
        day = None
        draft.do(AskForCopy())
        draft.change(copy_asked=draft.now.date())
    draft.change(aside=None)
    asked = draft.day(day or draft.now.date())
    draft.say(draft.words.copy_asked, _back_and_help(draft), day=asked, code=draft.progress.code)


def languages(draft: Draft) -> None:
    """Offer the languages that there are, each by its own name."""
    names = draft.words.languages
    others = [each for each in draft.guide.languages if each in names]
    if len(others) < MORE_THAN_ONE:
        draft.say(draft.words.one_language, _back_and_help(draft))
        return
    draft.change(aside=Aside(kind="language"))
    rows = [(draft.button(names[each], "choose", each, step="language"),) for each in others]
    draft.say(draft.words.which_language, *rows, _back_and_help(draft))


def speak(draft: Draft, language: str) -> bool:
    """Go on in that language, at the same place. False where the guide has no such translation."""
    if language not in draft.guide.languages:
        return False
    draft.change(language=language, aside=None)
    draft.do(ChangeLanguage(language))
    draft.say(draft.words.language_changes)
    return True


def ask_to_delete(draft: Draft) -> None:
    """The first of two taps. Nobody is asked why."""
    if not draft.progress.taking_part and draft.progress.before is None:
        leave(draft, draft.words.delete_nothing)
        return
    draft.change(aside=Aside(kind="sure"))
    labels = draft.labels
    one = (draft.button(labels.delete_one, "delete", "one", step="sure"),) if answered(draft) else ()
    draft.say(
        draft.words.delete_sure,
        (draft.button(labels.delete_all, "delete", "all", step="sure"),),
        one,
        (draft.button(labels.keep, "keep", step="sure"), draft.button(labels.help, "help")),
    )


def delete_everything(draft: Draft) -> None:
    _forget(draft, draft.words.deleted_all)


def ask_which(draft: Draft) -> None:
    """Which answer to delete: the questions that were answered, each with its number."""
    questions = answered(draft)
    draft.change(aside=Aside(kind="which"))
    numbers = [draft.button(str(number), "delete", each, step="which") for number, each in enumerate(questions, 1)]
    rows = [tuple(numbers[place : place + IN_A_ROW]) for place in range(0, len(numbers), IN_A_ROW)]
    texts = question_texts(draft.guide)
    listed = "\n".join(f"{number}. {texts.get(each, each)}" for number, each in enumerate(questions, 1))
    keep = (draft.button(draft.labels.keep, "keep", step="which"), draft.button(draft.labels.help, "help"))
    draft.say(draft.words.delete_which, *rows, keep, questions=listed[:LONGEST_LIST])


def delete_one(draft: Draft, question: str) -> bool:
    """Erase one answer, whole, and stay where the person is. False where there is no such answer."""
    if question not in answered(draft):
        return False
    draft.do(Forget(question))
    draft.do(Mark(question, "skipped"))
    answers = {each: given for each, given in draft.progress.answers.items() if each != question}
    draft.change(answers=answers, skipped=(*draft.progress.skipped, question), aside=None)
    draft.say(draft.words.deleted_one)
    back_to_the_way(draft)
    return True


def answered(draft: Draft) -> list[str]:
    """The questions of which something is kept, the oldest answer first."""
    return [question for question, given in draft.progress.answers.items() if given.parts]


def keep_everything(draft: Draft) -> None:
    draft.change(aside=None)
    draft.say(draft.words.not_deleted)
    back_to_the_way(draft)


def back_to_the_way(draft: Draft) -> None:
    """Where the person was: the present step, or the choices of a conversation that has ended or is paused."""
    draft.change(aside=None)
    match draft.progress.state:
        case "going":
            present(draft)
        case "paused":
            resume = (draft.button(draft.labels.resume, "resume"),)
            draft.say(draft.words.while_paused, resume, *reminder_rows(draft), *draft.rights()[1:])
        case "stopped":
            draft.say(draft.words.after_stop, *after_rows(draft))
        case "finished":
            draft.say(draft.words.after_end, *after_rows(draft))


#: What each wish does, said in words or pressed. `done`, `yes` and `no` mean something at some steps only.
RIGHTS: dict[Wish, Callable[[Draft], None]] = {
    "skip": skip,
    "pause": pause,
    "resume": resume,
    "stop": stop,
    "help": help_me,
    "delete": ask_to_delete,
    "mydata": my_data,
    "privacy": privacy,
    "language": languages,
    "tidy": tidy.ask,
}
