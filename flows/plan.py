"""The way through a guide for one person: the steps in order, given what they have chosen so far.

Step ids are stable (`question-helped_what`): they are in the progress of people who paused weeks ago, and in the
buttons of messages that they can still press.
"""

from dataclasses import dataclass
from typing import Literal

from flows.guide import Choice, ConsentItem, Eligibility, FollowUp, Guide, Page, Question, Topic
from flows.progress import Progress

Kind = Literal[
    "arrival", "page", "think", "eligibility", "consent", "company", "safe", "path", "topics",
    "tidy", "about_offer", "about", "topic", "question", "check_in", "how_was_this",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    id: str
    kind: Kind
    item: Page | Eligibility | ConsentItem | Choice | Topic | Question | FollowUp | None = None
    topic: Topic | None = None

    @property
    def question(self) -> str:
        """The name under which an answer to this step is kept."""
        if isinstance(self.item, Question | FollowUp):
            return self.item.id
        if isinstance(self.item, Choice) and self.kind in ("about", "how_was_this"):
            return f"{self.kind}_{self.item.id}"
        return ""

    @property
    def choice(self) -> str:
        """The name under which the option is kept that somebody picked on a scale, beside their words."""
        return f"choice_{self.question}"


def plan(guide: Guide, progress: Progress) -> tuple[Step, ...]:
    """All steps from the first word to the last, for somebody with these choices."""
    steps = [Step("arrival", "arrival")]
    steps += [Step(f"page-{page.id}", "page", page) for page in guide.information]
    if guide.time_to_think_hours:
        steps.append(Step("think", "think"))
    steps += [Step(f"eligible-{each.id}", "eligibility", each) for each in guide.eligibility]
    steps += [Step(f"consent-{item.id}", "consent", item) for item in guide.consent]
    steps += [
        Step("company", "company", guide.setup.company),
        Step("safe", "safe", guide.setup.safe),
        *([Step("tidy", "tidy")] if progress.tidy is None or progress.at == "tidy" else []),
        Step("path", "path", guide.setup.path),
        Step("topics", "topics"),
    ]
    if guide.about:
        steps.append(Step("about_offer", "about_offer"))
    if progress.about is not False:
        steps += [Step(f"about-{each.id}", "about", each) for each in guide.about]
    for topic in chosen_topics(guide, progress):
        steps += _topic_steps(topic, progress)
    steps.append(Step("how_was_this", "how_was_this", guide.ending.how_was_this))
    return tuple(steps)


def chosen_topics(guide: Guide, progress: Progress) -> tuple[Topic, ...]:
    """The topics that this person will meet, in their order. Topics that the guide no longer has are passed over."""
    by_id = {topic.id: topic for topic in guide.topics if _questions(topic, progress)}
    wanted = progress.topics or tuple(by_id)
    return tuple(by_id[each] for each in wanted if each in by_id)


def _topic_steps(topic: Topic, progress: Progress) -> list[Step]:
    steps = [Step(f"topic-{topic.id}", "topic", topic, topic)]
    if topic.id in progress.left_out:
        return steps
    for question in _questions(topic, progress):
        steps.append(Step(f"question-{question.id}", "question", question, topic))
        answered = question.id in progress.answers or f"choice_{question.id}" in progress.answers
        if answered and progress.path != "short":
            steps += [Step(f"question-{each.id}", "question", each, topic) for each in question.follow_ups]
    if topic.sensitive:
        steps.append(Step(f"check-{topic.id}", "check_in", None, topic))
    return steps


def _questions(topic: Topic, progress: Progress) -> tuple[Question, ...]:
    if progress.path == "short":
        return tuple(question for question in topic.questions if question.short)
    return topic.questions


def find(steps: tuple[Step, ...], step_id: str) -> int | None:
    """Where in the way a step is, or None where the guide no longer has it."""
    return next((place for place, step in enumerate(steps) if step.id == step_id), None)


def is_answering(step_id: str) -> bool:
    """Whether people tell something of themselves at this step."""
    return step_id.startswith(("question-", "about-")) or step_id == "how_was_this"


def question_texts(guide: Guide) -> dict[str, str]:
    """The words of every question, by the name under which its answer is kept."""
    everything = Progress(guide=guide.id, guide_version=guide.version, service="", session="", code="", path="full")
    asked = [question.id for topic in guide.topics for question in topic.questions]
    everything = everything.model_copy(update={"answers": dict.fromkeys(asked)})
    texts: dict[str, str] = {}
    for step in plan(guide, everything):
        if step.question and isinstance(step.item, Question | FollowUp | Choice):
            texts[step.question] = texts[step.choice] = step.item.text
    return texts
