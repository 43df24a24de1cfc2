"""What a guide asks about and how it opens: sub-themes, content notes, contacts, and phrases that can be read."""

from collections.abc import Iterable, Iterator
from datetime import date

from flows.contacts import NATIONS, Contacts
from flows.guide import FollowUp, Guide, Question, Topic
from flows.lint.finding import Finding, Level
from flows.lint.rulebook import Frameworks, Openings
from flows.lint.texts import file_of
from flows.phrases import read

#: Contacts that nobody has looked at for longer than this may ring nowhere.
CONTACTS_DAYS = 366
#: More than this many things asked at once, and people lose the first.
MOST_QUESTION_MARKS = 3


def _finding(place: str, rule: str, words: str, remedy: str, level: Level = "error") -> Finding:
    return Finding(level, file_of(place), place, rule, words, remedy)


def check_subthemes(guide: Guide, frameworks: Frameworks) -> Iterator[Finding]:
    """Each sub-theme of the framework is invited by a question, and no question invites one that does not exist."""
    known = frameworks.root.get(guide.framework)
    if known is None:
        words = f"“{guide.framework}” is not among {', '.join(sorted(frameworks.root))}, so it was not checked."
        yield _finding("framework", "framework", words, "Check them by hand, or correct the name.", "advice")
        return
    invited = set()
    for place, question in questions_of(guide):
        invited |= set(question.invites)
        for each in question.invites:
            if each not in known:
                words = f"“{each}” is not a sub-theme of {guide.framework}."
                yield _finding(f"{place}.invites", "unknown sub-theme", words, f"Use {_nearest(each, known)}.")
    for missing in sorted(set(known) - invited):
        words = f"no question invites “{missing}” ({known[missing]})."
        yield _finding(
            "topics", "sub-theme not invited", words, "Add it to the question that asks about it, or ask one."
        )


def _nearest(unknown: str, known: dict[str, str]) -> str:
    alike = [each for each in known if set(each.split("_")) & set(unknown.split("_"))]
    return " or ".join(f"“{each}”" for each in alike) or f"one of {', '.join(known)}"


def questions_of(guide: Guide) -> Iterator[tuple[str, Question | FollowUp]]:
    """Every question and follow-up with its place."""
    for topic in guide.topics:
        for question in topic.questions:
            place = f"topics.{topic.id}.questions.{question.id}"
            yield place, question
            yield from ((f"{place}.follow_ups.{each.id}", each) for each in question.follow_ups)


def check_openings(guide: Guide, openings: Openings) -> Iterator[Finding]:
    """A way out in the same breath as the way in; for a sensitive topic also a question, and no asking why."""
    for topic in guide.topics:
        place = f"topics.{topic.id}.opening"
        if not _has_any(topic.introduction, openings.way_out):
            words = f"the opening of “{topic.title}” names no way out."
            yield _finding(place, "opening", words, f"Say one of: {', '.join(openings.way_out)}.")
        yield from _sensitivity(topic, place, openings)


def _sensitivity(topic: Topic, place: str, openings: Openings) -> Iterator[Finding]:
    if not topic.sensitive:
        invites = {each for question in topic.questions for each in question.invites}
        for each in sorted(invites & set(openings.sensitive_subthemes)):
            words = f"“{topic.title}” invites “{each}” and is not marked as sensitive."
            yield _finding(
                f"topics.{topic.id}", "sensitive topic", words, "Add sensitive = true, or ask it elsewhere.", "advice"
            )
        return
    if topic.note is None:
        words = f"the sensitive topic “{topic.title}” has no content note."
        remedy = "Add note: what it may bring up, that nobody asks why, and the question whether to do this part."
        yield _finding(f"topics.{topic.id}.note", "content note", words, remedy)
    if not _has_any(topic.introduction, openings.sensitive_way_out):
        words = f"the opening of the sensitive topic “{topic.title}” does not say that nobody will ask why."
        yield _finding(place, "sensitive topic", words, f"Say one of: {', '.join(openings.sensitive_way_out)}.")
    if not topic.introduction.endswith("?"):
        words = f"the opening of the sensitive topic “{topic.title}” waits for a yes or no and asks nothing."
        yield _finding(place, "sensitive topic", words, "End it with the question whether to do this part.")


def _has_any(text: str, phrases: tuple[str, ...]) -> bool:
    return any(phrase.casefold() in text.casefold() for phrase in phrases)


def check_rounds(guide: Guide, known: Iterable[str]) -> Iterator[Finding]:
    """A later round has a guide, and its invitation says that nobody owes it."""
    later = guide.later_rounds
    if later is not None and later.guide not in known:
        words = f"“{later.guide}” is not among {', '.join(sorted(known))}."
        yield _finding("later_rounds.guide", "later rounds", words, "Correct the name, or put that guide beside them.")


def check_questions(guide: Guide) -> Iterator[Finding]:
    """One thing at a time."""
    for place, question in questions_of(guide):
        if question.text.count("?") > MOST_QUESTION_MARKS:
            words = f"it asks {question.text.count('?')} things at once."
            yield _finding(f"{place}.text", "one thing at a time", words, "Make the rest a follow-up.", "advice")


def check_contacts(contacts: Contacts, today: date) -> Iterator[Finding]:
    """Someone looked at each contact within a year, not on a day that has not come yet; and every nation has one."""
    days = [("contacts.checked", contacts.checked)]
    days += [(f"contacts.people.{each.name}.checked", each.checked) for each in contacts.people if each.checked]
    for place, day in days:
        yield from _check_day(place, day, today)
    named = {nation for each in contacts.people for nation in each.nations}
    for nation in NATIONS if named else ():
        if nation not in named:
            words = f"nobody is named for {nation.replace('_', ' ')}, and other nations have a line of their own."
            yield _finding("contacts.people", "contacts by nation", words, "Add who can be reached there.", "advice")


def _check_day(place: str, day: str, today: date) -> Iterator[Finding]:
    try:
        checked = date.fromisoformat(day)
    except ValueError:
        yield _finding(place, "no such day", f"{day} is no day of any calendar.", "Write it like 2026-03-01.")
        return
    if checked > today:
        remedy = "Write the day on which someone rang them."
        yield _finding(place, "contacts date", f"{day} has not come yet.", remedy)
    elif (today - checked).days > CONTACTS_DAYS:
        words = f"they were last checked on {day}, more than a year ago."
        yield _finding(place, "contacts date", words, "Ring or text each one, and write today's date.")


def check_patterns(guide: Guide) -> Iterator[Finding]:
    """The signs of distress are phrases that can be read."""
    groups = {term.name: term.words for term in guide.distress.terms}
    lists = [
        (f"distress.{group}.{number}.phrases", sign.phrases)
        for group in ("signs", "ordinary")
        for number, sign in enumerate(getattr(guide.distress, group), 1)
    ]
    past = guide.distress.past
    lists += [(f"distress.past.{name}", getattr(past, name)) for name in ("then", "now", "looking_back")]
    for place, phrases in lists:
        for number, phrase in enumerate(phrases, 1):
            try:
                read(phrase, groups)
            except ValueError as error:
                words = f"phrase {number} cannot be read: {error}."
                yield _finding(place, "pattern", words, "The top of the file says how phrases are written.")


def check_phrases(guide: Guide) -> Iterator[Finding]:
    """No phrase is two wishes at once: the bot would do the first and never the second."""
    seen: dict[str, str] = {}
    for wish, phrases in guide.commands.wishes():
        for phrase in (*phrases.sure, *phrases.maybe):
            if seen.setdefault(phrase, wish) != wish:
                words = f"“{phrase}” stands under {seen[phrase]} and under {wish}."
                yield _finding(f"commands.{wish}", "two wishes", words, "Leave it in one of them.")
