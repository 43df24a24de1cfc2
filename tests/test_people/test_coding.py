"""Coding by people: blind to each other, nothing overwritten, tied to words and codebook; then settled by a third."""

import pytest

from analysis.desk import Book, DeskError
from analysis.desk.adjudication import put_beside, settle_codings
from analysis.desk.codebook import editions, is_current, take_up
from analysis.desk.coding import Coding, Marked, coders_of
from tests.test_reports.invented import FRAMEWORK

TEXT = "They listened. I waited for months."
LISTENED, WAITED = Marked("t1s0", "help", 0, 14), Marked("t2s3", "harm", 15, 35)


def coder(book: Book, who: str, text: str = TEXT) -> Coding:
    return Coding(book, who, "a1", text, FRAMEWORK)


def standing(coding: Coding) -> list[tuple[str, str, str]]:
    return [(each.subtheme, each.origin, each.status) for each in coding.view.standing]


def test_adding_accepting_changing_rejecting(book: Book) -> None:
    ana = coder(book, "ana")
    ana.accept(LISTENED)
    ana.reject(WAITED)
    ana.change(WAITED.name, Marked("t2s3", "wish", 15, 35), "she wishes rather")
    ana.add(Marked("t0s0", "neither", 0, 4), "odd")
    assert standing(ana) == [
        ("t0s0", "person", "added"),
        ("t1s0", "machine", "accepted"),
        ("t2s3", "machine", "changed"),
    ]
    assert [each.memo for each in ana.view.standing] == ["odd", "", "she wishes rather"]
    assert set(ana.view.dealt_with()) == {LISTENED.name, WAITED.name}
    first = ana.view.standing[0]
    assert (first.who, first.framework_version, first.framework_sha256) == ("ana", FRAMEWORK.version, FRAMEWORK.sha256)
    ana.remove(first.id)
    assert len(standing(ana)) == 2


def test_undo_goes_back_step_by_step_and_keeps_the_history(book: Book) -> None:
    ana = coder(book, "ana")
    ana.accept(LISTENED)
    ana.reject(LISTENED)
    ana.finish()
    assert ana.view.finished
    assert ana.undo()
    assert (ana.view.finished, standing(ana)) == (False, [])
    assert ana.undo()
    assert standing(ana) == [("t1s0", "machine", "accepted")]
    assert ana.undo()
    assert not ana.undo()
    kinds = [each.kind for each in book.everything() if each.subject]
    assert kinds == ["coding.made", "coding.made", "coding.finished", "undone", "undone", "undone"]


def test_coders_are_blind_to_each_other(book: Book) -> None:
    ana, ben = coder(book, "ana"), coder(book, "ben")
    ana.add(LISTENED)
    ana.finish()
    assert ben.view.codings == ()
    assert not ben.undo()
    assert ana.view.finished
    with pytest.raises(DeskError, match="no such coding of yours"):
        ben.remove(ana.view.standing[0].id)


def test_a_coding_counts_for_the_words_that_it_was_made_for(book: Book) -> None:
    ana = coder(book, "ana")
    ana.add(LISTENED)
    ana.finish()
    after = coder(book, "ana", TEXT + " Edited.").view
    assert (after.codings, after.finished, after.stale) == ((), False, True)


def test_changing_after_finishing_is_unfinished_again(book: Book) -> None:
    ana = coder(book, "ana")
    ana.finish()
    ana.add(LISTENED)
    assert not ana.view.finished


def test_a_changed_codebook_needs_a_reason_and_old_codings_keep_their_version(book: Book) -> None:
    coder(book, "ana").add(LISTENED)
    newer = FRAMEWORK.model_copy(update={"version": 2, "sha256": "2" * 64})
    assert not is_current(book, newer)
    ana = Coding(book, "ana", "a1", TEXT, newer)
    with pytest.raises(DeskError, match="say why"):
        ana.add(WAITED)
    assert take_up(book, "ana", newer, "Listening and believing were one; now they are two.")
    assert not take_up(book, "ana", newer, "again")
    ana.add(WAITED)
    assert [each.framework_version for each in ana.view.standing] == [FRAMEWORK.version, 2]
    first, second = editions(book, FRAMEWORK.id)
    assert (first.reason, second.reason) == ("First used.", "Listening and believing were one; now they are two.")
    assert first.codes["t1s0"]


def test_what_cannot_be_is_refused(book: Book) -> None:
    ana = coder(book, "ana")
    for marked, sentence in (
        (Marked("nothing", "help", 0, 4), "no such sub-theme"),
        (Marked("t1s0", "better", 0, 4), "no such stance"),
        (Marked("t1s0", "help", 4, 4), "outside the text"),
        (Marked("t1s0", "help", 0, len(TEXT) + 1), "outside the text"),
    ):
        with pytest.raises(DeskError, match=sentence):
            ana.add(marked)
    assert list(book.everything()) == []


def beside(book: Book):  # type: ignore[no-untyped-def]
    return put_beside(book.of("a1"), book.text_code(TEXT), FRAMEWORK.id)


def test_two_codings_are_put_beside_each_other_and_settled(book: Book) -> None:
    ana, ben = coder(book, "ana"), coder(book, "ben")
    same = ana.add(LISTENED)
    ana.add(WAITED)
    ana.finish()
    with pytest.raises(DeskError, match="Two people"):
        settle_codings(book, "cat", answer="a1", text=TEXT, framework=FRAMEWORK.id, kept=[same])
    bens = ben.add(Marked("t1s0", "help", 5, 14))
    ben.finish()
    assert coders_of(book.of("a1"), book.text_code(TEXT), FRAMEWORK.id) == ("ana", "ben")
    both = beside(book)
    assert [(each.who, both.agrees(each)) for each in both.codings] == [("ana", True), ("ben", True), ("ana", False)]
    assert (both.ready, both.kept) == (True, None)
    settle_codings(book, "cat", answer="a1", text=TEXT, framework=FRAMEWORK.id, kept=[same])
    assert (beside(book).kept, beside(book).by) == ({same}, "cat")
    with pytest.raises(DeskError, match="changed something"):
        settle_codings(book, "cat", answer="a1", text=TEXT, framework=FRAMEWORK.id, kept=["ffff"])
    ben.remove(bens)
    ben.finish()
    assert beside(book).kept is None, "what was settled was something else"
