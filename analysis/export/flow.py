"""The flow of participants: what the store knows of it, under names that say no more than it knows.

Who was invited, and who read the information and went away, is kept nowhere, so people have to fill that in. Who opened
the chat, agreed and withdrew is known of the whole study; who was asked, skipped, finished and gave answers, of what
this export is about.

Promise: no number, and no difference between two of them, is of fewer than k people (none at all is shown). The people
whose answers are in the export are counted in any case: whoever has the data can count them.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from analysis.anonymity import WITHHELD
from storage.records import Asked, Flow

#: Of whom a number is; None is what the system cannot know, `WITHHELD` what too few people make up.
Count = int | str | None


@dataclass
class Steps:
    """Gathers what became of questions. Holds the pseudonyms of the people who were asked."""

    outcomes: dict[str, int] = field(default_factory=lambda: {"asked": 0, "answered": 0, "skipped": 0})
    began: set[str] = field(default_factory=set)
    left_open: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)

    async def gather(self, asked: AsyncIterator[Asked]) -> None:
        async for each in asked:
            self.began.add(each.person)
            self.outcomes["asked"] += 1
            if each.outcome == "asked":
                self.left_open.add(each.person)
            else:
                self.outcomes[each.outcome] += 1
            if each.outcome == "skipped":
                self.skipped.add(each.person)

    def flow(self, gave_answers: int, whole: Flow | None, k: int) -> dict[str, Count]:
        """The numbers for the manifest, in the order of the drawing."""
        shown = _Shown(gave_answers, k)
        began = shown.show(len(self.began))
        finished = shown.show(len(self.began) - len(self.left_open))
        skipped = shown.show(len(self.skipped))
        withdrew = agreed = opened = None
        if whole is not None:
            withdrew = shown.show_withdrawn(whole.withdrew)
            agreed = shown.show(whole.agreed, with_withdrawn=True)
            opened = shown.show(whole.opened, with_withdrawn=True)
        return {
            "invited": None,
            "read_the_information": None,
            "declined": None,
            "opened": opened,
            "agreed": agreed,
            "began": began,
            "skipped_a_question": skipped,
            "finished": finished,
            "gave_answers": gave_answers,
            "withdrew": withdrew,
        }

    def questions(self, flow: dict[str, Count]) -> dict[str, Count]:
        """How many questions were asked, answered, skipped; without what would tell of too few people."""
        told: dict[str, Count] = dict(self.outcomes)
        if WITHHELD in {flow["skipped_a_question"], flow["began"], flow["finished"]}:
            told["asked"] = told["skipped"] = WITHHELD
        return told


class _Shown:
    """The numbers that are shown so far. Another one is shown where nothing that can be worked out from it and these
    is of one to k - 1 people."""

    def __init__(self, first: int, k: int) -> None:
        self._shown = [(first, False)]
        self._withdrawn = 0
        self._k = k

    def show(self, number: int, *, with_withdrawn: bool = False) -> Count:
        """`with_withdrawn`: whether those who withdrew later are among these people."""
        worked_out = {number, number - self._withdrawn if with_withdrawn else number}
        for other, others_with in self._shown:
            worked_out.add(number - other)
            if with_withdrawn and not others_with:
                worked_out.add(number - other - self._withdrawn)
        if any(self._is_of_few(each) for each in worked_out):
            return WITHHELD
        self._shown.append((number, with_withdrawn))
        return number

    def show_withdrawn(self, number: int) -> Count:
        if self._is_of_few(number):
            return WITHHELD
        self._withdrawn = number
        return number

    def _is_of_few(self, number: int) -> bool:
        return 0 < abs(number) < self._k
