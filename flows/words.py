"""The sentences that every guide shares: what the bot says around the questions, and the names of its buttons.

They live in `flows/guides/shared/words.toml`. Each field is one whole text; `SLOTS` says which slots it may have, and
the loader refuses a slot that would never be filled, or one that is missing a text that people need to see.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from flows.slots import slots_of

Sentence = Annotated[str, StringConstraints(min_length=1, max_length=3500, strip_whitespace=True)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=20, strip_whitespace=True)]


class Shared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Buttons(Shared):
    """What a button does, said on the button."""

    next: Label
    begin: Label
    yes: Label
    no: Label
    done: Label
    skip: Label
    skip_page: Label
    skip_topic: Label
    rather_not: Label
    pause: Label
    resume: Label
    stop: Label
    help: Label
    delete: Label
    back: Label
    all_topics: Label
    topics_done: Label
    ask_about: Label
    skip_about: Label
    delete_all: Label
    delete_one: Label
    keep: Label
    maybe_yes: Label
    maybe_no: Label
    lighter: Label
    ground: Label
    carry_on: Label
    my_data: Label
    ask_copy: Label
    copy_yes: Label
    copy_later: Label
    copy_no: Label
    stop_telling: Label
    remind_think: Label
    remind_tomorrow: Label
    remind_week: Label
    remind_choose: Label
    remind_none: Label
    morning: Label
    afternoon: Label
    evening: Label
    agreed: Label
    not_agreed: Label
    change_to_yes: Label
    change_to_no: Label


class Calendar(Shared):
    """How a day is written."""

    days: tuple[Name, ...] = Field(min_length=7, max_length=7, description="Monday first.")
    months: tuple[Name, ...] = Field(min_length=12, max_length=12)
    form: Sentence


class Words(Shared):
    buttons: Buttons
    calendar: Calendar

    # Before and after taking part
    lobby: Sentence
    unknown_code: Sentence
    already_here: Sentence
    nothing_kept_exit: Sentence
    declined: Sentence

    # Consent
    think: Sentence
    think_not_yet: Sentence
    receipt: Sentence
    consent_needs_button: Sentence

    # Topics and answers
    kept_first: Sentence
    kept_more: Sentence
    kept_voice: Sentence
    edited: Sentence
    edited_unknown: Sentence
    answer_full: Sentence
    step_gone: Sentence
    guide_changed: Sentence
    consent_again: Sentence

    # What cannot be kept
    use_buttons: Sentence
    not_text: Sentence
    forwarded: Sentence
    empty: Sentence
    stale_button: Sentence

    # Rights
    support: Sentence
    help_options: Sentence
    paused: Sentence
    while_paused: Sentence
    welcome_back: Sentence
    stopped: Sentence
    stopped_before: Sentence
    after_end: Sentence
    after_stop: Sentence
    delete_sure: Sentence
    delete_nothing: Sentence
    delete_which: Sentence
    deleted_one: Sentence
    deleted_all: Sentence
    not_deleted: Sentence
    maybe_stop: Sentence
    maybe_pause: Sentence
    maybe_skip: Sentence
    maybe_delete: Sentence
    maybe_help: Sentence
    maybe_resume: Sentence
    maybe_mydata: Sentence
    maybe_privacy: Sentence
    maybe_language: Sentence
    maybe_done: Sentence
    maybe_other: Sentence
    maybe_kept: Sentence
    my_data: Sentence
    my_data_before: Sentence
    my_data_earlier: Sentence
    copy_asked: Sentence
    copy_came: Sentence
    copy_sending: Sentence
    copy_put_off: Sentence
    copy_dropped: Sentence
    copy_gone: Sentence
    consent_changed: Sentence

    # A withdrawal code
    code_sure: Sentence
    code_done: Sentence
    code_unknown: Sentence

    # Tidying the chat as we go
    tidy_offer: Sentence
    tidy_ask: Sentence
    tidy_on: Sentence
    tidy_off: Sentence
    tidied: Sentence

    # Language
    which_language: Sentence
    one_language: Sentence
    language_changes: Sentence
    languages: dict[Name, Label]
    nations: dict[Name, Label]

    # What the bot says of its own accord
    remind_day: Sentence
    remind_time: Sentence
    remind_set: Sentence
    remind_off: Sentence
    reminder_think: Sentence
    reminder_pause: Sentence
    round_begins: Sentence
    tidings: Sentence
    tidings_more: Sentence
    tidings_stopped: Sentence
    left_round: Sentence

    # Care
    care: Sentence
    lighter: Sentence
    no_lighter: Sentence

    # Ending, and what the bot says for itself
    withdrawal: Sentence
    could_not_save: Sentence
    group: Sentence
    about_bot: Sentence
    short_about_bot: Sentence
    commands: dict[Name, Sentence]

    @model_validator(mode="after")
    def _slots_are_filled(self) -> "Words":
        problems = []
        for name, text in self:
            if not isinstance(text, str):
                continue
            wanted = SLOTS.get(name, frozenset())
            used = slots_of(text)
            problems += [
                f"{name}: nothing fills the slot {{{slot}}} here; take it out" for slot in sorted(used - wanted)
            ]
            problems += [
                f"{name}: the slot {{{slot}}} is missing; people need it here" for slot in sorted(wanted - used)
            ]
        if slots_of(self.calendar.form) != {"day_name", "day", "month", "year"}:
            problems.append("calendar.form: it needs the slots {day_name}, {day}, {month} and {year}")
        if problems:
            raise ValueError("; ".join(problems))
        return self


#: Which slots each text must have. A text that is not named here has none.
SLOTS: dict[str, frozenset[str]] = {
    "already_here": frozenset({"service"}),
    "think": frozenset({"until"}),
    "think_not_yet": frozenset({"until"}),
    "delete_which": frozenset({"questions"}),
    "receipt": frozenset({"items", "receipt", "day", "code"}),
    "support": frozenset({"contacts", "checked"}),
    "welcome_back": frozenset({"where"}),
    "remind_set": frozenset({"day", "time"}),
    "tidy_ask": frozenset({"now"}),
    "copy_asked": frozenset({"day", "code"}),
    "copy_came": frozenset({"until"}),
    "tidings": frozenset({"service", "answer"}),
    "tidings_more": frozenset({"link"}),
    "my_data": frozenset({"answers", "day", "items", "receipt", "until", "code"}),
    "withdrawal": frozenset({"until", "code"}),
}
