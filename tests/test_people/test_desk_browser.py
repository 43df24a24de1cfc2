"""The pages of the desk in a real browser: by keyboard alone, accessible, on a phone, asking nothing of any network."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from analysis.serve import Served
from tests.test_people.conftest import Study
from tests.test_people.test_desk_pages import Visitor, find, serve
from tests.test_reports.test_browser import look

pytestmark = pytest.mark.browser


@pytest_asyncio.fixture(loop_scope="session")
async def desk(tmp_path: Path, make_study: Callable[[Path], Study]) -> AsyncIterator[tuple[Served, Study]]:
    study = await asyncio.to_thread(make_study, tmp_path)
    running = await serve(study, "ana")
    yield running, study
    await running.close()


async def answer_with(served: Served, words: str, where: str = "review/") -> str:
    visitor = Visitor(served.researcher)
    await find(visitor, words, where)
    return visitor.answer


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)
    await page.wait_for_load_state()


async def test_every_page_is_accessible_fits_a_phone_and_asks_for_nothing(
    browser: Browser, desk: tuple[Served, Study]
) -> None:
    served, study = desk
    name = await answer_with(served, "only trans man")
    visitor = Visitor(served.researcher)
    await visitor.get(f"coding/?answer={name}")
    await visitor.send(do="code", span="0-10", subtheme="compassion", stance="harm", memo="A note of mine.")
    await visitor.send(do="finish")
    other = await serve(study, "ben")
    try:
        ben = Visitor(other.researcher)
        await ben.get(f"coding/?answer={name}")
        await ben.send(do="finish")
    finally:
        await other.close()
    for address in (
        f"review/?answer={name}", f"review/?answer={name}&hide=1", f"coding/?answer={name}",
        f"coding/?answer={name}&suggest=no", f"settle/?answer={name}",
    ):  # fmt: skip
        assert await look(browser, served.researcher + address) == [], address
    await visitor.get("review/")
    for _ in range(6):
        await visitor.send(do="approve")
    assert "Everything is reviewed" in visitor.page
    assert await look(browser, served.researcher + "review/") == []
    await visitor.get(f"settle/?answer={name}")
    await visitor.send(do="settle")
    assert await look(browser, served.researcher + "settle/") == []


async def test_reviewing_with_the_keyboard_alone(browser: Browser, desk: tuple[Served, Study]) -> None:
    served, _ = desk
    name = await answer_with(served, "only trans man")
    page = await browser.new_page()
    await page.goto(f"{served.researcher}review/?answer={name}")
    await press(page, "t")
    await page.keyboard.type("properly")
    await press(page, "Enter")
    await expect(page.locator(".out", has_text="properly")).to_have_count(1)
    await press(page, "j", "j", "l")
    await expect(page.locator(".out", has_text="properly")).to_have_count(0)
    await press(page, "u")
    await expect(page.locator(".out", has_text="properly")).to_have_count(1)
    await press(page, "h")
    await expect(page.locator("#words")).to_be_hidden()
    await press(page, "a")
    await expect(page.locator("header")).to_contain_text("1 approved")
    await press(page, "u")
    await expect(page.locator("header")).to_contain_text("0 approved")
    await expect(page.locator("article")).to_contain_text("only trans man")
    await press(page, "a")
    await expect(page.locator("header")).to_contain_text("1 approved")
    await press(page, "w")
    await expect(page.locator("header")).to_contain_text("1 approved, 1 withheld")
    await page.close()


async def test_selecting_words_takes_out_these_and_no_others(browser: Browser, desk: tuple[Served, Study]) -> None:
    """Counted in code points: an emoji stands before the selection."""
    served, _ = desk
    name = await answer_with(served, "Dr Patel")
    page = await browser.new_page()
    await page.goto(f"{served.researcher}review/?answer={name}")
    await page.evaluate(
        """() => {
          const last = [...document.querySelectorAll('#words [data-at]')].at(-1).firstChild;
          const at = last.data.indexOf('my notes');
          getSelection().setBaseAndExtent(last, at, last, at + 'my notes'.length);
        }"""
    )
    await expect(page.locator("#selected")).to_have_value("my notes")
    await page.get_by_role("button", name="Take out").click()
    await expect(page.locator(".out", has_text="my notes")).to_have_text("my notes")
    await expect(page.locator(".items li")).to_have_count(2)
    await page.close()


async def test_coding_with_the_keyboard_alone(browser: Browser, desk: tuple[Served, Study]) -> None:
    served, study = desk
    name = await answer_with(served, "I waited 14 months", "coding/")
    page = await browser.new_page()
    await page.goto(f"{served.researcher}coding/?answer={name}")
    suggested = await page.locator(".suggested").count()
    assert suggested
    await press(page, "j", "k", "a")
    await expect(page.locator(".chip", has_text="(accepted suggestion)")).to_have_count(1)
    await press(page, "u")
    await expect(page.locator(".suggested")).to_have_count(suggested)
    await press(page, "j", "3", "c")
    await expect(page.locator(".chip", has_text="wished for")).to_have_count(1)
    (made,) = (each for each in study.book.of(name) if each.kind == "coding.made")
    assert made.detail["stance"] == "wish"
    assert made.detail["start"] > 0
    assert await page.locator("[data-current]").get_attribute("data-start") == str(made.detail["start"])
    await press(page, "/")
    await page.keyboard.type("compass")
    await press(page, "Enter", "z")
    await expect(page.locator(".chip", has_text="Compassion")).to_have_count(1)
    await press(page, "f")
    await expect(page.locator("header")).to_contain_text("You finished 1 of 6")
    await page.close()


async def test_keys_can_be_switched_off_and_never_act_while_one_types(
    browser: Browser, desk: tuple[Served, Study]
) -> None:
    served, study = desk
    page = await browser.new_page()
    await page.goto(f"{served.researcher}review/")
    before = len(list(study.book.everything()))
    await press(page, "t")
    await page.keyboard.type("wau")
    await press(page, "Escape")
    await page.get_by_label("Answer to single keys").uncheck()
    await page.reload()
    await press(page, "w", "a", "u")
    assert len(list(study.book.everything())) == before
    await page.close()


async def test_changing_a_suggestion(browser: Browser, desk: tuple[Served, Study]) -> None:
    served, study = desk
    name = await answer_with(served, "I waited 14 months", "coding/")
    page = await browser.new_page()
    await page.goto(f"{served.researcher}coding/?answer={name}")
    await press(page, "j", "k", "g")
    await expect(page.locator("#changing")).to_be_visible()
    await press(page, "v")
    await expect(page.locator(".chip", has_text="(changed suggestion)")).to_have_count(1)
    (made,) = (each for each in study.book.of(name) if each.kind == "coding.made")
    assert (made.detail["origin"], made.detail["status"], made.detail["stance"]) == ("machine", "changed", "mixed")
    await page.close()
