"""Review: stretches, positions, verdicts, the rule of two, and what a reviewer is asked to look at again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.deidentify import Placeholders
from analysis.desk import Book, DeskError, review_state
from analysis.desk.flags import find_flags
from analysis.desk.redact import Stretch, redact, settle
from analysis.desk.review import Review, require_people

TEXT = "Janet was kind. I live in Ambleford 🌱 now."
JANET, PLACE = Stretch(0, 5, "STAFF"), Stretch(26, 35, "PLACE")


def review(book: Book, who: str, text: str = TEXT) -> Review:
    return Review(book, who, "a1", text, [JANET])


def verdict(book: Book, text: str = TEXT) -> str:
    return review_state(book, "a1", text).verdict


def test_taking_out_leaving_in_and_approving(book: Book) -> None:
    ana = review(book, "ana")
    assert (ana.stretches, ana.state.verdict) == ((JANET,), "open")
    ana.take_out(PLACE)
    ana.leave_in(0, 5)
    assert ana.stretches == (PLACE,)
    ana.approve()
    state = review_state(book, "a1", TEXT)
    assert (state.may_leave, state.stretches, state.by) == (True, (PLACE,), ("ana",))


def test_a_verdict_holds_for_these_words_and_these_stretches_only(book: Book) -> None:
    ana = review(book, "ana")
    ana.approve()
    assert verdict(book) == "approved"
    assert verdict(book, TEXT + " And more.") == "open"
    assert review_state(book, "a1", TEXT + " And more.").changed
    review(book, "ben").take_out(PLACE)
    assert verdict(book) == "open"


def test_undo_takes_back_ones_own_last_step_only(book: Book) -> None:
    ana, ben = review(book, "ana"), review(book, "ben")
    assert not ana.undo()
    ana.take_out(PLACE)
    ana.approve()
    assert not ben.undo()
    assert ana.undo()
    assert (verdict(book), ana.stretches) == ("open", (JANET, PLACE))
    assert ana.undo()
    assert ana.stretches == (JANET,)
    assert not ana.undo()


def test_two_people_have_to_approve_the_same(book: Book) -> None:
    require_people(book, "ana", 2)
    ana, ben = review(book, "ana"), review(book, "ben")
    ana.approve()
    ana.approve()
    assert verdict(book) == "waiting"
    ben.take_out(PLACE)
    ben.approve()
    assert verdict(book) == "waiting", "Ana approved something else"
    ana.approve()
    assert verdict(book) == "approved"
    with pytest.raises(DeskError, match="1 or 2"):
        require_people(book, "ana", 3)


def test_raising_the_rule_opens_what_one_person_approved(book: Book) -> None:
    review(book, "ana").approve()
    require_people(book, "ana", 2)
    assert verdict(book) == "waiting"


def test_withheld_stays_until_somebody_approves(book: Book) -> None:
    ana = review(book, "ana")
    ana.approve()
    review(book, "ben").withhold("too easy to recognise")
    assert verdict(book) == "withheld"
    assert book.of("a1")[-1].note == "too easy to recognise"
    ana.take_out(PLACE)
    assert verdict(book) == "withheld"
    ana.approve()
    assert verdict(book) == "approved"


def test_what_cannot_be_is_refused(book: Book) -> None:
    ana = review(book, "ana")
    for start, end in ((3, 3), (-1, 2), (0, 99)):
        with pytest.raises(DeskError, match="outside the text"):
            ana.take_out(Stretch(start, end, "PLACE"))
    with pytest.raises(DeskError, match="nothing taken out"):
        ana.leave_in(1, 3)
    assert book.of("a1") == []


def test_a_voice_note_has_nothing_to_review(book: Book) -> None:
    assert review_state(book, "a1", "").may_leave


def test_a_new_stretch_swallows_what_it_touches() -> None:
    assert settle([JANET, PLACE], Stretch(3, 30, "ORG")) == (Stretch(0, 35, "ORG"),)
    assert settle([JANET], Stretch(5, 9, "ORG")) == (JANET, Stretch(5, 9, "ORG"))


edges = st.lists(st.integers(0, 40), min_size=2, max_size=8, unique=True).map(sorted)


@given(st.text(min_size=40, max_size=40), edges, st.integers(0, 39), st.integers(1, 40))
def test_positions_go_there_and_come_back(text: str, cuts: list[int], start: int, length: int) -> None:
    taken = [Stretch(a, b, "PLACE") for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    clean = redact(text, taken, Placeholders())
    end = min(40, start + length)
    there = clean.to_clean(start, end)
    assert 0 <= there[0] < there[1] <= len(clean.text)
    back = clean.to_original(*there)
    assert back[0] <= start < end <= back[1]
    inside = {each for stretch in taken for each in range(stretch.start, stretch.end)}
    if start not in inside and end - 1 not in inside:
        assert back == (start, end)
        outside = "".join(text[each] for each in range(start, end) if each not in inside)
        for each in clean.taken:
            placeholder = clean.text[each.clean_start : each.clean_end]
            assert placeholder.startswith("[PLACE_")
        shown = "".join(
            clean.text[each]
            for each in range(*there)
            if not any(taken.clean_start <= each < taken.clean_end for taken in clean.taken)
        )
        assert shown == outside


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        ("I am the only trans man in Ambleford.", ["the only"]),
        ("It was in the news when it happened", ["in the news"]),
        ("Everyone knows me round here.", ["Everyone knows"]),
        ("So: deaf, Somali, a teacher.", ["So: deaf, Somali, a teacher."]),
        ("They only listened once.", []),
        ("My nurse was kind and I am a teacher.", []),
        ("", []),
    ],
)  # fmt: skip
def test_what_may_point_at_one_person_is_pointed_out(text: str, flagged: list[str]) -> None:
    assert [text[each.start : each.end] for each in find_flags(text)] == flagged
