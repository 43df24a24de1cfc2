"""Meaning units: verbatim, in order, and nothing of the text lost."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.segments import find_segments

PIECES = st.sampled_from(
    [
        "She listened.",
        "no stop",
        " ",
        "\n",
        "...",
        "…",
        "😢",
        "👩‍👩‍👧",
        "e\u0301",
        "שלום.",
        "مرحبا؟",
        "\u200f",
        '"why?"',
        "Dr. ",
        "!",
        "\r\n",
        "'",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_units_are_ordered_trimmed_and_hold_every_character(text: str) -> None:
    segments = find_segments(text)
    covered: set[int] = set()
    before = 0
    for start, end in segments:
        assert before <= start < end <= len(text)
        unit = text[start:end]
        assert unit == unit.strip()
        covered.update(range(start, end))
        before = end
    assert all(text[at].isspace() for at in range(len(text)) if at not in covered)


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("", []),
        (" \n\t ", []),
        ("😀😀", ["😀😀"]),
        ("i waited ages\nnobody rang\n\n", ["i waited ages", "nobody rang"]),
        ('Dr. Singh said "why?" and left. I cried', ['Dr. Singh said "why?" and left.', "I cried"]),
        ("I thought... well, no. Then she rang!!", ["I thought... well, no.", "Then she rang!!"]),
        ("She was kind 😊 The next one was not", ["She was kind 😊", "The next one was not"]),
        ("They help, e.g. housing. Good.", ["They help, e.g. housing.", "Good."]),
    ],
)
def test_chat_and_speech(text: str, units: list[str]) -> None:
    assert [text[start:end] for start, end in find_segments(text)] == units


def test_a_run_without_full_stops_is_parted_at_connecting_words() -> None:
    text = "they said they would ring me back and they never did " * 4 + "but the nurse at the surgery was lovely " * 4
    segments = find_segments(text)
    assert len(segments) > 1
    assert any(text[start:].startswith("but") for start, _ in segments)


@pytest.mark.parametrize("piece", [".", " ", ", ", '" ', "a", ".\n", "😀", "but "])
def test_time_grows_linearly_with_hostile_texts(piece: str) -> None:
    began = time.perf_counter()
    find_segments(piece * (100_000 // len(piece)) + "a")
    assert time.perf_counter() - began < 2
