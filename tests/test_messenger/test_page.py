"""The chat page in a real browser: a conversation by keyboard alone, accessible, at every width, light and dark."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

pytestmark = pytest.mark.browser

WIDE = {"width": 1100, "height": 800}
PHONE = {"width": 320, "height": 640}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@asynccontextmanager
async def chat_page(browser: Browser, address: str, **settings: Any) -> AsyncIterator[Page]:
    """A page of its own; any error in its console, a refused resource included, fails the test."""
    context = await browser.new_context(**{"viewport": WIDE} | settings)
    page = await context.new_page()
    page.set_default_timeout(5000)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda line: troubles.append(line.text) if line.type in ("error", "warning") else None)
    await page.goto(address)
    yield page
    await context.close()
    assert troubles == []


async def check_accessible(page: Page) -> None:
    results = await Axe().run(page, options=RULES)
    assert results.violations_count == 0, results.generate_report()


async def converse(page: Page) -> None:
    """Start, speak, and press a button."""
    await page.get_by_role("button", name="Start").click()
    await expect(page.get_by_role("button", name="Yes, go on")).to_be_visible()
    await page.get_by_label("Your message").fill("It helped when they rang back. " * 8 + "x" * 60)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("You said: It helped")


async def test_a_conversation_by_keyboard_alone(rehearsal: Any, browser: Browser) -> None:
    async with rehearsal() as r, r.echoing(), chat_page(browser, r.messenger.url + "/?person=2&start=RIVER") as page:
        person, keys = r.messenger.person(2), page.keyboard
        await expect(page.get_by_role("button", name="Start")).to_be_visible()
        for _ in range(20):
            await keys.press("Tab")
            if await page.evaluate("document.activeElement.id") == "start":
                break
        await keys.press("Enter")
        words = page.get_by_label("Your message")
        await expect(words).to_be_focused()
        assert person.messages[0].text == "/start RIVER"
        await expect(page.locator("strong", has_text="Hello.")).to_be_visible()

        await keys.type("First line")
        await keys.press("Shift+Enter")
        await keys.type("second line")
        await keys.press("Enter")
        await expect(page.get_by_role("log")).to_contain_text("You said: First line\nsecond line")
        await expect(words).to_have_value("")

        await keys.press("ArrowUp")
        await expect(page.get_by_text("Changing your message")).to_be_visible()
        await keys.press("Control+a")
        await keys.type("Something else")
        await keys.press("Enter")
        await expect(page.get_by_role("log")).to_contain_text("You changed it to: Something else")
        await keys.press("ArrowUp")
        await keys.press("Escape")
        await expect(page.get_by_text("Changing your message")).to_be_hidden()

        skip = page.get_by_role("button", name="Skip this one")
        for _ in range(20):
            await keys.press("Shift+Tab")
            if await skip.evaluate("button => button === document.activeElement"):
                break
        await keys.press("Enter")
        await expect(page.get_by_role("log")).to_contain_text("You chose skip:1.")
        await expect(page.get_by_role("status").filter(has_text="Thank you")).to_be_visible()
        await expect(words).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
async def test_it_is_accessible(rehearsal: Any, browser: Browser, scheme: str, viewport: dict[str, int]) -> None:
    async with rehearsal() as r, r.echoing():
        r.messenger.links = [("What the service would see", "http://127.0.0.1:1/")]
        settings = {"color_scheme": scheme, "viewport": viewport, "reduced_motion": "reduce"}
        async with chat_page(browser, r.messenger.url, **settings) as page:
            await expect(page.get_by_role("button", name="Start")).to_be_visible()
            await check_accessible(page)
            await converse(page)
            person = r.messenger.person(1)
            await person.send_sticker()
            await person.send_photo(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "image/gif")
            await person.send_poll()
            await expect(page.get_by_role("log")).to_contain_text("That was a poll.")
            await check_accessible(page)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            short = (
                "[...document.querySelectorAll('.choices button')].filter(b => b.getBoundingClientRect().height < 44)"
            )
            assert await page.evaluate(f"{short}.length") == 0
            sheets = ("Attach something", "Commands", "More: people, links and settings")
            for opener in sheets if viewport is PHONE else ():
                await page.get_by_role("button", name=opener).click()
                await check_accessible(page)
                await page.keyboard.press("Escape")


async def test_large_text_needs_no_sideways_scrolling(rehearsal: Any, browser: Browser) -> None:
    async with rehearsal() as r, r.echoing(), chat_page(browser, r.messenger.url, viewport=PHONE) as page:
        await converse(page)
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.getElementById('scroll'))")


async def test_it_follows_the_newest_message_until_one_scrolls_up(rehearsal: Any, browser: Browser) -> None:
    async with rehearsal() as r, chat_page(browser, r.messenger.url, viewport=PHONE) as page:
        person = r.messenger.person(1)
        for number in range(30):
            await person.send(f"Number {number}")
        newest = page.get_by_text("Number 29")
        await expect(newest).to_be_in_viewport()
        await page.get_by_label("Your message").fill("A\nlong\nmessage\nof\nmany\nlines")
        await expect(newest).to_be_in_viewport()
        await page.get_by_role("log").evaluate("log => { log.scrollTop = 0 }")
        await expect(newest).not_to_be_in_viewport()
        await r.bot.send_message(person.id, "An answer")
        await page.get_by_role("button", name="New messages below").click()
        await expect(page.get_by_text("An answer")).to_be_in_viewport()


async def test_history_after_reloading_and_people_side_by_side(rehearsal: Any, browser: Browser) -> None:
    async with rehearsal() as r, r.echoing(), chat_page(browser, r.messenger.url + "/?person=2") as page:
        await converse(page)
        await page.reload()
        await expect(page.get_by_role("log")).to_contain_text("You said: It helped")
        await page.goto(r.messenger.url + "/?person=2&start=RIVER")
        await page.get_by_role("button", name="Start").click()
        await expect(page.get_by_label("Your message")).to_be_focused()
        assert [m.text for m in r.messenger.person(2).messages if not m.from_bot][-1] == "/start RIVER"
        await page.get_by_role("link", name="Person 3").click()
        await expect(page.get_by_role("button", name="Start")).to_be_visible()
        await expect(page.get_by_role("log")).not_to_contain_text("It helped")
        await page.get_by_role("link", name="Another person").click()
        await expect(page.get_by_role("link", name="Person 4")).to_have_attribute("aria-current", "page")


async def test_what_the_bot_does_is_seen_at_once(rehearsal: Any, browser: Browser) -> None:
    async with rehearsal() as r, chat_page(browser, r.messenger.url) as page:
        person, log = r.messenger.person(1), page.get_by_role("log")
        await expect(page.get_by_role("button", name="Start")).to_be_visible()
        await person.send("Something private")
        await expect(log).to_contain_text("Something private")
        await r.bot.send_chat_action(person.id, "typing")
        await expect(page.get_by_text("Hearten is writing")).to_be_visible()
        sent = await r.bot.send_message(person.id, "<img src=x onerror=alert(1)> *not bold*")
        await expect(page.get_by_text("Hearten is writing")).to_be_hidden()
        await expect(log).to_contain_text("<img src=x onerror=alert(1)> *not bold*")
        await r.bot.edit_message_text("Kept", chat_id=person.id, message_id=sent.message_id)
        await expect(log).to_contain_text("Kept")
        await r.bot.delete_message(person.id, person.messages[0].id)
        await expect(log).to_contain_text("Removed by Hearten")
        await expect(log).not_to_contain_text("Something private")
        await person.block()
        await expect(page.get_by_text("You have blocked this bot")).to_be_visible()
        await page.get_by_role("button", name="Unblock", exact=True).click()
        await expect(page.get_by_label("Your message")).to_be_visible()


async def test_files_and_other_things(rehearsal: Any, browser: Browser) -> None:
    async with rehearsal() as r, r.echoing(), chat_page(browser, r.messenger.url) as page:
        await converse(page)
        for label, name, mime, kind in (
            ("File", "notes.txt", "text/plain", "document"),
            ("Voice note from a file", "note.ogg", "audio/ogg", "voice"),
        ):
            await page.get_by_role("button", name="Attach something").click()
            await page.get_by_label(label, exact=True).set_input_files(
                {"name": name, "mimeType": mime, "buffer": b"abc"}
            )
            await expect(page.get_by_role("log")).to_contain_text(f"That was a {kind}.")
        for label, kind in (("A sticker", "sticker"), ("A place", "location"), ("A contact", "contact")):
            await page.get_by_role("button", name="Attach something").click()
            await page.get_by_role("button", name=label).click()
            await expect(page.get_by_role("log")).to_contain_text(f"That was a {kind}.")
        receipt = page.get_by_role("link", name=re.compile("notes.txt"))
        async with page.expect_download() as download:
            await receipt.click()
        assert (await download.value).suggested_filename == "notes.txt"


async def test_a_voice_note_is_recorded(rehearsal: Any, browser: Browser) -> None:
    async with rehearsal() as r, r.echoing(), chat_page(browser, r.messenger.url) as page:
        await converse(page)
        await page.get_by_role("button", name="Record a voice note").click()
        await expect(page.get_by_text("Recording")).to_be_visible()
        await expect(page.get_by_text("0:01")).to_be_visible()
        await page.get_by_role("button", name="Stop and send").click()
        await expect(page.get_by_role("log")).to_contain_text("That was a voice.")
        voice = r.messenger.person(1).messages[-2].content["voice"]
        assert voice["duration"] >= 1
        assert voice["mime_type"].startswith("audio/")
        assert voice["file_size"] > 100
        await page.get_by_role("button", name="Record a voice note").click()
        await page.get_by_role("button", name="Throw away").click()
        await expect(page.get_by_label("Your message")).to_be_visible()
        assert len([m for m in r.messenger.person(1).messages if m.kind == "voice"]) == 1


async def test_commands_and_trouble(rehearsal: Any, browser: Browser) -> None:
    async with rehearsal() as r, r.echoing(), chat_page(browser, r.messenger.url) as page:
        await converse(page)
        await page.get_by_role("button", name="Commands").click()
        await page.get_by_role("button", name="/help Someone to talk to").click()
        await expect(page.get_by_role("log")).to_contain_text("You said: /help")
        await page.get_by_role("button", name="More").click()
        await page.get_by_text("Rehearse trouble").click()
        await page.get_by_label("Answer 500").fill("30")
        async with page.expect_response("**/faults"):
            await page.keyboard.press("Tab")
        assert r.messenger.faults.wire()["server_error"]["probability"] == 0.3


async def test_it_finds_its_way_back_after_the_connection_was_lost(rehearsal: Any, browser: Browser) -> None:
    async with rehearsal() as r:
        context = await browser.new_context(viewport=WIDE)
        page = await context.new_page()
        await page.goto(r.messenger.url)
        person, port = r.messenger.person(1), r.messenger.port
        await person.send("Before")
        await expect(page.get_by_role("log")).to_contain_text("Before")
        await r.messenger.stop()
        await expect(page.get_by_text("Trying to reach the messenger again.")).to_be_visible(timeout=10000)
        await person.send("Meanwhile")
        await r.messenger.start(port=port)
        await expect(page.get_by_role("log")).to_contain_text("Meanwhile", timeout=15000)
        await expect(page.locator("#messages .message")).to_have_count(2)
        await context.close()
