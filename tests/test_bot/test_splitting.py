"""A long text is cut where a reader would pause, and nothing of it is lost."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bot.sending.letter import letters_of
from bot.sending.splitting import pieces, units
from flows.turn import Button, Say

TEXTS = st.text(st.sampled_from('ab .,!?\n"’é\u0301\u200d😀🏽👩'), max_size=400)


def without_space(text: str) -> str:
    return "".join(text.split())


@given(TEXTS, st.integers(10, 60))
def test_no_piece_is_too_long_or_empty_and_nothing_but_space_is_lost(text: str, limit: int) -> None:
    parts = list(pieces(text, limit))
    assert all(0 < units(part) <= limit and part == part.strip() for part in parts)
    assert without_space("".join(parts)) == without_space(text)


@given(st.text(st.sampled_from("abc d\n"), max_size=400))
def test_no_word_is_cut_that_fits_into_a_message(text: str) -> None:
    words = [word for word in text.split() if len(word) <= 20]
    found = [word for part in pieces(text, 40) for word in part.split()]
    assert all(found.count(word) >= words.count(word) for word in words)


def test_it_is_cut_at_the_best_place() -> None:
    paragraphs = "First thing. It is short.\n\nSecond thing. It is short too.\n\nThird."
    assert list(pieces(paragraphs, 60)) == ["First thing. It is short.\n\nSecond thing. It is short too.", "Third."]
    assert list(pieces('She said "No." Then she left us there.', 20)) == [
        'She said "No."',
        "Then she left us",
        "there.",
    ]
    assert list(pieces("x" * 25, 10)) == ["x" * 10, "x" * 10, "x" * 5]


def test_no_character_is_cut_that_people_see_as_one() -> None:
    family = "👩\u200d👩\u200d👧"
    for part in pieces(family * 12, 20):
        assert part.count("\u200d") == 2 * part.count("👧")
    assert not any(unicodedata.combining(part[0]) for part in pieces("e\u0301" * 30, 11))


def test_telegrams_units_are_counted() -> None:
    assert [len(part) for part in pieces("😀" * 4096)] == [2048, 2048]
    assert [len(part) for part in pieces("a" * 4097)] == [4096, 1]


def test_the_buttons_are_below_the_last_piece() -> None:
    say = Say("One sentence of many. " * 400, ((Button("Next", "next:page"),),))
    letters = letters_of(say, chat=1)
    assert len(letters) == 3
    assert [letter.step for letter in letters] == ["", "", "page"]
