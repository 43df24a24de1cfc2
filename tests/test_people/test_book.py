"""The desk's book: chained, for its owner only, without words, and emptied of whoever withdrew."""

import hashlib
import sqlite3
import stat
from pathlib import Path

import pytest

from analysis.desk import Book, DeskError
from storage.errors import BrokenChain
from storage.keys import ResearchKey
from tests.test_people.conftest import new_key

CANARY = "the heron by the frozen canal"


def fill(book: Book) -> None:
    book.write("ana", "coding.made", "a1", note=f"She says: {CANARY}.", text=book.text_code(CANARY), start=0)
    book.write("ben", "coding.made", "a1", start=4)
    book.write("ana", "review.approved", "a2", spans=[[0, 3, "STAFF"]])


def test_what_was_written_comes_back_in_order(book: Book) -> None:
    fill(book)
    assert [(each.seq, each.who, each.kind, each.subject) for each in book.everything()] == [
        (1, "ana", "coding.made", "a1"), (2, "ben", "coding.made", "a1"), (3, "ana", "review.approved", "a2"),
    ]  # fmt: skip
    assert book.of("a1")[0].note == f"She says: {CANARY}."
    assert book.subjects() == {"a1", "a2"}
    assert [each.seq for each in book.of_kind("review.approved", "nothing")] == [3]


def test_what_is_taken_back_stays_in_the_history(book: Book) -> None:
    fill(book)
    book.write("ben", "undone", "a1", undoes=2)
    assert [each.seq for each in book.of("a1")] == [1]
    assert [each.kind for each in book.everything()][-1] == "undone"
    assert len(list(book.everything())) == 4


def test_no_word_is_on_the_disk_and_short_texts_cannot_be_tried(book: Book, research_key: ResearchKey) -> None:
    fill(book)
    book.write("ana", "coding.made", "a3", text=book.text_code("yes"))
    raw = book.file.read_bytes()
    assert CANARY.encode() not in raw
    assert hashlib.sha256(b"yes").hexdigest().encode() not in raw
    assert book.text_code("yes") == Book.open(book.file, research_key.desk_key).text_code("yes")
    assert stat.S_IMODE(book.file.stat().st_mode) == 0o600
    assert CANARY not in repr(book.of("a1"))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ("UPDATE entry SET who = 'eve' WHERE seq = 2", "entry 2"),
        ("UPDATE entry SET detail = '{\"start\": 5}' WHERE seq = 2", "entry 2"),
        ("UPDATE entry SET subject = 'a9' WHERE seq = 1", "entry 1"),
        ("DELETE FROM entry WHERE seq = 2", "entry 2"),
        ("UPDATE entry SET sealed = NULL WHERE seq = 1", "entry 1"),
        ("UPDATE entry SET subject = NULL, detail = '{}', sealed = NULL WHERE seq = 2", "Entry 2"),
    ],
)
def test_the_first_entry_that_was_changed_is_named(book: Book, change: str, place: str) -> None:
    fill(book)
    with sqlite3.connect(book.file) as other:
        other.execute(change)
    with pytest.raises(BrokenChain, match=place):
        book.verify()


def test_a_cut_tail_is_seen_against_a_kept_head(book: Book) -> None:
    fill(book)
    head = book.verify()
    assert head.seq == 3
    with sqlite3.connect(book.file) as other:
        other.execute("DELETE FROM entry WHERE seq = 3")
    book.verify()
    with pytest.raises(BrokenChain, match="cut off"):
        book.verify(head)


def test_who_withdrew_is_emptied_and_the_chain_stays_whole(book: Book) -> None:
    fill(book)
    sealed = sqlite3.connect(book.file).execute("SELECT sealed FROM entry WHERE seq = 1").fetchone()[0]
    head = book.verify()
    assert book.forget("ana", {"a1"}) == 1
    assert book.verify(head).seq == 4
    assert book.subjects() == {"a2"}
    raw = book.file.read_bytes()
    assert sealed not in raw
    assert b"a1" not in raw.replace(b"sha1", b"")


def test_two_books_on_one_file_write_one_chain(book: Book, research_key: ResearchKey) -> None:
    other = Book.open(book.file, research_key.desk_key)
    for _ in range(5):
        book.write("ana", "one")
        other.write("ben", "two")
    assert other.verify().seq == 10


def test_files_that_are_no_desk_of_this_key_are_refused(book: Book, tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="another research key"):
        Book.open(book.file, new_key().desk_key)
    other = tmp_path / "other.db"
    other.write_text("not a database at all, only some text that is long enough to be taken for one")
    other.chmod(0o600)
    with pytest.raises(DeskError, match="not a desk"):
        Book.open(other, new_key().desk_key)
    other.chmod(0o644)
    with pytest.raises(DeskError, match="chmod 600"):
        Book.open(other, new_key().desk_key)
    with pytest.raises(DeskError, match="cannot be made"):
        Book.open(book.file / "below", new_key().desk_key)
    with sqlite3.connect(book.file) as connection:
        connection.execute("UPDATE about SET value = 2 WHERE name = 'format'")
    with pytest.raises(DeskError, match="newer version"):
        Book.open(book.file, new_key().desk_key)


def test_a_note_that_was_moved_does_not_open(book: Book) -> None:
    fill(book)
    with sqlite3.connect(book.file) as other:
        other.execute("UPDATE entry SET sealed = (SELECT sealed FROM entry WHERE seq = 1) WHERE seq = 3")
    with pytest.raises(BrokenChain, match="desk verify"):
        book.of("a2")
