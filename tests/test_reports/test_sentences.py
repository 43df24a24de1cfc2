"""The sentences at the top: every number in them is a published one, and there are fewer where there is less to say."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.content import read_toml
from analysis.disclosure import COLUMNS, Tally
from analysis.errors import ContentError
from analysis.summary import render, summarise
from analysis.summary.sentences import SentencesFile, say, say_people
from tests.test_reports.invented import FRAMEWORK, answer, asked, coded, coding
from tests.test_reports.test_summary import ELM, MADE, QUARTER, people, summary_of

WORDING = Path("analysis/summary/sentences.toml")


async def test_three_sentences_each_with_its_count_and_of_how_many() -> None:
    heard = people(12, "t1s1") + people(9, "t3s0", "harm") + people(8, "t2s3", "wish")
    summary = await summary_of(heard, [asked(f"p{n}", "skipped" if n < 10 else "answered") for n in range(20)])
    said = [(each.column, each.count) for each in say(summary)]
    assert said == [("help", 12), ("harm", 9), ("wish", 8)]
    assert all(f"{each.count} of 12 people" in each.text for each in say(summary))
    assert say_people(summary) == (
        "20 people were asked. 12 people answered and agreed to be counted here."
        " 10 people skipped at least one question."
    )


async def test_fewer_sentences_where_there_is_less_to_say() -> None:
    page = render(await summary_of(people(12, "t1s1") + people(3, "t1s1", "harm")))
    assert page.count('-side"><svg class="mark"') == 1
    assert "What harmed came up too, in groups too small to show." in page
    assert "What people wish for: the machine found nobody who told of this." in page
    nothing = render(await summary_of([coded(answer(f"p{n}"), coding(f"t1s{n % 3}", "harm")) for n in range(9)]))
    assert "What they said still counts." in nothing
    assert 'class="know"' not in nothing


async def test_what_many_parts_share_is_counted_and_not_listed() -> None:
    heard = [each for theme in range(4) for each in people(9, f"t{theme}s0")]
    (helped, *_) = say(await summary_of(heard))
    assert helped.text == "What helped came up equally often in 4 parts: 9 of 9 people told of it in each."


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    tally = Tally(answered=set(range(40)), asked=set(range(draw(st.integers(40, 60)))))
    tally.skipped = set(range(draw(st.integers(0, 40))))
    for each in FRAMEWORK.subthemes[:5]:
        for column in COLUMNS:
            for person in range(draw(st.integers(0, 20))):
                tally.heard(each.id).add(person, column)
    return tally


@settings(max_examples=60, deadline=None)
@given(tallies())
def test_no_sentence_says_a_number_that_is_not_published(tally: Tally) -> None:
    summary = summarise(tally, FRAMEWORK, ELM, QUARTER, MADE)
    counts = summary.counts
    for each in say(summary):
        text = re.sub(r"<strong>.*?</strong>", "", each.text)
        numbers = {int(number) for number in re.findall(r"\d+", text)}
        shown = {summary.count(one.id, each.column) for one in summary.subthemes}
        assert numbers <= {each.count, counts.answered, len(summary.most(each.column)[1])}
        assert each.count is None or each.count in shown
    assert {int(number) for number in re.findall(r"\d+", say_people(summary))} <= {
        counts.asked, counts.answered, counts.skipped,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("most under {parts}: {count}", "most: {count}", r"sentence\.0\.one: this text is filled with \{parts\}"),
        ("{asked} people", "{asked people", "opened or closed alone"),
        ('column = "wish"', 'column = "harm"', "one sentence for each of help, harm, wish"),
        ("most_named = 3", "most_named = 0", "most_named breaks a rule"),
    ],
)
def test_wording_that_cannot_be_filled_is_refused_with_how_to_mend_it(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    path = tmp_path / "sentences.toml"
    text = WORDING.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ContentError, match=sentence):
        read_toml(path, SentencesFile)
