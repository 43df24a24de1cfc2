"""The lexical engine: honest spans, reasons, abstention, and the same result every time."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.exemplars import read_exemplars, read_themeless
from analysis.frameworks import framework_ids, read_framework
from analysis.lexical import lexical_coder
from analysis.model import Coded, Coder
from analysis.trial import hold_out_voices

PHRASES = st.sampled_from(
    [
        "I waited two years. ",
        "nobody listened\n",
        "😢",
        "e\u0301 ",
        "she was kind ",
        "שלום ",
        "\u202e",
        "…",
        '"no" ',
        "the same nurse ",
    ]
)


@pytest.fixture(scope="module")
def coder() -> Coder:
    return lexical_coder()


def check(coder: Coder, text: str, coded: Coded) -> None:
    assert sorted(coded.top) == sorted(each.id for each in coder.framework.subthemes)
    for coding in coded.codings:
        assert 0 <= coding.start < coding.end <= len(text)
        assert text[coding.start : coding.end] == text[coding.start : coding.end].strip()
        assert coding.theme == coder.framework.theme_of(coding.subtheme).id
        assert coding.reason


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(), st.lists(PHRASES, max_size=12).map("".join)))
def test_spans_and_reasons_hold_for_any_text(text: str) -> None:
    coder = lexical_coder()
    check(coder, text, coder.code(text))


def test_two_topics_in_one_breath_get_two_codings_with_their_own_stance(coder: Coder) -> None:
    text = "I was on the waiting list for two years. My nurse was so kind and caring though, she remembered my name."
    found = {each.subtheme: each for each in coder.code(text).codings}
    assert found["timely_support"].stance == "harm"
    assert found["compassion"].stance == "help"
    assert text[found["timely_support"].start : found["timely_support"].end].startswith("I was on")
    assert '"waiting list"' in found["timely_support"].reason


@pytest.mark.parametrize("text", ["", "  \n", "😀😀😀", "..."])
def test_what_has_no_words_is_not_coded_and_says_so(coder: Coder, text: str) -> None:
    coded = coder.code(text)
    assert coded.codings == ()
    assert "no words" in coded.note


@pytest.mark.parametrize(
    "text",
    [
        "Je ne suis pas content du service, personne ne m'écoute jamais quand je parle",
        "Mi enfermera era muy amable y siempre me escuchaba con mucha paciencia",
        "Медсестра была очень добрая и всегда слушала меня",
        "الممرضة كانت لطيفة جدا وكانت تستمع لي دائما",
    ],
)
def test_another_language_is_named_and_not_coded(coder: Coder, text: str) -> None:
    coded = coder.code(text)
    assert coded.codings == ()
    assert "English" in coded.note


def test_small_talk_has_no_theme(coder: Coder) -> None:
    unseen = [
        "My brother in law grows giant pumpkins in his shed",
        "lol ok",
        "It rained all through the match and we lost on penalties",
        "The cinema was freezing and the popcorn was stale",
        "can i do this tomorrow instead",
    ]
    assert [text for text in unseen if coder.code(text).codings] == []


def test_alone_or_among_others_the_same_result() -> None:
    coder = lexical_coder()
    texts = [each.text for each in read_themeless()[:20]]
    texts += [each.text for each in read_exemplars(coder.framework)["spoken"][:30]]
    together = list(coder.code_many((text, ()) for text in texts))
    assert together == [coder.code(text) for text in texts]


def test_another_process_with_another_hash_seed_codes_the_same() -> None:
    script = (
        "from analysis.lexical import lexical_coder; from analysis.exemplars import read_exemplars;"
        "c = lexical_coder(); e = read_exemplars(c.framework)['chat'][::9];"
        "print([c.code(x.text).model_dump_json() for x in e])"
    )
    root = Path(__file__).parents[2]
    runs = {
        subprocess.run(
            [sys.executable, "-c", script], cwd=root, env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."}, check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(runs) == 1


def test_an_invitation_is_a_weak_hint(coder: Coder) -> None:
    text = "They came to my house when I could not leave it"
    plain, hinted = coder.code(text).top, coder.code(text, ("flexible_delivery",)).top
    assert hinted.index("flexible_delivery") <= plain.index("flexible_delivery")
    clear = "I was stuck on a waiting list for three years"
    assert coder.code(clear, ("compassion", "no_such_id")).top[0] == "timely_support"


def test_a_hundred_thousand_characters(coder: Coder) -> None:
    text = ("I waited for months. Nobody listened to me " * 3000)[:100_000]
    check(coder, text, coder.code(text))


def test_every_framework_codes_and_a_small_one_of_your_own_too(tmp_path: Path) -> None:
    for name in framework_ids():
        assert lexical_coder(name).code("My nurse was warm and I trusted her completely.").codings
    own = tmp_path / "ours.toml"
    own.write_text(
        'id = "ours"\ntitle = "O"\nversion = 1\nsource = "Us"\n[[themes]]\nid = "t"\ntitle = "T"\n'
        '[[themes.subthemes]]\nid = "kind"\ntitle = "Kind"\ncovers = "Warm and kind staff."\n'
        '[[themes.subthemes]]\nid = "slow"\ntitle = "Slow"\ncovers = "Waiting lists and long waits."\n'
    )
    coder = lexical_coder(str(own))
    assert coder.code("The nurse was kind and warm").top[0] == "kind"
    assert coder.code("I was on a waiting list, a long wait").top[0] == "slow"


def test_held_out_voices_are_mapped_at_least_this_well() -> None:
    trials = {each.voice: each for each in hold_out_voices()}
    assert trials["chat"].within(1) > 0.58
    assert trials["spoken"].within(1) > 0.65
    assert min(each.within(3) for each in trials.values()) > 0.80


def test_framework_is_stamped(coder: Coder) -> None:
    assert coder.framework == read_framework()
