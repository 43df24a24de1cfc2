"""The Easy Read page: easy indeed, by the same rules as what the bot says, and never more than the page tells."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.content import read_toml
from analysis.disclosure import COLUMNS
from analysis.errors import ContentError
from analysis.frameworks import read_framework
from analysis.summary.easy import SLOTS, Sentences, read_sentences, render_easy
from analysis.summary.folder import Files, SummaryError, write
from flows.lint.rulebook import Limits, read_rulebook
from flows.lint.texts import Text
from flows.lint.wording import check_wording
from flows.reading import grade
from tests.test_reports.test_pdf import full
from tests.test_reports.test_summary import LONG, names, people, summary_of

SOURCE = Path(__file__).parents[2] / "analysis/summary/easy.toml"
#: Stricter than for the bot: grade 5 is about ten years old.
LIMITS = Limits(grade=5.0, mean_words=12.0, longest_words=12, label_characters=60)
FILLED = {
    "service": "your service", "period": "July 2026", "people": "12", "all": "30", "least": "8", "asked": "40",
    "skipped": "9", "day": "1 March", "reason": "We had left some people out.",
}  # fmt: skip


def said(tree: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Every sentence of the file, with its place."""
    match tree:
        case {"say": str(text)}:
            yield place, text
        case dict():
            for name, each in tree.items():
                if name != "symbols":
                    yield from said(each, f"{place}.{name}".strip("."))
        case list():
            for number, each in enumerate(tree, 1):
                yield from said(each, f"{place}.{number}")
        case str():
            yield place, tree


SAID = dict(said(tomllib.loads(SOURCE.read_text("utf-8"))))


def test_every_sentence_is_easy_to_read() -> None:
    assert len(SAID) > 40
    rulebook = read_rulebook()
    for place, text in SAID.items():
        heading = place.endswith("title") or place.startswith("subthemes")
        filled = text.format(**FILLED).replace("Easy Read", "large letters")  # "Easy Read" is a name, not a promise
        each = Text("easy.toml", place, "line" if heading else "sentences", filled)
        assert list(check_wording(each, rulebook, LIMITS)) == []
    assert grade(" ".join(text.format(**FILLED) for text in SAID.values())) < 3.5


def test_every_part_of_the_framework_has_easy_words() -> None:
    framework = read_framework()
    assert set(read_sentences().subthemes[framework.id]) == {each.id for each in framework.subthemes}


def words(page: str) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL).split())


async def test_it_tells_the_numbers_of_the_page_and_no_other() -> None:
    summary = await full()
    page = words(render_easy(summary))
    for column, told in (("help", "went well"), ("harm", "this hurt them"), ("wish", "wish for this")):
        for each in summary.subthemes:
            count = summary.count(each.id, column)  # type: ignore[arg-type]
            assert (f"{each.title} {count} of 30 people" in page and told in page) == bool(count) or count is None
    published = {30, 8, *(summary.count(each.id, column) for each in summary.subthemes for column in COLUMNS), 2026}
    assert {int(number) for number in re.findall(r"\d+", page)} <= published


async def test_no_withheld_number_is_in_it_and_few_look_like_nobody() -> None:
    before = await summary_of(people(20, "t1s1") + people(7, "t1s1", "harm"))
    after = await summary_of(people(20, "t1s1") + people(2, "t1s1", "harm"))
    assert render_easy(before) == render_easy(after)
    assert render_easy(await summary_of(people(7, "t1s1"))) == render_easy(await summary_of([]))


async def test_it_needs_nothing_else_and_escapes_names() -> None:
    page = render_easy(await summary_of(people(20, "t0s0"), framework=LONG))
    assert "Elm Tree &lt;Team&gt; &amp; Co" in page
    assert "Continued and consistent long-term support" in page, "a part without easy words has its own title"
    assert not re.search(r"(src|href)=[\"'](?!#)|url\((?!#)|@import|<script|\sstyle=", page)
    assert page.count("<svg") == page.count('aria-hidden="true"'), "the words say all of it"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('symbol = "page" }', 'symbol = "unicorn" }', "there is no symbol unicorn"),
        ("{all} people told us how", "{everyone} told us how", "{everyone} is not a slot"),
        ("It is about {period}.", "It is about {period.", "curly bracket"),
        ("[sides.wish]", "[sides.dream]", "sides.dream"),
        ('again = "M10', 'again = "url(M10', "symbols.again"),
    ],
)
def test_a_mistake_in_the_sentences_is_named(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    text = SOURCE.read_text("utf-8")
    assert old in text
    (tmp_path / "easy.toml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ContentError, match=re.escape(sentence)):
        read_toml(tmp_path / "easy.toml", Sentences)


def test_every_slot_is_used() -> None:
    assert {name for text in SAID.values() for name in re.findall(r"{(\w+)}", text)} == SLOTS


async def test_it_lies_beside_the_page(tmp_path: Path) -> None:
    summary = await full()
    write(summary, Files(tmp_path / "elm.html", easy_read=tmp_path / "elm-easy.html"))
    assert names(tmp_path) == ["elm-easy.html", "elm.csv", "elm.html", "elm.json"]
    for wrong in (tmp_path / "elm.html", tmp_path / "elm.doc"):
        with pytest.raises(SummaryError, match="a file name of its own"):
            Files(tmp_path / "elm.html", easy_read=wrong).check()
