"""Walking the engine through a guide, every button of every step, to see that nobody is ever left without a way out.

Two people who stand at the same step, in the same state and beside the same question, and who chose the same length are
taken for one; so the walk is short although the ways through a guide are beyond counting.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from flows.engine import advance, begin
from flows.guide import Guide, Topic
from flows.lint.content import questions_of
from flows.lint.finding import Finding
from flows.lint.rulebook import Limits
from flows.plan import Step, find, plan
from flows.progress import Progress
from flows.turn import Heard, Keep, Mark, Opened, Pressed, Said, Turn

#: The messenger takes messages of at most this many UTF-16 units, and buttons with at most this many bytes.
LONGEST_MESSAGE = 4096
LONGEST_BUTTON = 64

_LEFT = "left"
#: Too long to be taken for a wish.
_AN_ANSWER = "They rang me back on the day they had said, and it was the same person whom I knew from last time."
_DANGER = "I want to kill myself."
_WAYS_OUT = frozenset({"stop", "pause", "delete", "keep", "back", "resume"})
_SKIPPABLE = frozenset(
    {"eligibility", "consent", "company", "safe", "tidy", "path", "topic", "about", "question", "how_was_this"}
)

Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """One place of the walk, and the turn that led there."""

    place: Place
    turn: Turn

    @property
    def offered(self) -> tuple[str, ...]:
        """What the buttons of the newest message that has any will send."""
        says = [say for say in self.turn.says if say.buttons]
        return tuple(button.data for row in says[-1].buttons for button in row) if says else ()

    @property
    def step(self) -> str:
        return f"steps.{self.place[0]}"


@dataclass(frozen=True, slots=True)
class Walk:
    """`visits` has each place once; `turns` has every turn that was heard on the way."""

    visits: tuple[Visit, ...]
    turns: tuple[Visit, ...]
    edges: frozenset[tuple[Place, Place]]


def check_way(guide: Guide, today: date, limits: Limits) -> Iterator[Finding]:
    """Everything that a walk through the whole guide shows."""
    now = datetime.combine(today, time(12), UTC)
    walk = walk_through(guide, now)
    turned = (finding for visit in walk.turns for finding in check_turn(visit, guide, limits))
    yield from _each_once((*turned, *_contacts_everywhere(walk, guide, now)))
    yield from check_reach(walk, guide)
    yield from _check_ins(guide, now)


def _each_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The same words at many steps are one thing to mend: the first step is named."""
    first: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        first.setdefault((finding.rule, finding.words), finding)
    yield from first.values()


def walk_through(guide: Guide, now: datetime) -> Walk:
    """Press every button once in every place, and answer every question. Breadth first, from the arrival."""
    start = begin(guide, service="CHECK", session="check", code="CHEC-KCHE-CKCH-ECKC")
    first = _visit(guide, advance(guide, start, Opened("CHECK"), now))
    seen, queue, turns, edges = {first.place: first}, [first], [first], set[tuple[Place, Place]]()
    while queue:
        visit = queue.pop(0)
        for heard in _things_to_do(visit, guide):
            following = _visit(guide, advance(guide, visit.turn.progress, heard, now))
            edges.add((visit.place, following.place))
            turns.append(following)
            if following.place not in seen:
                seen[following.place] = following
                queue.append(following)
    return Walk(tuple(seen.values()), tuple(turns), frozenset(edges))


def _things_to_do(visit: Visit, guide: Guide) -> list[Heard]:
    progress = visit.turn.progress
    if progress is None:
        return []
    things: list[Heard] = [Pressed(data) for data in dict.fromkeys(visit.offered)]
    if progress.state == "going" and progress.aside is None:
        things += [Said(_AN_ANSWER), Said(_DANGER)]
        for phrases in (guide.commands.stop, guide.commands.done):
            things += [Said(phrase) for phrase in phrases.maybe[:1]]
    return things


def _visit(guide: Guide, turn: Turn) -> Visit:
    progress = turn.progress
    if progress is None:
        return Visit((_LEFT,), turn)
    steps = plan(guide, progress)
    place = find(steps, progress.at)
    answered = place is not None and steps[place].question in progress.answers
    aside = f"{progress.aside.kind} {progress.aside.command}" if progress.aside else ""
    agreed = "agreed" if progress.taking_part else ""
    return Visit(
        (progress.at, progress.state, aside, progress.path or "", "answered" if answered else "", agreed), turn
    )


def check_turn(visit: Visit, guide: Guide, limits: Limits) -> Iterator[Finding]:
    """A turn that can be sent, with a way out, a way to the contacts, and a way past what is asked. Before somebody
    agreed to take part, it keeps nothing."""
    if not visit.turn.says:
        yield _finding(
            visit.step, "answer", "something that people can do here gets no answer.", "Let it say something."
        )
    agreed = visit.turn.progress is not None and visit.turn.progress.taking_part
    if not agreed and any(isinstance(effect, Keep | Mark) for effect in visit.turn.effects):
        words = "something is kept or counted before anybody agreed to take part."
        yield _finding(visit.step, "kept before consent", words, "No way may lead past consent.")
    for say in visit.turn.says:
        if (length := len(say.text.encode("utf-16-le")) // 2) > LONGEST_MESSAGE:
            words = f"a message has {length} characters, and the messenger takes {LONGEST_MESSAGE}."
            yield _finding(visit.step, "message length", words, "Make the text shorter.")
        for button in (each for row in say.buttons for each in row):
            if len(button.label) > limits.label_characters:
                words = (
                    f"the button “{button.label}” has {len(button.label)} characters; {limits.label_characters} fit."
                )
                yield _finding(visit.step, "button length", words, "Make its text shorter.")
            if len(button.data.encode()) > LONGEST_BUTTON:
                words = f"the button “{button.label}” sends more than {LONGEST_BUTTON} bytes."
                yield _finding(visit.step, "button length", words, "Make the ids shorter.")
    verbs = {data.split(":", 1)[0] for data in visit.offered}
    progress = visit.turn.progress
    if visit.turn.says and not verbs & {"help", "back"}:
        words = "no button leads to people who can be reached."
        yield _finding(visit.step, "contacts", words, "Every message with buttons needs one for support.")
    if progress is None or not visit.turn.says:
        return
    if not verbs & _WAYS_OUT:
        yield _finding(visit.step, "way out", "there is no way to stop, pause or go back.", "Offer one.")
    asks = progress.state == "going" and progress.aside is None and "back" not in verbs
    if asks and "skip" not in verbs and _kind(guide, progress) in _SKIPPABLE:
        yield _finding(visit.step, "skip", "this cannot be skipped.", "Offer a button to skip it.")


def _kind(guide: Guide, progress: Progress) -> str:
    steps = plan(guide, progress)
    place = find(steps, progress.at)
    return "" if place is None else steps[place].kind


def _contacts_everywhere(walk: Walk, guide: Guide, now: datetime) -> Iterator[Finding]:
    """Whoever asks for help sees every contact, wherever they are."""
    for visit in walk.visits:
        turn = advance(guide, visit.turn.progress, Said("/help"), now)
        shown = "\n".join(say.text for say in turn.says)
        for contact in guide.contacts.people:
            if contact.reach not in shown:
                words = f"asking for help does not show {contact.name}."
                yield _finding(visit.step, "contacts", words, "Let the words of support have {contacts}.")


def check_reach(walk: Walk, guide: Guide) -> Iterator[Finding]:
    """Every question can be reached, and the end can be reached from everywhere."""
    at = {visit.place[0] for visit in walk.visits}
    wanted = [f"topic-{topic.id}" for topic in guide.topics]
    wanted += [f"question-{question.id}" for _, question in questions_of(guide)]
    for step in wanted:
        if step not in at:
            yield _finding(f"steps.{step}", "reach", "no way leads here.", "Check the topics and the short way.")
    if "how_was_this" not in at or "end" not in at:
        yield _finding("steps.end", "reach", "no way leads to the end.", "Check the topics and the short way.")
    ending = _places_that_end(walk)
    for step in sorted({visit.place[0] for visit in walk.visits if visit.place not in ending}):
        yield _finding(f"steps.{step}", "end", "no way leads from here to the end.", "Check what follows it.")


def _places_that_end(walk: Walk) -> set[Place]:
    before: dict[Place, set[Place]] = {}
    for start, finish in walk.edges:
        before.setdefault(finish, set()).add(start)
    found = {visit.place for visit in walk.visits if visit.place[0] in ("end", _LEFT)}
    queue = list(found)
    while queue:
        for start in before.get(queue.pop(), set()) - found:
            found.add(start)
            queue.append(start)
    return found


def _check_ins(guide: Guide, now: datetime) -> Iterator[Finding]:
    """A sensitive topic waits for its own yes, and ends with a check-in."""
    begun = begin(guide, service="CHECK", session="check", code="").model_copy(update={"agreed": now.date()})
    for path in ("full", "short"):
        for topic in (each for each in guide.topics if each.sensitive):
            there = begun.model_copy(update={"path": path, "at": f"topic-{topic.id}"})
            own = [step for step in plan(guide, there) if step.topic is not None and step.topic.id == topic.id]
            if own:
                yield from check_sensitive(topic, own, _visit(guide, advance(guide, there, Opened(), now)))


def check_sensitive(topic: Topic, steps: list[Step], opening: Visit) -> Iterator[Finding]:
    """The steps of one sensitive topic on one path, and the turn that opens it."""
    if steps[-1].kind != "check_in":
        words = f"“{topic.title}” is not followed by a check-in."
        yield _finding(f"topics.{topic.id}", "sensitive topic", words, "A sensitive topic ends with one.")
    verbs = {data.split(":", 1)[0] for data in opening.offered}
    if not {"yes", "no"} <= verbs or "next" in verbs:
        words = f"“{topic.title}” does not wait for a yes."
        yield _finding(f"topics.{topic.id}", "sensitive topic", words, "Let it ask for a yes or a no.")


def _finding(place: str, rule: str, words: str, remedy: str) -> Finding:
    return Finding("error", "guide.toml", place, rule, words, remedy)
