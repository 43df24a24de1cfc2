"""Telegram counts in UTF-16 code units; so must we, whatever people write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messenger.limits import check_commands, check_entities, check_markup, clean_text, pieces, utf16_length
from bot.messenger.refusals import Refusal

WORDS = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=300)
MIXED = st.lists(st.sampled_from(["a", "é", "\N{SNOWMAN}", "\N{GRINNING FACE}", "\U0001f1ec\U0001f1e7", "\n"])).map(
    "".join
)


@given(WORDS)
def test_length_is_that_of_the_utf16_encoding(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2


@given(WORDS | MIXED, st.integers(min_value=2, max_value=50))
def test_pieces_lose_nothing_and_fit(text: str, limit: int) -> None:
    cut = list(pieces(text, limit))
    assert "".join(cut) == text
    assert all(utf16_length(piece) <= limit for piece in cut)


@given(MIXED, st.integers(min_value=0, max_value=3))
def test_exactly_the_limit_is_let_through_and_one_more_is_not(filling: str, extra: int) -> None:
    limit = utf16_length(filling) + 2
    text = f"x{filling}x"
    assert clean_text(text, [], limit) == text
    if extra:
        with pytest.raises(Refusal, match="message is too long"):
            clean_text(f"x{filling}{'y' * extra}x", [], limit)


@given(MIXED, st.integers(0, 40), st.integers(1, 40))
def test_an_entity_is_taken_exactly_when_it_covers_whole_characters_of_the_text(
    text: str, offset: int, length: int
) -> None:
    raw = text.encode("utf-16-le")
    inside = raw[2 * offset : 2 * (offset + length)]
    whole = len(inside) == 2 * length
    if whole:
        try:
            inside.decode("utf-16-le")
        except UnicodeDecodeError:
            whole = False
    entity = {"type": "bold", "offset": offset, "length": length}
    if whole:
        check_entities(text, [entity])
    else:
        with pytest.raises(Refusal, match="entity begin"):
            check_entities(text, [entity])


def test_entities_move_with_the_trimmed_text() -> None:
    entities = [{"type": "bold", "offset": 2, "length": 9}, {"type": "italic", "offset": 7, "length": 3}]
    assert clean_text("  Hello    ", entities, 100) == "Hello"
    assert entities == [{"type": "bold", "offset": 0, "length": 5}]


@pytest.mark.parametrize("text", ["", " ", "\n \t"])
def test_nothing_to_say_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="message text is empty"):
        clean_text(text, [], 100)


def test_half_a_surrogate_pair_is_not_text() -> None:
    with pytest.raises(Refusal, match="strings must be encoded in UTF-8"):
        clean_text("\ud800", [], 100)


@given(MIXED)
def test_callback_data_is_measured_in_bytes(data: str) -> None:
    markup = {"inline_keyboard": [[{"text": "Go on", "callback_data": "x" + data}]]}
    if len(("x" + data).encode()) <= 64:
        assert check_markup(markup) == markup
    else:
        with pytest.raises(Refusal, match="BUTTON_DATA_INVALID"):
            check_markup(markup)


@pytest.mark.parametrize(
    ("button", "said"),
    [
        ({"text": "No act"}, "Text buttons are unallowed"),
        ({"text": "Empty", "callback_data": ""}, "Text buttons are unallowed"),
        ({"callback_data": "x"}, 'Field "text"'),
        ({"text": "Odd", "url": "javascript:1"}, "Unsupported URL protocol"),
    ],
)
def test_buttons_that_do_nothing_are_refused(button: dict[str, str], said: str) -> None:
    with pytest.raises(Refusal, match=said):
        check_markup({"inline_keyboard": [[button]]})


@pytest.mark.parametrize("name", ["Help", "two words", "x" * 33, ""])
def test_command_names_are_plain(name: str) -> None:
    with pytest.raises(Refusal, match="BOT_COMMAND_INVALID"):
        check_commands([{"command": name, "description": "Someone to talk to"}])
