"""Deleting what somebody gave: one answer or all of it, in two taps, and nobody is asked why."""

from flows.engine.draft import Draft
from flows.engine.leaving import forget, leave
from flows.engine.present import back_to_the_way
from flows.plan import question_texts
from flows.progress import Aside
from flows.turn import Forget, Mark

#: Buttons with numbers, side by side.
IN_A_ROW = 6
#: A list must fit in one message beside the sentence around it.
LONGEST_LIST = 3000


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
    forget(draft, draft.words.deleted_all)


def ask_which(draft: Draft) -> None:
    """Which answer to delete: the questions that were answered, each with its number."""
    questions = answered(draft)
    draft.change(aside=Aside(kind="which"))
    numbers = [draft.button(str(number), "delete", each, step="which") for number, each in enumerate(questions, 1)]
    rows = [tuple(numbers[place : place + IN_A_ROW]) for place in range(0, len(numbers), IN_A_ROW)]
    texts = question_texts(draft.guide)
    listed = "\n".join(f"{number}. {draft.fill(texts.get(each, each))}" for number, each in enumerate(questions, 1))
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
