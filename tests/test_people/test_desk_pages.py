"""The pages of the desk over real HTTP: who may act, what is written down, and that nothing is lost or led astray."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest

from analysis.commands.study import reading_of
from analysis.desk import review_state
from analysis.questions import content_note
from analysis.serve import Served
from analysis.serve.app import start_serve
from analysis.serve.at_desk import AtDesk
from analysis.services import Services
from analysis.voices.recognise import Recogniser
from flows.library import load_guide
from tests.test_people.conftest import Study

TOKEN = "a-token-of-the-test"


@dataclass
class Visitor:
    """A browser without a script: it reads a page, and sends its forms as they are."""

    base: str
    page: str = ""
    status: int = 0
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, address: str) -> str:
        async with aiohttp.ClientSession() as session, session.get(self.base + address) as response:
            self.status, self.page, self.url = response.status, await response.text(), str(response.url)
            self.headers = dict(response.headers)
        return self.page

    async def send(self, origin: str | None = None, **fields: str) -> str:
        """Post to the page that one is at. Hidden fields of its first form come along."""
        root = "/".join(self.base.split("/")[:3])
        hidden = dict(re.findall(r'<input type="hidden" name="(answer|seen|text)" value="([^"]*)"', self.page))
        data = {name: html.unescape(value) for name, value in hidden.items()} | fields
        sent = {"Origin": root if origin is None else origin}
        async with aiohttp.ClientSession() as session, session.post(self.url, data=data, headers=sent) as response:
            self.status, self.page, self.url = response.status, await response.text(), str(response.url)
        return self.page

    @property
    def answer(self) -> str:
        return re.findall(r'name="answer" value="([^"]*)"', self.page)[0]


def serve(study: Study, who: str, recogniser: Recogniser | None = None):  # type: ignore[no-untyped-def]
    book = study.book
    reading = reading_of(book)
    return start_serve(
        study.settings,
        study.key,
        reading=reading,
        services=Services(),
        port=0,
        token=TOKEN,
        at_desk=AtDesk(book, who, recogniser=recogniser),
    )


@pytest.fixture
async def served(study: Study) -> AsyncIterator[Served]:
    running = await serve(study, "ana")
    yield running
    await running.close()


@pytest.fixture
def visitor(served: Served) -> Visitor:
    return Visitor(served.researcher)


async def find(visitor: Visitor, words: str, where: str) -> None:
    """Go on until an answer with these words is there."""
    await visitor.get(where)
    for _ in range(8):
        if words in visitor.page:
            return
        await visitor.get(where + "?after=" + visitor.answer)
    raise AssertionError(words)


async def test_reviewing_from_first_to_last(visitor: Visitor, study: Study) -> None:
    await find(visitor, "Janet Blackwood", "review/")
    await find(visitor, "only trans man", "review/")
    assert "could somebody who lives or works there" in visitor.page.lower()
    name = visitor.answer
    await visitor.send(do="take out", words="only trans man", kind="FAMILY")
    assert visitor.answer == name
    assert "I am the [FAMILY_1] in [PLACE_1]." in visitor.page
    await visitor.send(do="take out", span="60-89", words="x", kind="FAMILY")
    await visitor.send(do="undo")
    await visitor.send(do="approve")
    assert visitor.answer != name
    assert "1 approved" in visitor.page
    for _ in range(5):
        await visitor.send(do="approve")
    assert "Everything is reviewed" in visitor.page
    log = [(each.kind, each.who) for each in study.book.everything() if each.subject == name]
    assert log == [
        ("opened", "ana"), ("review.spans", "ana"), ("review.spans", "ana"), ("undone", "ana"),
        ("review.approved", "ana"),
    ]  # fmt: skip
    study.book.verify()


async def test_leaving_in_and_withholding(visitor: Visitor, study: Study) -> None:
    await find(visitor, "Dr Patel", "review/")
    name = visitor.answer
    (span,) = re.findall(r'name="span" value="(\d+-\d+)"', visitor.page)
    await visitor.send(do="leave in", span=span)
    assert '<p class="quiet">Nothing.</p>' in visitor.page
    await visitor.send(do="withhold", reason="Dr Patel would know")
    async with study.source() as source:
        answers = [each async for each in source.answers() if "Patel" in each.text]
    state = review_state(study.book, name, answers[0].text)
    assert (state.verdict, state.stretches) == ("withheld", ())
    assert b"Patel" not in study.desk.read_bytes()
    await visitor.get(f"review/?answer={name}&hide=1")
    assert "Withheld by ana: it does not leave.</strong> <bdi>Dr Patel would know</bdi>" in visitor.page
    assert '<details class="reading">' in visitor.page
    await visitor.send(do="undo")
    assert '<details class="reading" open>' in visitor.page


async def test_what_changed_in_between_is_not_decided_on(visitor: Visitor) -> None:
    await find(visitor, "Janet Blackwood", "review/")
    before = Visitor(visitor.base, visitor.page, 200, visitor.url)
    await visitor.send(do="take out", words="me", kind="ORG")
    await before.send(do="approve")
    assert (before.status, "changed since you loaded" in before.page) == (409, True)


async def test_forms_from_elsewhere_and_without_the_token_are_refused(visitor: Visitor, study: Study) -> None:
    await visitor.get("review/")
    url, page = visitor.url, visitor.page
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
        visitor.url, visitor.page = url, page
        await visitor.send(origin=origin, do="approve")
        assert visitor.status == 403, origin
    visitor.url, visitor.page = url.replace(TOKEN, "wrong"), page
    await visitor.send(do="approve")
    assert visitor.status == 404
    assert [each.kind for each in study.book.everything()] == ["opened"]


async def test_the_script_is_the_only_one_and_asks_for_nothing(visitor: Visitor) -> None:
    for address in ("review/", "coding/", "settle/"):
        page = await visitor.get(address)
        policy = visitor.headers["Content-Security-Policy"]
        assert "script-src 'sha256-" in policy
        assert "unsafe" not in policy
        assert "connect-src" not in policy
        assert policy.startswith("default-src 'none'")
        assert page.count("<script>") == 1
        assert not re.search(r"\son\w+=|\sstyle=", page)
        assert visitor.headers["Cache-Control"] == "no-store"
    assert "<script" not in await visitor.get("")
    assert 'href="review/"' in visitor.page


@pytest.mark.parametrize(
    ("where", "fields", "sentence"),
    [
        ("review/", {"do": "dance"}, "no such button"),
        ("review/", {"do": "undo"}, "nothing of yours"),
        ("review/", {"do": "take out", "words": "", "kind": "STAFF"}, "Type or select"),
        ("review/", {"do": "take out", "words": "zebra", "kind": "STAFF"}, "do not stand in the answer"),
        ("review/", {"do": "take out", "words": "a", "kind": "ZEBRA"}, "what kind of detail"),
        ("review/", {"do": "leave in", "span": "x-y"}, "No part of the text"),
        ("review/", {"do": "approve", "answer": "0" * 20}, "no longer there"),
        ("coding/", {"do": "undo"}, "nothing of yours"),
        ("coding/", {"do": "code", "span": "0-4", "stance": "help"}, "Choose a sub-theme first"),
        ("coding/", {"do": "code", "subtheme": "compassion", "stance": "help"}, "No part of the text"),
        ("coding/", {"do": "code", "span": "0-9999", "subtheme": "compassion", "stance": "help"}, "outside the text"),
        ("coding/", {"do": "remove", "coding": "zz"}, "no such coding of yours"),
        ("coding/", {"do": "accept", "text": "other"}, "edited since you loaded"),
    ],
)
async def test_what_cannot_be_done_is_said_and_changes_nothing(
    visitor: Visitor, study: Study, where: str, fields: dict[str, str], sentence: str
) -> None:
    await visitor.get(where)
    await visitor.send(**fields)
    assert (visitor.status, sentence in html.unescape(visitor.page)) == (409, True), visitor.page[-600:]
    assert {each.kind for each in study.book.everything()} == {"opened"}


async def test_coding_accepting_and_finishing(visitor: Visitor, study: Study) -> None:
    await find(visitor, "I waited 14 months", "coding/")
    name = visitor.answer
    assert "Suggested: <strong>" in visitor.page
    form = re.search(r'<form method="post" class="chip suggested">(.*?)</form>', visitor.page, re.DOTALL)
    assert form
    fields = dict(re.findall(r'name="(subtheme|stance|original)" value="([^"]*)"', form[1]))
    await visitor.send(do="accept", **fields)
    assert "(accepted suggestion)" in visitor.page
    await visitor.send(do="code", span="0-20", subtheme="compassion", stance="wish", memo="<b>hm</b>")
    assert "&lt;b&gt;hm&lt;/b&gt;" in visitor.page
    assert "suggest=no" not in visitor.url
    await visitor.send(do="finish")
    assert visitor.answer != name
    assert "You finished 1 of 6" in visitor.page
    made = [each for each in study.book.of(name) if each.kind == "coding.made"]
    assert [(each.detail["origin"], each.detail["status"]) for each in made] == [
        ("machine", "accepted"),
        ("person", "added"),
    ]
    assert "Suggested" not in await visitor.get(f"coding/?answer={name}&suggest=no")


async def test_codings_keep_their_place_when_a_reviewer_takes_more_out(visitor: Visitor, study: Study) -> None:
    await find(visitor, "only trans man", "coding/")
    name = visitor.answer
    clean = "My key worker [STAFF_1] listened to me properly."
    start = clean.index("listened")
    await visitor.send(do="code", span=f"{start}-{start + 8}", subtheme="compassion", stance="help")
    (made,) = (each for each in study.book.of(name) if each.kind == "coding.made")
    original = "My key worker Janet Blackwood listened to me properly."
    assert original[made.detail["start"] : made.detail["end"]] == "listened"
    await visitor.get(f"review/?answer={name}")
    await visitor.send(do="take out", words="My key worker", kind="STAFF")
    page = await visitor.get(f"coding/?answer={name}")
    assert "<strong>Compassion" in page


async def test_two_coders_are_blind_and_a_third_settles(visitor: Visitor, study: Study) -> None:
    await find(visitor, "I waited 14 months", "coding/")
    name = visitor.answer
    await visitor.send(do="code", span="0-20", subtheme="compassion", stance="harm", memo="memo of ana")
    await visitor.send(do="finish")
    await visitor.get("settle/")
    assert "Nothing to settle" in visitor.page
    second = await serve(study, "ben")
    try:
        ben = Visitor(second.researcher)
        await ben.get(f"coding/?answer={name}")
        assert "memo of ana" not in ben.page
        await ben.send(do="code", span="0-20", subtheme="compassion", stance="wish")
        await ben.send(do="finish")
        await ben.get("settle/")
        assert "memo of ana" in ben.page
        (first, other) = re.findall(r'name="keep" value="([^"]*)"', ben.page)
        await ben.send(do="settle", keep=first)
        assert "Nothing to settle" in ben.page
        assert "Settled by ben" in await ben.get(f"settle/?answer={name}")
        assert other != first
    finally:
        await second.close()


async def test_after_a_withdrawal_the_answer_is_gone_from_every_page(visitor: Visitor, study: Study) -> None:
    await find(visitor, "Dr Patel", "review/")
    name = visitor.answer
    await asyncio.to_thread(study.withdraw, 2)
    for where in ("review/", "coding/", "settle/"):
        await visitor.get(f"{where}?answer={name}")
        assert (visitor.status, "no longer there" in visitor.page) == (409, True)


def test_sensitive_topics_have_a_note_and_others_none() -> None:
    guide = load_guide("relational-practice")
    for topic in guide.topics:
        for each in topic.questions:
            assert content_note(guide.id, each.id) == (topic.title if topic.sensitive else "")
    assert any(topic.sensitive for topic in guide.topics)
    assert content_note("unknown", "unknown") == ""
