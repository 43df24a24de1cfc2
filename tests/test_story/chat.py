"""The chat page as a person in front of it uses it: reads the newest message, presses what is under it, writes."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect

HERE = re.compile(r"(blob:)?http://127\.0\.0\.1:")
DESKTOP = {"width": 1100, "height": 800}


class Chat:
    """One person's page. Every act names some words of the message that must be the newest one afterwards."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.words = page.get_by_label("Your message")
        self._bot = page.locator("#messages > .bot")

    async def begin(self) -> None:
        await self.page.get_by_role("button", name="Start", exact=True).click()
        await expect(self._bot.last).to_contain_text("Hello. This is Hearten")

    def button(self, label: str) -> Locator:
        """The button of that name under the newest message."""
        return self.page.locator("#messages > li").last.get_by_role("button", name=label, exact=True)

    async def press(self, label: str, then: str) -> None:
        async with self._answered(then):
            await self.button(label).click()

    async def press_and_clear(self, label: str, then: str) -> None:
        """Press a button after which nothing stays in the chat but the last words."""
        await self.button(label).click()
        await expect(self._bot).to_have_count(1)
        await expect(self._bot.last).to_contain_text(then)

    async def write(self, text: str, then: str) -> None:
        async with self._answered(then):
            await self.words.fill(text)
            await self.page.get_by_role("button", name="Send", exact=True).click()

    async def change(self, old: str, new: str, then: str) -> None:
        """Edit a message that was sent."""
        async with self._answered(then):
            mine = self.page.locator("#messages > .mine", has_text=old)
            await mine.get_by_role("button", name="Change this message").click()
            await self.words.fill(new)
            await self.page.get_by_role("button", name="Send", exact=True).click()

    async def attach_voice_note(self, sound: bytes, then: str) -> None:
        async with self._answered(then):
            await self.page.get_by_role("button", name="Attach something").click()
            file = {"name": "note.ogg", "mimeType": "audio/ogg", "buffer": sound}
            await self.page.get_by_label("Voice note from a file").set_input_files(file)  # type: ignore[arg-type]

    async def keys(self, text: str, then: str) -> None:
        """Type into whatever has the focus, and Enter."""
        async with self._answered(then):
            await self.page.keyboard.type(text)
            await self.page.keyboard.press("Enter")

    async def tab_to(self, place: Locator, key: str = "Tab") -> None:
        """Move the focus by that key until it is there."""
        for _ in range(30):
            await self.page.keyboard.press(key)
            if await place.evaluate("node => node === document.activeElement"):
                return
        raise AssertionError(f"{key} does not reach {place}.")

    @asynccontextmanager
    async def _answered(self, then: str) -> AsyncIterator[None]:
        before = await self._bot.count()
        yield
        await expect(self._bot.nth(before)).to_be_attached()
        await expect(self._bot.last).to_contain_text(then)


@asynccontextmanager
async def open_page(browser: Browser, address: str, **settings: Any) -> AsyncIterator[Page]:
    """A page of its own; what it asks for beyond this computer, or complains about, fails the test."""
    context = await browser.new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce"} | settings)
    page = await context.new_page()
    page.set_default_timeout(10_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type in ("error", "warning") else None)
    page.on("request", lambda asked: None if HERE.match(asked.url) else wrong.append(asked.url))
    await page.goto(address)
    yield page
    await context.close()
    assert not wrong, wrong
