"""What a person can always do: skip, pause, come back, stop, get help, see what is kept, and have it deleted."""

from collections.abc import Callable

from flows.contacts import Contact
from flows.engine import consent, deleting, leaving, tidy
from flows.engine.draft import Draft, Row
from flows.engine.present import after_rows, back_and_help, go_on, present, reminder_rows
from flows.guide import ConsentItem
from flows.phrasebook import Wish
from flows.plan import Step
from flows.progress import Aside
from flows.turn import ChangeLanguage, Mark

MORE_THAN_ONE = 2


def skip(draft: Draft) -> None:
    """Pass over whatever is asked. Nobody asks why, and it is not asked again."""
    step = draft.step
    match step.kind if step else None:
        case "eligibility":
            leaving.leave(draft, draft.words.nothing_kept_exit)
        case "consent" if step and isinstance(step.item, ConsentItem):
            consent.decide(draft, step.item, agrees=False)
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
    draft.say(f"{pages[-1].title}\n\n{pages[-1].text}", back_and_help(draft))


def languages(draft: Draft) -> None:
    """Offer the languages that there are, each by its own name."""
    names = draft.words.languages
    others = [each for each in draft.guide.languages if each in names]
    if len(others) < MORE_THAN_ONE:
        draft.say(draft.words.one_language, back_and_help(draft))
        return
    draft.change(aside=Aside(kind="language"))
    rows = [(draft.button(names[each], "choose", each, step="language"),) for each in others]
    draft.say(draft.words.which_language, *rows, back_and_help(draft))


def speak(draft: Draft, language: str) -> bool:
    """Go on in that language, at the same place. False where the guide has no such translation."""
    if language not in draft.guide.languages:
        return False
    draft.change(language=language, aside=None)
    draft.do(ChangeLanguage(language))
    draft.say(draft.words.language_changes)
    return True


#: What each wish does, said in words or pressed. `done`, `yes` and `no` mean something at some steps only.
RIGHTS: dict[Wish, Callable[[Draft], None]] = {
    "skip": skip,
    "pause": pause,
    "resume": resume,
    "stop": leaving.stop,
    "help": help_me,
    "delete": deleting.ask_to_delete,
    "mydata": consent.my_data,
    "privacy": privacy,
    "language": languages,
    "tidy": tidy.ask,
}
