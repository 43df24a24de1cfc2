"""Between the sealed answers and the reports: names are gone before anything is coded, and nothing piles up."""

from collections.abc import AsyncIterator, Iterable, Iterator

from analysis.masking import MaskByPerson
from analysis.model import Coded, Coder, Framework
from analysis.reading import BATCH, Reading, show_progress
from storage.records import Answer
from tests.test_reports.invented import FRAMEWORK, answer, stream


class Witness(Coder):
    """A coder that remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, tuple[str, ...]]] = []

    @property
    def framework(self) -> Framework:
        return FRAMEWORK

    def code_many(self, texts: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[Coded]:
        for text, invites in texts:
            self.shown.append((text, invites))
            yield Coded(codings=(), top=(text,))


def invite(guide: str, version: int, question: str) -> tuple[str, ...]:
    return (f"{guide} {version} {question}",)


async def test_the_coder_never_sees_a_name_and_is_told_what_the_question_invites() -> None:
    witness = Witness()
    said = [
        answer("p1", "My key worker Janet Blackwood listened."),
        answer("p1", "Dr Blackwood did not.", question="q2"),
    ]
    read = [each async for each in Reading(witness, MaskByPerson, invite).code(stream(said))]
    assert [each.answer for each in read] == said
    assert not any(name in text for text, _ in witness.shown for name in ("Janet", "Blackwood"))
    assert [invites for _, invites in witness.shown] == [
        ("relational-practice 1 helped",),
        ("relational-practice 1 q2",),
    ]
    assert all(sum(each.masked.taken_out.values()) == 1 for each in read)


async def test_answers_keep_their_order_and_their_own_coding_across_batches() -> None:
    said = [answer(f"p{n}", f"text {n % 7}" if n % 5 else " ") for n in range(2 * BATCH + 3)]
    read = [each async for each in show_progress(Reading(Witness(), MaskByPerson).code(stream(said)), "Read")]
    assert [each.answer for each in read] == said
    assert all(each.coded.top == ((each.masked.text,) if each.masked.text.strip() else ()) for each in read)


async def test_answers_are_taken_in_as_they_are_needed() -> None:
    taken = 0

    async def source() -> AsyncIterator[Answer]:
        nonlocal taken
        while True:
            taken += 1
            yield answer("p1", "without end")

    reading = Reading(Witness(), MaskByPerson).code(source())
    await anext(reading)
    assert taken == BATCH
    await reading.aclose()


def test_a_name_keeps_its_placeholder_with_one_person_and_is_forgotten_with_the_next() -> None:
    mask = MaskByPerson()
    texts = ["Nurse Okafor rang.", "Dr Patel was late, Nurse Okafor was not."]
    first = [mask(answer("p1", text)).text for text in texts]
    assert "[STAFF_1]" in first[0]
    assert "[STAFF_1] was not" in first[1]
    assert mask(answer("p2", "Dr Patel was late.")).text == "[STAFF_1] was late."
