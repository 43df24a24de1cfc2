"""The pages in a real browser: accessible, within the width of a phone, and asking nothing of any network."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from analysis.disclosure import Tally
from analysis.frameworks import DEFAULT, read_framework
from analysis.model import Coded, Coding, Stance
from analysis.period import read_period
from analysis.reading import CodedAnswer, Masked, Reading
from analysis.serve.app import start_pages, start_published
from analysis.services import Service, Services
from analysis.summary import Candidates, PointAnswer, ServiceAnswers, Summary, render, summarise, tally
from analysis.summary.easy import render_easy
from analysis.summary.mirrors import STAFF
from tests.test_reports.invented import answer, coded, coding, stream
from tests.test_reports.test_due import ELM, Maker, due_in, run
from tests.test_reports.test_serve import TOKEN, ByWord, Shelf, without_kevin
from tests.test_reports.test_summary import people, summary_of

LOOKS = [("dark", 1280), ("light", 320)]

pytestmark = pytest.mark.browser


async def visit(page: Page, url: str) -> tuple[list[str], list[str]]:
    """What the browser complains about, and every address that it asks for."""
    said: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: requests.append(request.url))
    await page.goto(url)
    return said, requests


async def look(browser: Browser, url: str, *sounds: str) -> list[str]:
    """Everything that is wrong with a page in any of the looks. `sounds`: what it may ask for beside itself."""
    wrong: list[str] = []
    for scheme, width in LOOKS:
        context = await browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        page = await context.new_page()
        said, requests = await visit(page, url)
        wrong += said
        if not {url} <= set(requests) <= {url, *sounds}:
            wrong.append(f"asked for more than itself: {requests}")
        if await page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"wider than {width}")
        found = await Axe().run(page)
        wrong += [f"{scheme} {width}: {each['id']}" for each in found.response["violations"]]
        await context.close()
    return wrong


async def page_of(kind: str) -> Summary:
    if kind == "full":
        heard = people(30, "t1s1") + people(12, "t2s3", "harm") + people(9, "t3s1", "wish") + people(3, "t0s0")
        return await summary_of(heard)
    if kind == "all withheld":
        return await summary_of([coded(answer(f"p{n}"), coding(f"t1s{n % 3}", "harm")) for n in range(9)])
    return await summary_of([])


async def everything() -> Summary:
    """A summary with all that one can hold: quotations, who answered, change, and what staff reflected."""
    users = read_framework(DEFAULT)
    answers = []
    for number in range(60):
        text = f"Number {number} says that [STAFF_1] listened, and that it took a long time to get there."
        stances: tuple[Stance, ...] = ("help",) if number % 2 else ("harm", "wish")
        codings = tuple(
            Coding(subtheme=each.id, theme=users.theme_of(each.id).id, stance=stance, confidence=0.9, start=0,
                end=len(text), reason="")
            for each in users.subthemes[number % 3 : 12 : 3]
            for stance in stances
        )  # fmt: skip
        answers.append(
            CodedAnswer(answer(f"p{number}", text), Masked(text, {}, "approved"), Coded(codings=codings, top=()))
        )
    told = {f"p{n}": {"gender": "woman" if n % 3 else "man", "age": "from_18_to_24"} for n in range(36)}
    staff = Tally(answered=set(range(9)), asked=set(range(9)))
    for person in range(9):
        staff.heard("relationships").add(person, "harm")
    earlier: list[Summary] = []
    for name in ("2026-Q1", "2026-Q2", "2026-Q3"):
        period, candidates = read_period(name), Candidates()
        counted = await tally(stream(answers[: 54 if name < "2026-Q3" else 60]), stream([]), candidates, told)
        earlier.append(
            summarise(counted, users, Service(code="elm", name="Elm Tree"), period, period.until,
                candidates=candidates, earlier=earlier, staff=(staff, read_framework(STAFF)))
        )  # fmt: skip
    return earlier[-1]


async def test_a_summary_with_everything_in_it(browser: Browser, tmp_path: Path) -> None:
    summary = await everything()
    assert summary.quotations
    assert summary.sample
    assert summary.change and summary.change.rows  # noqa: PT018
    assert summary.mirrors and summary.mirrors.rows  # noqa: PT018
    points = (
        PointAnswer(point="compassion", title="Compassion", status="planned", text="A course.", until="May 2027"),
    )
    file = tmp_path / "summary.html"
    file.write_text(render(summary, answers=ServiceAnswers(points=points)), "utf-8")
    assert await look(browser, file.as_uri()) == []


@pytest.mark.parametrize("kind", ["full", "all withheld", "too few"])
async def test_a_summary_opened_from_a_file(browser: Browser, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "summary.html"
    file.write_text(render(await page_of(kind)), "utf-8")
    assert await look(browser, file.as_uri()) == []


@pytest.mark.parametrize("kind", ["full", "all withheld", "too few"])
async def test_an_easy_read_page_opened_from_a_file(browser: Browser, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "easy.html"
    file.write_text(render_easy(await page_of(kind)), "utf-8")
    assert await look(browser, file.as_uri()) == []


async def test_the_pages_of_the_server(browser: Browser) -> None:
    shelf = Shelf()
    for number in range(30):
        shelf.tell(answer(f"p{number}", "Kevin was kind and I waited. <b>سلمى</b> \u202eabc"))
    services = Services((Service(code="elm", name="Elm Tree"),))
    served = await start_pages(
        shelf.open, reading=Reading(ByWord(), lambda: without_kevin), services=services, port=0, token=TOKEN
    )
    try:
        pages = ["", "service/elm/2026-Q3", f"researcher/{TOKEN}/", f"researcher/{TOKEN}/?words=original&code=none"]
        pages += [f"researcher/{TOKEN}/numbers/", f"researcher/{TOKEN}/numbers/elm/2026-Q3"]
        pages += [f"researcher/{TOKEN}/?period=2026-Q3&code=t1s1,t2s3&told=help&counted=yes"]
        for address in pages:
            assert await look(browser, served.service + address) == [], address
        page = await browser.new_page()
        await page.goto(served.researcher)
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.get_by_label("Theme").select_option("t2s3")
        await page.get_by_role("button", name="Show").press("Enter")
        await page.wait_for_url("**code=t2s3**")
        await page.locator("summary").first.press("Enter")
        assert await page.locator("details[open]").count() == 1
    finally:
        await served.close()


async def test_from_a_number_to_its_answers_and_on_to_a_search_by_keyboard(browser: Browser) -> None:
    shelf = Shelf()
    for number in range(30):
        shelf.tell(answer(f"p{number}", f"Kevin was kind at stop {number}."))
    services = Services((Service(code="elm", name="Elm Tree"),))
    served = await start_pages(
        shelf.open, reading=Reading(ByWord(), lambda: without_kevin), services=services, port=0, token=TOKEN
    )
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    try:
        await page.goto(served.researcher + "numbers/")
        await page.get_by_role("link", name="July to September 2026").press("Enter")
        await page.get_by_role("link", name="30, Compassion, helped: read the answers").first.press("Enter")
        await page.wait_for_url("**code=t1s1&told=help&counted=yes")
        assert await page.locator("article").count() == 25
        await page.get_by_label("Words to look for").fill("STOP 17")
        await page.get_by_label("Words to look for").press("Enter")
        await page.wait_for_url("**counted=yes&search=*")
        assert await page.locator("article").count() == 1
        assert "at stop 17." in await page.locator("blockquote").inner_text()
        assert "stop" not in page.url.lower()
        assert await page.get_by_label("Words to look for").input_value() == "STOP 17"
        assert (await Axe().run(page)).response["violations"] == []
        assert said == []
    finally:
        await context.close()
        await served.close()


async def test_the_published_pages(browser: Browser, tmp_path: Path) -> None:
    await run(due_in(tmp_path, ELM), Maker())
    served = await start_published(tmp_path, 0)
    try:
        for address in ("", "elm/2025-Q4/page", "elm/2025-Q4/easy-read"):
            assert await look(browser, served.service + address) == [], address
        page = await browser.new_page()
        await page.goto(served.service)
        await page.get_by_role("link", name=re.compile("Read it.*October to December 2025")).press("Enter")
        await page.wait_for_url("**/elm/2025-Q4/page")
        assert await page.locator("h1").inner_text() == "What people told Elm Tree"
        await page.close()
    finally:
        await served.close()
