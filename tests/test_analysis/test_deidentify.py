"""De-identification: what must go goes, what must stay stays, and the offsets agree on both sides."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.deidentify import Placeholders, deidentify
from analysis.identifiers import is_nhs_number

MARKED = [
    ("dr patel never rang back", [("STAFF", "dr patel")]),
    ("Dr. Anya Petrova was lovely", [("STAFF", "Dr. Anya Petrova")]),
    ("my cpn sharon came on tuesdays", [("STAFF", "sharon"), ("DATE", "tuesdays")]),
    ("my sister Bronwyn lives in swansea", [("FAMILY", "Bronwyn"), ("PLACE", "swansea")]),
    ("i was on heron ward for 6 weeks", [("WARD", "heron ward")]),
    ("They moved me to Willow Lodge", [("ORG", "Willow Lodge")]),
    ("my postcode is LS6 3AB", [("POSTCODE", "LS6 3AB")]),
    ("nhs number 943 476 5919 ok", [("NHS_NUMBER", "943 476 5919")]),
    ("ni no QQ123456C no, it is AB 12 34 56 C", [("CASE", "QQ123456C"), ("NI_NUMBER", "AB 12 34 56 C")]),
    ("ring 0161 496 0000 or +44 7700 900123", [("PHONE", "0161 496 0000"), ("PHONE", "+44 7700 900123")]),
    ("mail me at a.b@example.org please", [("EMAIL", "a.b@example.org")]),
    ("i live at 14 Acacia Avenue", [("ADDR", "14 Acacia Avenue")]),
    ("it began on 3rd March 2019", [("DATE", "3rd March 2019")]),
]

PLAIN = [
    "They put me on sertraline 50mg and it made me sick.",
    "The ward was noisy and the crisis team never came.",
    "will you mark this down, may i hope for an answer",
    "My mum will be angry and my sister is too.",
    "I waited 18 months and had 12 sessions of CBT.",
    "The GP said there was nothing else on offer.",
    "I had a bath and some reading time, that was the advice",
]


@pytest.mark.parametrize(("text", "marked"), MARKED)
def test_details_are_found_with_their_kind(text: str, marked: list[tuple[str, str]]) -> None:
    found = [(each.kind, text[each.start : each.end]) for each in deidentify(text).spans]
    assert found == marked


@pytest.mark.parametrize("text", [*PLAIN, *(each.lower() for each in PLAIN)])
def test_ordinary_words_stay(text: str) -> None:
    assert deidentify(text) == (text, ())


@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from([each for each, _ in MARKED] + PLAIN + ["😢", "\n", "\u202e"])).map(" ".join),
    )
)
def test_offsets_agree_on_both_sides_and_the_rest_is_kept(text: str) -> None:
    clean, spans = deidentify(text)
    before = after = 0
    for span in spans:
        assert before <= span.start < span.end <= len(text)
        assert clean[after : span.clean_start] == text[before : span.start]
        assert clean[span.clean_start : span.clean_end].startswith(f"[{span.kind}_")
        before, after = span.end, span.clean_end
    assert clean[after:] == text[before:]


def test_placeholders_are_consistent_within_one_memory() -> None:
    memory = Placeholders()
    first = deidentify("Dr Okafor came with nurse Jackie.", memory).text
    second = deidentify("dr okafor left, Jackie stayed", memory).text
    assert first == "[STAFF_1] came with [STAFF_2]."
    assert second == "[STAFF_1] left, [STAFF_2] stayed"


def test_nhs_numbers_need_their_check_digit() -> None:
    assert is_nhs_number("9434765919")
    assert not is_nhs_number("9434765918")
    assert not is_nhs_number("1111111111")


@pytest.mark.parametrize("piece", ["1 ", "a@", "dr ", "Mc ", "@", "the ", "Aa ", "0", "https://"])
def test_time_grows_linearly_with_hostile_texts(piece: str) -> None:
    began = time.perf_counter()
    deidentify(piece * (50_000 // len(piece)))
    assert time.perf_counter() - began < 5
