"""The rehearsal room: time that can be put forward, trouble as switches, and what the database sees beside the chat."""

import re
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from bot.messenger import Messenger, RehearsalClock, SeenRow
from tests.test_messenger.conftest import TOKEN
from tests.test_messenger.test_page import PHONE, chat_page, check_accessible

WEEK = 7 * 24 * 3600
SEEN = [
    SeenRow(
        "part", {"pseudonym": "9f 3a (32 bytes)", "question": "helped_what", "envelope": "01 7c 22… (1,742 bytes)"}
    ),
    SeenRow("consent", {"pseudonym": "9f 3a (32 bytes)", "item": "take_part", "given": "1"}),
]


def test_time_goes_forward_only() -> None:
    clock = RehearsalClock()
    before = clock()
    clock.forward(WEEK)
    assert clock() - before >= WEEK
    for wrong in (0, -1, 400 * 24 * 3600, float("nan")):
        with pytest.raises(ValueError, match="up to a year"):
            clock.forward(wrong)


async def test_a_week_later_messages_are_too_old_to_be_deleted(rehearsal: Any) -> None:
    async with rehearsal() as r, aiohttp.ClientSession(r.messenger.url) as page:
        person = r.messenger.person(1)
        message = await person.send("now")
        async with page.post("/clock", json={"hours": 168}) as answer:
            assert (await answer.json())["ahead"] == WEEK
        later = await person.send("later")
        assert later.date - message.date >= WEEK
        assert await r.bot.delete_message(person.id, later.id)
        with pytest.raises(Exception, match="can't be deleted"):
            await r.bot.delete_message(person.id, message.id)


@pytest.mark.parametrize("body", [{}, {"hours": "1"}, {"hours": 0}, {"hours": 10**6}, []])
async def test_a_time_that_is_none_is_one_sentence(rehearsal: Any, body: object) -> None:
    async with (
        rehearsal() as r,
        aiohttp.ClientSession(r.messenger.url) as page,
        page.post("/clock", json=body) as answer,
    ):
        assert answer.status == 400
        assert (await answer.json())["error"].endswith(".")


async def test_a_clock_of_somebody_elses_cannot_be_changed() -> None:
    messenger = await Messenger(TOKEN, clock=lambda: 1.0).start()
    async with aiohttp.ClientSession(messenger.url) as page, page.post("/clock", json={"hours": 1}) as answer:
        assert answer.status == 400
    await messenger.stop()


async def test_there_is_nothing_to_see_without_a_database(rehearsal: Any) -> None:
    async with (
        rehearsal() as r,
        aiohttp.ClientSession(r.messenger.url) as page,
        page.get("/people/1/rows") as answer,
    ):
        assert (await answer.json())["rows"] is None


@pytest.mark.browser
async def test_the_page_lets_time_pass(rehearsal: Any, browser: Browser) -> None:
    async with rehearsal() as r, chat_page(browser, r.messenger.url) as page:
        await page.get_by_role("button", name="More").click()
        day = page.locator("#now")
        await expect(day).to_contain_text("In this rehearsal it is")
        before = await day.inner_text()
        await page.get_by_role("button", name="A week later").click()
        await expect(day).not_to_have_text(before)
        assert r.messenger.clock.ahead == WEEK


@pytest.mark.browser
@pytest.mark.parametrize(
    "settings",
    [{}, {"viewport": PHONE, "color_scheme": "dark"}],
    ids=["desktop by day", "phone at night"],
)
async def test_the_page_shows_what_the_database_sees(
    rehearsal: Any, browser: Browser, settings: dict[str, Any]
) -> None:
    asked: list[int] = []

    async def rows(person: int) -> list[SeenRow]:
        asked.append(person)
        return SEEN

    async with rehearsal() as r, chat_page(browser, r.messenger.url + "/?person=2", **settings) as page:
        look = page.get_by_role("button", name="What the database sees")
        await expect(look).to_be_hidden()
        r.messenger.show_rows(rows)
        await look.click()
        beside = page.get_by_role("complementary", name="What the database sees")
        await expect(beside.get_by_text("01 7c 22… (1,742 bytes)")).to_be_visible()
        await expect(beside.get_by_text("take_part")).to_be_hidden()
        await beside.get_by_text(re.compile("What was agreed to")).click()
        await expect(beside.get_by_text("take_part")).to_be_visible()
        await check_accessible(page)
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        before = len(asked)
        await r.messenger.person(2).send("one more thing")
        await page.wait_for_timeout(600)
        assert len(asked) > before
        assert set(asked) == {r.messenger.person(2).id}
        await expect(beside.get_by_text("take_part")).to_be_visible()
        await page.get_by_role("button", name="Close").click()
        await expect(look).to_be_focused()
        await check_accessible(page)
