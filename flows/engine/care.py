"""Care: when words may mean danger or distress, and when someone would like a break, a lighter topic, or to steady.

Nothing in here is recorded. The way waits for as long as the person likes.
"""

from flows.distress import may_need_care
from flows.engine.draft import Draft, Row
from flows.engine.present import back_to_the_way, go_on, present
from flows.engine.rights import say_support
from flows.plan import chosen_topics, find, plan
from flows.progress import Aside


def worth_care(draft: Draft, text: str) -> bool:
    """Whether to show care now: once at each step, not at every mention."""
    return draft.progress.cared_at != draft.progress.at and may_need_care(text, draft.guide.distress)


def show_care(draft: Draft) -> None:
    """Acknowledge, contacts, choices. In that order, and nothing else."""
    draft.change(cared_at=draft.progress.at, aside=Aside(kind="care"))
    labels = draft.labels
    say_support(draft)
    draft.say(
        draft.words.care,
        (draft.button(labels.carry_on, "next", step="care"),),
        _lighter_row(draft),
        (draft.button(labels.ground, "choose", "ground", step="care"),),
        *draft.rights(),
    )


def _lighter_row(draft: Draft) -> Row:
    """Only within a topic: before that there is consent to come, which nothing leads past."""
    if not _within_a_topic(draft):
        return ()
    return (draft.button(draft.labels.lighter, "choose", "lighter", step="care"),)


def _within_a_topic(draft: Draft) -> bool:
    step = draft.step
    return step is not None and step.topic is not None and draft.progress.taking_part


def lighter(draft: Draft) -> None:
    """Go to the next topic that is not a sensitive one, leaving the rest of this one."""
    draft.change(aside=None)
    if not _within_a_topic(draft):
        back_to_the_way(draft)
        return
    step = draft.step
    topics = chosen_topics(draft.guide, draft.progress)
    here = next((place for place, each in enumerate(topics) if step and step.topic and each.id == step.topic.id), -1)
    ahead = topics[here + 1 :]
    light = next((topic for topic in ahead if not topic.sensitive), None)
    if light is None:
        draft.say(draft.words.no_lighter)
        _leave_topic(draft, len(topics) - 1)
        return
    order = [*topics[: here + 1], light, *(topic for topic in ahead if topic is not light)]
    draft.change(topics=tuple(topic.id for topic in order), at=f"topic-{light.id}", cared_at="")
    draft.say(draft.words.lighter)
    present(draft)


def _leave_topic(draft: Draft, last: int) -> None:
    """No lighter topic is left: what remains is the last step, or the step after the check-in."""
    steps = plan(draft.guide, draft.progress)
    ending = find(steps, "how_was_this")
    if ending is None or last < 0:
        go_on(draft)
        return
    draft.change(at="how_was_this", cared_at="")
    present(draft)


def ground(draft: Draft) -> None:
    """A short exercise; another one when asked again. Then back to where the person was."""
    exercises = draft.guide.exercises
    number = draft.progress.aside.part if draft.progress.aside and draft.progress.aside.kind == "care" else 0
    exercise = exercises[number % len(exercises)]
    draft.change(aside=Aside(kind="care", part=number + 1))
    draft.say(
        f"{exercise.title}\n\n{exercise.text}",
        (draft.button(draft.labels.carry_on, "next", step="care"),),
        _lighter_row(draft),
        (draft.button(draft.labels.ground, "choose", "ground", step="care"),) if len(exercises) > 1 else (),
        *draft.rights(),
    )
