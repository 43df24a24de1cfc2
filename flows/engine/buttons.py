"""What somebody presses at a step of the way, or says in words that mean the same button."""

from flows.engine import care, consent, leaving, rights, tidy
from flows.engine.draft import Draft
from flows.engine.present import go_on, present, topic_rows
from flows.guide import Choice, ConsentItem, Eligibility, Question
from flows.plan import Step
from flows.progress import Given
from flows.turn import Keep, Mark


def press(draft: Draft, verb: str, argument: str) -> bool:
    """A button of the present step. False where this step has no such button."""
    step = draft.step
    if step is None:
        present(draft)
        return True
    match step.kind, verb:
        case ("page" | "arrival" | "topic" | "check_in", "next"):
            _next(draft, step)
        case ("think", "next"):
            _after_thinking(draft)
        case ("eligibility", "yes" | "no"):
            _eligible(draft, step, verb)
        case ("consent", "yes" | "no") if isinstance(step.item, ConsentItem):
            consent.decide(draft, step.item, agrees=verb == "yes")
        case ("tidy", "yes" | "no"):
            tidy.choose(draft, on=verb == "yes")
        case ("about_offer", "yes" | "no"):
            draft.change(about=verb == "yes")
            go_on(draft)
        case ("topic", "yes"):
            go_on(draft)
        case ("topic", "no"):
            rights.skip(draft)
        case ("topics", "choose" | "done"):
            return _choose_topics(draft, verb, argument)
        case ("check_in", "choose"):
            return _check_in(draft, argument)
        case ("question", "done"):
            _done(draft, step)
        case ("question", "choose") if isinstance(step.item, Question):
            return _choose_on_scale(draft, step, step.item, argument)
        case (_, "choose") if isinstance(step.item, Choice):
            return _choose(draft, step, step.item, argument)
        case _:
            return False
    return True


def _next(draft: Draft, step: Step) -> None:
    last_page = draft.guide.information[-1].id
    if step.id == f"page-{last_page}" and draft.progress.read_at is None:
        draft.change(read_at=draft.now)
    go_on(draft)


def _after_thinking(draft: Draft) -> None:
    """The guide's time to think is a promise to the person, so it is not cut short by a tap."""
    read = draft.progress.read_at or draft.now
    if (draft.now - read).total_seconds() >= draft.guide.time_to_think_hours * 3600:
        go_on(draft)
        return
    draft.say(draft.words.think_not_yet, until=draft.think_until)
    present(draft)


def _eligible(draft: Draft, step: Step, verb: str) -> None:
    if verb == "yes":
        go_on(draft)
    elif isinstance(step.item, Eligibility):
        leaving.leave(draft, step.item.exit)


def _choose_topics(draft: Draft, verb: str, argument: str) -> bool:
    chosen = draft.progress.topics or ()
    if verb == "done":
        go_on(draft)
        return True
    if argument not in {topic.id for topic in draft.guide.topics}:
        return False
    turned = tuple(each for each in chosen if each != argument) if argument in chosen else (*chosen, argument)
    draft.change(topics=turned or None)
    draft.say(draft.guide.setup.topics, *topic_rows(draft), *draft.rights(), replace=True)
    return True


def _check_in(draft: Draft, argument: str) -> bool:
    if argument == "lighter":
        care.lighter(draft)
    elif argument == "ground":
        care.ground(draft)
    else:
        return False
    return True


def _done(draft: Draft, step: Step) -> None:
    """Done with nothing written is a skip: no words are needed."""
    if draft.is_answered(step):
        go_on(draft)
    else:
        rights.skip(draft)


def _choose_on_scale(draft: Draft, step: Step, question: Question, argument: str) -> bool:
    option = next((each for each in question.options if each.id == argument), None)
    if option is None:
        return False
    draft.do(Keep(step.choice, 1, "choice", option.id))
    draft.do(Mark(step.question, "answered"))
    draft.change(answers={**draft.progress.answers, step.choice: Given(last=1, parts=1)})
    if option.reply:
        draft.say(option.reply)
    go_on(draft)
    return True


def _choose(draft: Draft, step: Step, choice: Choice, argument: str) -> bool:
    option = next((each for each in choice.options if each.id == argument), None)
    if option is None:
        return False
    if step.question:
        draft.do(Keep(step.question, 1, "choice", option.id))
        draft.do(Mark(step.question, "answered"))
        draft.change(answers={**draft.progress.answers, step.question: Given(last=1, parts=1)})
    if step.kind == "path":
        draft.change(path=option.id)
    if option.reply:
        draft.say(option.reply)
    if step.kind == "safe" and option.id == "later":
        rights.pause(draft)
    else:
        go_on(draft)
    return True
