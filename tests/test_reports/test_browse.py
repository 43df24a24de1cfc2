"""From a number to the answers behind it, and what the researcher can look for: over real HTTP."""

import html
import re
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import aiohttp
import pytest

from analysis.desk import Book
from analysis.reading import Reading
from analysis.serve import Served
from analysis.serve.app import start_pages
from analysis.serve.at_desk import AtDesk, Desk
from analysis.serve.choice import Searches, holds
from analysis.services import Service, Services
from storage.keys import Cost, make_research_key, read_research_key
from storage.records import Answer
from tests.test_reports.invented import answer
from tests.test_reports.test_serve import TOKEN, ByWord, Shelf, get, shelf, without_kevin  # noqa: F401

SERVICES = Services((Service(code="elm", name="Elm Tree"),))


@dataclass
class Looked:
    served: Served
    book: Book

    def entries(self) -> list[dict[str, Any]]:
        return [each.detail for each in self.book.everything()]


@pytest.fixture
async def looked(shelf: Shelf, tmp_path: Path) -> AsyncIterator[Looked]:  # noqa: F811
    private, _ = make_research_key("four words of a test", "test", Cost(iterations=1, lanes=1, memory_kib=8))
    (tmp_path / "research.key").write_text(private)
    (tmp_path / "research.key").chmod(0o600)
    book = Book.open(
        tmp_path / "desk.db", read_research_key(tmp_path / "research.key", "four words of a test").desk_key
    )
    desk = Desk(AtDesk(book, "Anna"), shelf.open, ByWord(), TOKEN)  # type: ignore[arg-type]
    reading = Reading(ByWord(), lambda: without_kevin, remember=1000)
    served = await start_pages(shelf.open, reading=reading, services=SERVICES, port=0, token=TOKEN, desk=desk)
    yield Looked(served, book)
    await served.close()
    book.close()


async def look_for(served: Served, find: str, **fields: str) -> tuple[str, str]:
    """The address that a search leads to, and the page there."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(served.researcher + "search", data={"find": find, **fields}) as response,
    ):
        return str(response.url), await response.text()


def shown(page: str) -> list[str]:
    return [
        html.unescape(re.sub(r"<sup>.*?</sup>|<[^>]+>", "", each))
        for each in re.findall(r'<blockquote dir="auto">(.*?)</blockquote>', page, re.DOTALL)
    ]


async def people_behind(address: str) -> set[str]:
    """Everybody on all pages of a list of answers."""
    found: set[str] = set()
    while address:
        _, page, _ = await get(address)
        found |= set(re.findall(r"Person (\w{6})", page))
        further = re.search(r'href="(\?[^"]*)">Further', page)
        address = urljoin(address, html.unescape(further[1])) if further else ""
    return found


def many(shelf: Shelf) -> None:  # noqa: F811
    """Forty people who say one or two things, some of whom are not counted."""
    for number in range(40):
        words = "kind" * (number % 3 != 0) + " waited" * (number % 4 == 0)
        shelf.tell(answer(f"p{number}", f"{words} {number}", in_summaries=number % 10 != 9))
        shelf.tell(answer(f"p{number}", f"again {words}", question="second", in_summaries=number % 10 != 9))
        shelf.tell(answer(f"p{number}", f"kind, long ago {number}", day=date(2026, 5, 1)))
        shelf.tell(answer(f"s{number}", "kind, say staff", guide="staff-reflection"))


async def test_behind_every_number_are_the_people_that_it_counts(looked: Looked, shelf: Shelf) -> None:  # noqa: F811
    many(shelf)
    address = looked.served.researcher + "numbers/elm/2026-Q3"
    status, page, _ = await get(address)
    assert status == 200
    links = re.findall(r'<a href="([^"]+)" aria-label="([^"]+): read the answers">(\d+)</a>', page)
    assert len(links) > 8
    for link, said, number in dict.fromkeys(links):
        found = await people_behind(urljoin(address, html.unescape(link)))
        assert len(found) == int(number), said


async def test_few_leads_to_the_few_and_only_for_the_researcher(looked: Looked, shelf: Shelf) -> None:  # noqa: F811
    for number in range(12):
        shelf.tell(answer(f"p{number}", "kind" if number > 2 else "I waited"))
    address = looked.served.researcher + "numbers/elm/2026-Q3"
    page = (await get(address))[1]
    (link,) = set(re.findall(r'<a href="([^"]+)" aria-label="few, Timely support, harmed', page))
    assert len(await people_behind(urljoin(address, html.unescape(link)))) == 3
    service = (await get(looked.served.service + "service/elm/2026-Q3"))[1]
    assert "few" in service
    assert "read the answers" not in service
    assert TOKEN not in service
    assert "researcher" not in service


async def test_the_numbers_are_for_the_holder_of_the_token(looked: Looked) -> None:
    for path in ("numbers/", "numbers/elm/2026-Q3"):
        assert (await get(f"{looked.served.service}researcher/wrong/{path}"))[0] == 404
    for path in ("numbers/elm/2026-07", "numbers/elm/never", "numbers/oak/2026-Q3"):
        assert (await get(looked.served.researcher + path))[0] == 404
    async with aiohttp.ClientSession() as session:
        wrong = looked.served.service + "researcher/wrong/search"
        async with session.post(wrong, data={"find": "kind"}) as response:
            assert response.status == 404


async def test_filters_by_period_guide_and_what_is_counted(looked: Looked, shelf: Shelf) -> None:  # noqa: F811
    shelf.tell(answer("p1", "one kind"))
    shelf.tell(answer("p2", "two kind", day=date(2026, 4, 1)))
    shelf.tell(answer("p3", "three kind", guide="pulse"))
    shelf.tell(answer("p4", "four kind", in_summaries=False))
    shelf.tell(answer("p5", "five kind", guide="staff-reflection"))
    for query, expected in {
        "?period=2026-Q3": {"one", "three", "four", "five"},
        "?period=2026-04": {"two"},
        "?period=never": {"one", "two", "three", "four", "five"},
        "?guide=pulse": {"three"},
        "?counted=yes": {"one", "two", "three"},
        "?code=t1s1,t2s3&told=help&guide=pulse": {"three"},
        "?told=harm": set(),
        "?code=t1s1,unknown&guide=pulse": {"three"},
    }.items():
        page = (await get(looked.served.researcher + query))[1]
        assert {each.split()[0] for each in shown(page)} == expected, query


async def test_a_search_finds_words_and_stands_in_no_address(looked: Looked, shelf: Shelf) -> None:  # noqa: F811
    shelf.tell(answer("p1", "Kevin didn’t ring when I was at the LIBRARY, kind"))
    shelf.tell(answer("p2", "they rang from the library"))
    address, page = await look_for(looked.served, "library didn't")
    assert [each[:9] for each in shown(page)] == ["[STAFF_1]"]
    assert "library" not in address
    assert 'value="library didn&#39;t"' in page
    assert len(shown((await look_for(looked.served, " LiBrary "))[1])) == 2
    assert shown((await look_for(looked.served, "library", code="t1s1"))[1]) != []
    assert shown((await look_for(looked.served, "library", code="t2s3"))[1]) == []
    assert shown((await look_for(looked.served, "kevin"))[1]) == [], "names are not found in what has none"
    assert len((await look_for(looked.served, "kevin", words="original"))[1].split("As it was said")) == 2
    assert len(shown((await look_for(looked.served, ""))[1])) == 2
    lost = (await get(looked.served.researcher + "?search=0123"))[1]
    assert "look for it again" in lost
    for hostile in ('"><script>alert(1)</script>', "x" * 5000, "\u202e{{ 7 * 7 }}"):
        assert "<script" not in (await look_for(looked.served, hostile))[1]


async def test_a_found_list_comes_in_pages(looked: Looked, shelf: Shelf) -> None:  # noqa: F811
    for number in range(120):
        shelf.tell(answer(f"p{number}", f"text {number:03} {'kind' if number % 2 else 'other'}"))
    address, _ = await look_for(looked.served, "kind")
    assert len(await people_behind(address)) == 60


async def test_every_look_is_in_the_book_without_words(looked: Looked, shelf: Shelf) -> None:  # noqa: F811
    shelf.tell(answer("p1", "a kind secret"))
    await get(looked.served.researcher)
    await get(looked.served.researcher)
    await look_for(looked.served, "secret", code="t1s1", service="elm", period="2026-Q3")
    await get(looked.served.researcher + "numbers/elm/2026-Q3")
    await get(looked.served.researcher + "?words=original&service=a+kind+secret")
    assert looked.entries() == [
        {"shown": 1, "what": "answers"},
        {"shown": 1, "what": "answers"},
        {"code": "t1s1", "period": "2026-Q3", "searched": True, "service": "elm", "shown": 1, "what": "answers"},
        {"period": "2026-Q3", "service": "elm", "what": "summary page"},
        {"original": True, "what": "answers"},
    ]
    assert b"secret" not in looked.book.file.read_bytes()


class Long(Shelf):
    """As many long answers as one likes, none of which is held."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    async def answers(self, **_: object) -> AsyncIterator[Answer]:  # type: ignore[override]
        for number in range(self.count):
            yield answer(f"p{number}", f"{number} " + "some words " * 400)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Shelf]:  # type: ignore[override]
        yield self


async def test_searching_through_many_answers_holds_few() -> None:
    peaks = []
    for count in (300, 3000):
        source = Long(count)
        reading = Reading(ByWord(), lambda: without_kevin)
        served = await start_pages(source.open, reading=reading, services=SERVICES, port=0, token=TOKEN)  # type: ignore[arg-type]
        tracemalloc.start()
        try:
            assert shown((await look_for(served, "nowhere"))[1]) == []
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
            await served.close()
    assert peaks[1] < peaks[0] + 2_000_000, "ten times the answers are 12 MB more"


def test_searches_are_forgotten_in_the_end() -> None:
    searches = Searches()
    names = [searches.remember(f"word {number}") for number in range(300)]
    assert searches.words(names[0]) == ""
    assert searches.words(names[-1]) == "word 299"
    assert searches.remember("  \n ") == ""


@pytest.mark.parametrize(
    ("text", "searched", "found"),
    [
        ("They DIDN’T ring", "didn't", True),
        ("Straße", "STRASSE", True),
        ("one two", "two one", True),
        ("one two", "one three", False),
        ("listened", "listen", True),
    ],
)
def test_what_a_search_finds(text: str, searched: str, found: bool) -> None:
    assert holds(text, searched) == found
