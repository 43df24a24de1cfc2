"""The local pages over real HTTP: who may ask, what is shown, and that no text acts on the page."""

import html
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.model import Coded, Coder, Coding, Framework
from analysis.reading import Masked, Reading, Source
from analysis.serve import Served, ServeError
from analysis.serve.app import start_pages
from analysis.serve.view import cut, visible
from analysis.services import Service, Services
from storage.errors import SchemaError
from storage.records import Answer, Asked, Kind
from tests.test_reports.invented import FRAMEWORK, answer, asked, coding

TOKEN = "a-token-of-the-test"


class Shelf:
    """A source of answers in memory."""

    def __init__(self) -> None:
        self.held: list[Answer] = []
        self.questions: list[Asked] = []
        self.broken: Exception | None = None

    async def answers(
        self,
        *,
        service: str | None = None,
        since: date | None = None,
        until: date | None = None,
        guide: str | None = None,
        kind: Kind | None = None,
    ) -> AsyncIterator[Answer]:
        for each in self.held:
            if (
                service in {None, each.service}
                and guide in {None, each.guide}
                and kind in {None, each.kind}
                and (since is None or since <= each.day)
                and (until is None or each.day < until)
            ):
                yield each

    async def asked(
        self, *, service: str | None = None, since: date | None = None, until: date | None = None
    ) -> AsyncIterator[Asked]:
        for each in self.questions:
            if (
                service in {None, each.service}
                and (since is None or since <= each.day)
                and (until is None or each.day < until)
            ):
                yield each

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Source]:
        if self.broken:
            raise self.broken
        yield self

    def tell(self, given: Answer) -> None:
        self.held.append(given)
        put = asked(given.person, question=given.question)
        self.questions.append(replace(put, guide=given.guide, service=given.service))


class ByWord(Coder):
    """Codes "kind" as compassion that helped, "waited" as timely support that harmed; the reason repeats the text."""

    asked_for = 0

    @property
    def framework(self) -> Framework:
        return FRAMEWORK

    def code_many(self, texts: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[Coded]:
        return (self.code(*text) for text in texts)

    def code(self, text: str, invites: tuple[str, ...] = ()) -> Coded:
        self.asked_for += 1
        codings: list[Coding] = []
        for word, subtheme, stance in (("kind", "t1s1", "help"), ("waited", "t2s3", "harm")):
            if (start := text.find(word)) >= 0:
                codings.append(coding(subtheme, stance, start, start + len(word), reason=f"near: {text}"))  # type: ignore[arg-type]
        return Coded(codings=tuple(codings), top=invites)


def without_kevin(given: Answer) -> Masked:
    masked, count = re.subn("Kevin", "[STAFF_1]", given.text)
    return Masked(masked, Counter({"name": count}) if count else {})


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def served(shelf: Shelf) -> AsyncIterator[Served]:
    services = Services((Service(code="elm", name="Elm <Tree>"),))
    reading = Reading(ByWord(), lambda: without_kevin, remember=100)
    running = await start_pages(shelf.open, reading=reading, services=services, port=0, token=TOKEN)
    yield running
    await running.close()


async def get(url: str, method: str = "GET", **headers: str) -> tuple[int, str, dict[str, str]]:
    async with aiohttp.ClientSession() as session, session.request(method, url, headers=headers) as response:
        return response.status, await response.text(), dict(response.headers)


async def test_the_service_sees_its_summary_and_new_answers_at_reload(served: Served, shelf: Shelf) -> None:
    for number in range(8):
        shelf.tell(answer(f"p{number}", "they were kind"))
    status, page, _ = await get(served.service)
    assert (status, "Elm &lt;Tree&gt;" in page, "July to September 2026" in page) == (200, True, True)
    address = served.service + "service/elm/2026-Q3"
    assert "<strong>8 people</strong>" in (await get(address))[1]
    shelf.tell(answer("p8", "they were kind"))
    assert "<strong>9 people</strong>" in (await get(address))[1]


async def test_only_quarters_are_shown_so_that_none_can_be_subtracted(served: Served) -> None:
    for address in ("elm/2026-08", "elm/2026", "elm/never", "elm/2026-Q9", "oak/2026-Q3"):
        assert (await get(f"{served.service}service/{address}"))[0] == 404
    assert (await get(f"{served.service}service/elm/2026-Q3"))[0] == 200


async def test_the_researcher_sees_words_without_names_and_with_codings(served: Served, shelf: Shelf) -> None:
    shelf.tell(answer("p-secret", "Kevin was kind but I waited"))
    status, page, _ = await get(served.researcher)
    assert status == 200
    assert '<mark class="on-help">kind</mark><sup>1</sup> but I <mark class="on-harm">waited</mark><sup>2</sup>' in page
    assert "[STAFF_1] was" in page
    assert "Kevin" not in page
    assert "p-secret" not in page
    assert "Kevin was kind" in (await get(served.researcher + "?words=original"))[1]


async def test_filters_choose_by_question_theme_and_stance(served: Served, shelf: Shelf) -> None:
    shelf.tell(answer("p1", "one kind"))
    shelf.tell(answer("p2", "two waited", question="harder"))
    shelf.tell(answer("p3", "three nothing"))
    for query, expected in {
        "?question=harder": {"two"},
        "?code=t1s1": {"one"},
        "?code=t2": {"two"},
        "?code=none": {"three"},
        "?stance=harm": {"two"},
        "?code=t1&stance=harm": set(),
        "?code=unknown&stance=unknown&after=x": {"one", "two", "three"},
        "?service=oak": set(),
    }.items():
        page = (await get(served.researcher + query))[1]
        assert {word for word in ("one", "two", "three") if f'<blockquote dir="auto">{word}' in page} == expected, query


async def test_long_lists_come_in_pages(served: Served, shelf: Shelf) -> None:
    for number in range(60):
        shelf.tell(answer(f"p{number}", f"text {number:03} kind"))
    seen: list[str] = []
    address: str | None = ""
    while address is not None:
        page = (await get(served.researcher + html.unescape(address)))[1]
        seen += re.findall(r"text \d{3}", re.sub(r"<details>.*?</details>", "", page))
        found = re.search(r'href="(\?[^"]*)">Further', page)
        address = found[1] if found else None
    assert seen == [f"text {number:03}" for number in range(60)]


async def test_the_token_and_the_name_of_the_machine_are_needed(served: Served, shelf: Shelf) -> None:
    shelf.tell(answer("p1", "kind words"))
    assert (await get(served.service + "researcher/wrong/"))[0] == 404
    assert TOKEN not in (await get(served.service))[1]
    for host in ("evil.example", "127.0.0.1.evil.example", "127.0.0.1", ""):
        status, page, _ = await get(served.researcher, Host=host)
        assert (status, "kind words" in page) == (403, False), host
    port = served.service.rsplit(":", 1)[1].strip("/")
    assert (await get(served.researcher, Host=f"localhost:{port}"))[0] == 200


async def test_pages_are_read_only_not_stored_and_may_do_nothing(served: Served) -> None:
    for url in (served.service, served.researcher, served.service + "service/elm/2026-Q3", served.service + "nothing"):
        _, page, headers = await get(url)
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert not re.search(r"<script|\son\w+=|\sstyle=", page)
    assert (await get(served.researcher, "POST"))[0] == 405


async def test_storage_that_refuses_is_said_in_one_sentence(served: Served, shelf: Shelf) -> None:
    shelf.broken = SchemaError("The database was made by a newer version.")
    status, page, _ = await get(served.service)
    assert (status, "made by a newer version" in page) == (503, True)


async def test_a_mistake_of_ours_tells_nothing_of_what_was_said(
    served: Served, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.broken = ValueError("my neighbour Olwen hears everything")
    status, page, _ = await get(served.researcher)
    assert status == 500
    assert "Nothing was lost" in page
    assert "ValueError" in caplog.text
    assert "Olwen" not in caplog.text + page


async def test_a_port_in_use_is_said(served: Served, shelf: Shelf) -> None:
    port = int(served.service.rsplit(":", 1)[1].strip("/"))
    reading = Reading(ByWord(), lambda: without_kevin)
    with pytest.raises(ServeError, match=f"Port {port} is already in use"):
        await start_pages(shelf.open, reading=reading, services=Services(), port=port)


HOSTILE = [
    "<script>alert(1)</script> kind",
    "</blockquote><img src=x onerror=alert(1)> kind",
    "{{ 7 * 7 }} {% raw %} kind",
    "\u202eevil\u202c \u2066x kind",
    "a\x00b\x1b[31mkind\x07",
    "&lt;b&gt; \" ' kind",
    "kind " + "x" * 4000,
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_words_are_shown_and_do_nothing(served: Served, shelf: Shelf, text: str) -> None:
    shelf.tell(answer("p1", text, question=text[:40], service=text[:20].replace("/", "")))
    for url in (served.service, served.researcher, served.researcher + "?words=original"):
        status, page, _ = await get(url)
        assert status == 200
        assert not re.search(r"<(script|img|b)\b", page)
        assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", page)
        assert " 49 " not in page


async def test_a_text_is_coded_once_however_often_it_is_shown() -> None:
    coder = ByWord()
    reading = Reading(coder, lambda: without_kevin, remember=1)
    for _ in range(3):
        assert [each.coded.codings[0].subtheme async for each in reading.code(shelf_of("kind"))] == ["t1s1"]
    assert coder.asked_for == 1
    for _ in range(3):
        assert [each.coded.codings[0].subtheme async for each in reading.code(shelf_of("so kind"))] == ["t1s1"]
    assert coder.asked_for == 4, "no more is kept than was asked for"


async def shelf_of(text: str) -> AsyncIterator[Answer]:
    yield answer("p1", text)
    yield answer("p1", "18 to 24", kind="choice")


spans = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: (min(pair), max(pair))), max_size=6)


@given(st.text(max_size=40), spans)
def test_pieces_joined_are_the_text(text: str, given_spans: list[tuple[int, int]]) -> None:
    codings = [coding("t1s1", start=start, end=end) for start, end in given_spans]
    pieces = cut(text, codings)
    assert "".join(piece.text for piece in pieces) == visible(text)
    assert len(visible(text)) == len(text)
    ends = Counter(number for piece in pieces for number in piece.ends)
    assert all(count == 1 for count in ends.values())
