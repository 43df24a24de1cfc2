"""The guide: everything the bot can say and ask, as data that people without programming can read and change.

A guide is a folder of TOML files (see `flows/guides/`). This module says what may stand in them. `flows.library`
reads them and reports every error at once, with the file, the place, the rule and the remedy.

Promises: ids are stable names that go into records; texts are whole sentences with named slots such as `{service}`,
never glued together from pieces; a guide has a version, and a person stays on the version that they began with.
"""

import hashlib
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from flows.contacts import Contacts, Nation
from flows.later import LaterRounds, Reminders
from flows.parts import Id, Label, Part, Text
from flows.phrasebook import Commands
from flows.words import Words

Path = Literal["full", "short"]


class Page(Part):
    """One short page of the participant information sheet."""

    id: Id
    title: Label
    text: Text


class Eligibility(Part):
    """A yes-or-no question about who this is for. Any other answer than yes leads to a kind exit; nothing is kept."""

    id: Id
    text: Text
    exit: Text


class ConsentItem(Part):
    """One thing to agree to, with its own yes and no. Exactly one item, `take_part`, is needed."""

    id: Id
    text: Text
    yes: Label
    no: Label
    short: Label = Field(description="What it is called in the list of what somebody agreed to.")


class Option(Part):
    id: Id
    label: Label
    reply: Text | None = None


class Choice(Part):
    """A question with options. Every one can be skipped."""

    id: Id
    text: Text
    options: tuple[Option, ...] = Field(min_length=2, max_length=12)


class Setup(Part):
    """How the person wants this conversation to be. None of it leaves the conversation."""

    company: Choice
    safe: Choice = Field(description="The option with the id `later` pauses at once.")
    path: Choice = Field(description="Its options have the ids `full` and `short`.")
    topics: Text
    about: Text | None = Field(default=None, description="Offers the optional questions about the person.")


class FollowUp(Part):
    id: Id
    text: Text
    invites: tuple[Id, ...] = ()


class Question(Part):
    """An open question. `invites` names the sub-themes that it asks about: a hint for the analysis, never a label.

    With `options` it is a scale or a choice: one press answers it, and words are kept just as well.
    """

    id: Id
    text: Text
    invites: tuple[Id, ...] = Field(min_length=1)
    short: bool = Field(default=False, description="Whether the short path asks it too.")
    options: tuple[Option, ...] = Field(default=(), max_length=11)
    follow_ups: tuple[FollowUp, ...] = Field(default=(), max_length=3)


class Topic(Part):
    """`opening` says what the topic is about and how long it takes, `note` what it may bring up and how to get past it.

    A sensitive topic waits for its own yes, which its note asks for, and is followed by a check-in.
    """

    id: Id
    title: Label
    opening: Text
    note: Text | None = Field(default=None, description="The content note. Format 1 had it within the opening.")
    sensitive: bool = False
    questions: tuple[Question, ...] = Field(min_length=1)

    @property
    def introduction(self) -> str:
        """All that people read before they go into the topic."""
        return f"{self.opening}\n\n{self.note}" if self.note else self.opening


class Exercise(Part):
    id: Id
    title: Label
    text: Text


class CheckIn(Part):
    text: Text
    go_on: Label
    lighter: Label
    take_break: Label
    ground: Label
    stop: Label


class Ending(Part):
    how_was_this: Choice
    thanks: Text


class Sign(Part):
    """Words that may mean danger or distress now, as phrases (`flows.phrases`), with the reason why they are here."""

    why: str
    phrases: tuple[str, ...] = Field(min_length=1)


class Term(Part):
    """A name for a group of words, so that a phrase can say `<someone>`."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z_]+$")]
    why: str
    words: tuple[str, ...] = Field(min_length=1)


class Past(Part):
    """Words of time, words of now that end what they cover, and sentences that look back on what was told before."""

    why: str
    then: tuple[str, ...]
    now: tuple[str, ...]
    looking_back: tuple[str, ...]


class Bounds(Part):
    """How like the examples that call for care a message must be (`flows.likeness`), in hundredths.

    `alone` where no sign is heard. For a message of several pieces `each_doubling` is added whenever their number
    doubles: of many sentences, one is always a little like danger. Below `with_a_sign`, a sign is not believed.
    """

    why: str
    kinds: tuple[str, ...] = Field(description="Names of terms: words of one of them are alike to the examples.")
    alone: int
    each_doubling: int = Field(ge=0)
    with_a_sign: int


class Distress(Part):
    """`signs` call for care unless one of `ordinary` ('killing time'), or the past, covers the same words.

    With `likeness`, example sentences are listened to as well: either may hear what the other does not.
    """

    keywords: tuple[str, ...] = Field(description="Words that matter enough to be known with a slip of the finger.")
    small_words: tuple[str, ...] = Field(description="Words that are run together with these: 'idontwanttodie'.")
    spellings: dict[str, tuple[str, ...]] = Field(description="A word, or a few, and other ways to write it.")
    terms: tuple[Term, ...]
    likeness: Bounds | None = Field(default=None, description="Left out where the examples do not fit the language.")
    past: Past
    signs: tuple[Sign, ...]
    ordinary: tuple[Sign, ...]


class Guide(Part):
    """A whole guide, with the texts that all guides share."""

    format: Literal[2]
    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    version: int = Field(ge=1)
    title: Label
    language: Literal["en", "cy"]
    framework: Id
    minutes: dict[Path, int]
    withdraw_days: int = Field(ge=1, description="For how many days after consent answers can be withdrawn in full.")
    time_to_think_hours: int = Field(default=0, ge=0)
    arrival: Text
    information: tuple[Page, ...] = Field(min_length=1)
    eligibility: tuple[Eligibility, ...]
    consent: tuple[ConsentItem, ...] = Field(min_length=1)
    setup: Setup
    about: tuple[Choice, ...]
    topics: tuple[Topic, ...] = Field(min_length=1)
    check_in: CheckIn
    exercises: tuple[Exercise, ...] = Field(min_length=1)
    ending: Ending
    reminders: Reminders = Reminders()
    later_rounds: LaterRounds | None = None
    words: Words
    commands: Commands
    distress: Distress
    contacts: Contacts
    service_name: str = "your service"
    languages: tuple[str, ...] = Field(default=("en",), description="Filled in from the translations that there are.")

    @property
    def wording(self) -> str:
        """SHA-256 (hexadecimal) of exactly what people read before they agree: the consent receipt names it."""
        read = [f"{self.id} {self.language}"]
        read += [page.text for page in self.information]
        read += [f"{item.id}\n{item.text}\n{item.yes}\n{item.no}" for item in self.consent]
        return hashlib.sha256("\x00".join(read).encode()).hexdigest()

    def for_service(
        self, name: str, contacts: Contacts | None, time_to_think_hours: int | None, nation: Nation | None = None
    ) -> "Guide":
        """This guide as one service uses it: its name, its crisis contacts (its own, or those of its nation), its time
        to think."""
        changes: dict[str, object] = {"service_name": name}
        if contacts is not None:
            changes["contacts"] = contacts
        elif nation is not None:
            changes["contacts"] = self.contacts.in_nation(nation)
        if time_to_think_hours is not None:
            changes["time_to_think_hours"] = time_to_think_hours
        return self.model_copy(update=changes)

    @model_validator(mode="after")
    def _hangs_together(self) -> "Guide":
        problems = [*_repeated_ids(self), *_missing_parts(self)]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _repeated_ids(guide: Guide) -> list[str]:
    groups = {
        "information": [page.id for page in guide.information],
        "consent": [item.id for item in guide.consent],
        "eligibility": [each.id for each in guide.eligibility],
        "about": [each.id for each in guide.about],
        "topics": [topic.id for topic in guide.topics],
        "exercises": [each.id for each in guide.exercises],
        "questions": [question_id for topic in guide.topics for question_id in _question_ids(topic)],
    }
    return [
        f"{group}: the id {each!r} is used more than once; give each its own"
        for group, ids in groups.items()
        for each in sorted({each for each in ids if ids.count(each) > 1})
    ]


def _question_ids(topic: Topic) -> list[str]:
    return [each for question in topic.questions for each in (question.id, *(f.id for f in question.follow_ups))]


def _missing_parts(guide: Guide) -> list[str]:
    problems = []
    if "take_part" not in [item.id for item in guide.consent]:
        problems.append("consent: one item must have the id 'take_part'; without it nobody can agree to anything")
    if {option.id for option in guide.setup.path.options} != {"full", "short"}:
        problems.append("setup.path: the options must be 'full' and 'short', no others")
    if "later" not in {option.id for option in guide.setup.safe.options}:
        problems.append("setup.safe: one option must have the id 'later', so that people can leave and come back")
    if bool(guide.about) != bool(guide.setup.about):
        problems.append(
            "setup.about: the offer and the questions about the person need each other; add one, or drop both"
        )
    later = guide.later_rounds
    if later is not None and later.consent_item not in {item.id for item in guide.consent} - {"take_part"}:
        problems.append(
            f"later_rounds.consent_item: {later.consent_item!r} is no item of consent; name the one that is"
        )
    if not any(question.short for topic in guide.topics for question in topic.questions):
        problems.append("topics: at least one question must have short = true, or the short path asks nothing")
    return problems
