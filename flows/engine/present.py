"""Putting a step to the person: its words, its buttons, and always the ways out."""

from flows.engine.draft import Draft, Row
from flows.guide import Choice, ConsentItem, Eligibility, FollowUp, Page, Question, Topic
from flows.plan import Step, chosen_topics
from flows.turn import Mark


def go_on(draft: Draft) -> None:
    """Go to the next step and put it to the person; after the last one, end."""
    following = draft.step_after()
    if following is None:
        end(draft)
        return
    draft.change(at=following.id, aside=None, cared_at="")
    present(draft)


def present(draft: Draft) -> None:
    """Put the present step to the person, for the first time or again."""
    step = draft.step
    if step is None:
        draft.say(draft.words.step_gone)
        go_on(draft)
        return
    if step.kind == "question" and step.question not in draft.progress.answers:
        draft.do(Mark(step.question, "asked"))
    draft.say(_text(draft, step), *_rows(draft, step))


def end(draft: Draft) -> None:
    """The last words of a finished conversation."""
    draft.change(at="end", state="finished", aside=None)
    draft.say(draft.guide.ending.thanks)
    say_how_to_withdraw(draft)


def say_how_to_withdraw(draft: Draft) -> None:
    """The last thing that is said, also after a stop. Where the chat is cleared, what stays is told first, once."""
    if draft.progress.tidy and not draft.progress.tidied:
        draft.change(tidied=True)
        draft.say(draft.words.tidied)
    draft.say(
        draft.words.withdrawal,
        *after_rows(draft),
        until=draft.withdraw_until,
        code=draft.progress.code,
    )


def after_rows(draft: Draft) -> tuple[Row, ...]:
    """The buttons of a conversation that has come to its end, or was stopped."""
    resume = (draft.button(draft.labels.resume, "resume"),) if draft.progress.state != "finished" else ()
    return (
        resume,
        (draft.button(draft.labels.my_data, "next", step="mydata"), draft.button(draft.labels.help, "help")),
        (draft.button(draft.labels.delete, "delete"),),
    )


def consent_lines(draft: Draft) -> str:
    """One line for each item: what it is, and the yes or no that was given."""
    given = draft.progress.consent
    return "\n".join(
        f"• {item.short}: {draft.labels.agreed if given.get(item.id) else draft.labels.not_agreed}"
        for item in draft.guide.consent
    )


def receipt_of(draft: Draft) -> str:
    """The beginning of the wording's hash, in groups that can be read out. 64 bits tell versions apart."""
    start = draft.progress.wording[:16]
    return " ".join(start[place : place + 4] for place in range(0, len(start), 4))


def _text(draft: Draft, step: Step) -> str:
    setup = draft.guide.setup
    match step.item:
        case Page(title=title, text=text):
            return draft.fill(f"{title}\n\n{text}")
        case Topic(title=title) as topic:
            return draft.fill(f"{title}\n\n{topic.introduction}")
        case Choice(text=text) | ConsentItem(text=text) | Eligibility(text=text):
            return draft.fill(text)
        case Question(text=text) | FollowUp(text=text):
            return draft.fill(text)
    match step.kind:
        case "arrival":
            return draft.fill(draft.guide.arrival)
        case "think":
            return draft.fill(draft.words.think, until=draft.think_until)
        case "topics":
            return draft.fill(setup.topics)
        case "tidy":
            return draft.fill(draft.words.tidy_offer)
        case "about_offer":
            return draft.fill(setup.about or "")
    return draft.fill(draft.guide.check_in.text)


def _rows(draft: Draft, step: Step) -> tuple[Row, ...]:
    labels = draft.labels
    match step.kind:
        case "arrival":
            return ((draft.button(labels.begin, "next"),), *draft.rights())
        case "page":
            return ((draft.button(labels.next, "next"),), *draft.rights(labels.skip_page))
        case "think":
            over = draft.button(labels.remind_think, "choose", "over", step="remind")
            return ((draft.button(labels.next, "next"),), (over,), *reminder_rows(draft)[1:], *draft.rights())
        case "eligibility":
            return (_yes_no(draft, labels.yes, labels.no), *draft.rights(labels.rather_not))
        case "consent":
            return (*_consent_rows(draft, step), *draft.rights(labels.skip))
        case "topics":
            return (*topic_rows(draft), *draft.rights())
        case "tidy":
            return (_yes_no(draft, labels.yes, labels.no), *draft.rights(labels.skip))
        case "about_offer":
            return (_yes_no(draft, labels.ask_about, labels.skip_about), *draft.rights())
        case "topic":
            return (*_topic_opening_rows(draft, step), *draft.rights(labels.skip_topic))
        case "check_in":
            words = draft.guide.check_in
            return (*_check_in_rows(draft), *draft.rights(pause=words.take_break, stop=words.stop))
        case "question":
            done = (draft.button(labels.done, "done"),) if step.question in draft.progress.answers else ()
            return (*_option_rows(draft, step), done, *draft.rights(labels.skip))
    return (*_option_rows(draft, step), *draft.rights(labels.rather_not))


def reminder_rows(draft: Draft) -> tuple[Row, ...]:
    """Offers to remind. Nobody is reminded who does not press one of these."""
    labels = draft.labels
    soon = [
        draft.button(label, "choose", f"d{days}", step="remind")
        for days, label in ((1, labels.remind_tomorrow), (7, labels.remind_week))
        if days in draft.guide.reminders.days
    ]
    return tuple(soon), (draft.button(labels.remind_choose, "choose", "when", step="remind"),)


def _yes_no(draft: Draft, yes: str, no: str) -> Row:
    return (draft.button(yes, "yes"), draft.button(no, "no"))


def _consent_rows(draft: Draft, step: Step) -> tuple[Row, ...]:
    if not isinstance(step.item, ConsentItem):
        return ()
    return ((draft.button(step.item.yes, "yes"),), (draft.button(step.item.no, "no"),))


def _option_rows(draft: Draft, step: Step) -> tuple[Row, ...]:
    if not isinstance(step.item, Choice | Question):
        return ()
    return tuple((draft.button(option.label, "choose", option.id),) for option in step.item.options)


def _topic_opening_rows(draft: Draft, step: Step) -> tuple[Row, ...]:
    if step.topic is not None and step.topic.sensitive:
        return (_yes_no(draft, draft.labels.yes, draft.labels.no),)
    return ((draft.button(draft.labels.next, "next"),),)


def _check_in_rows(draft: Draft) -> tuple[Row, ...]:
    words = draft.guide.check_in
    return (
        (draft.button(words.go_on, "next"),),
        (draft.button(words.lighter, "choose", "lighter"),),
        (draft.button(words.ground, "choose", "ground"),),
    )


def topic_rows(draft: Draft) -> tuple[Row, ...]:
    """One button a topic; a chosen one carries its number in the order that the person wants."""
    chosen = draft.progress.topics or ()
    everything = chosen_topics(draft.guide, draft.progress.model_copy(update={"topics": None}))
    rows: list[Row] = []
    for topic in everything:
        label = f"{chosen.index(topic.id) + 1}. {topic.title}" if topic.id in chosen else topic.title
        rows.append((draft.button(label, "choose", topic.id),))
    done = draft.labels.topics_done if chosen else draft.labels.all_topics
    return (*rows, (draft.button(done, "done"),))


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


def back_and_help(draft: Draft) -> Row:
    return (draft.button(draft.labels.back, "back"), draft.button(draft.labels.help, "help"))
