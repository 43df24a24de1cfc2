"""What a newcomer can see, from end to end: the demo is started, talked to in a browser, looked at, and stopped.

The tests are chapters and follow each other: what was said in the first is looked for in the later ones.
"""

import re
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.test_story.chat import Chat, open_page
from tests.test_story.conftest import Demo

pytestmark = pytest.mark.browser

CANARY = "the purple kettle sang in the corridor"
TAKEN_BACK = "a green ladder stood in the rain"
SOUND = b"OggS" + bytes(range(256)) * 20
PHONE_AT_NIGHT = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}
CONTACTS = "Samaritans: Call 116 123"


async def test_a_newcomer_tells_how_it_was(demo: Demo, browser: Browser) -> None:
    async with open_page(browser, demo.chat) as page:
        chat = Chat(page)
        await chat.begin()
        await chat.press("I need support", then="Here is what you can do at any time")
        await expect(page.get_by_role("log")).to_contain_text(CONTACTS)
        await chat.press("Back to where I was", then="Hello. This is Hearten")
        await read_and_agree(chat)
        await choose(chat)
        await tell_what_helped(chat)
        await tell_with_a_break(chat)
        await tell_with_help(chat)


async def read_and_agree(chat: Chat) -> None:
    """The information, page by page, and consent, item by item: pressed, and once in words."""
    await chat.press("Tell me more", then="Who we are and why we ask")
    for title in ("What we will ask", "What Telegram can see", "How your answers are kept", "If things get hard"):
        await chat.press("Next", then=title)
    await chat.write("next", then="What you can do at any time")
    await chat.press("Next", then="Your phone and other people")
    await chat.press("Next", then="Are you 18 or over?")
    await chat.press("Yes", then="outside a hospital ward?")
    await chat.write("yes", then="in English only")
    await chat.press("Yes", then="able to decide")
    await chat.press("Yes", then="Would you like to take part?")
    await chat.press("Yes, I agree to take part", then="your own words in reports")
    await chat.press("Yes, you may use my words", then="summary for the Riverside community team")
    await chat.press("Yes, count my answers in", then="write to you here later on")
    await chat.press("No, do not ask me again", then="would you like us to send it")
    await chat.press("Yes, send me the answer", then="Are you on your own")
    receipt = chat.page.get_by_role("log")
    await expect(receipt).to_contain_text("Being asked again later: no")
    await expect(receipt).to_contain_text(re.compile(r"Your withdrawal code is \S{8,}"))


async def choose(chat: Chat) -> None:
    """Alone, now, the short way, three topics, and one thing about oneself that is rather not said."""
    await chat.press("I am on my own", then="safe and private time")
    await chat.press("Yes, now is fine", then="shall we clear it and our question")
    await chat.press("No", then="How much time")
    await chat.press("The short way, about 15 minutes", then="Here are the topics")
    for number, topic in enumerate(("What has helped", "Being heard and having a say", "Anything else"), start=1):
        await chat.button(topic).click()
        await expect(chat.button(f"{number}. {topic}")).to_be_visible()
    await chat.press("Done, these ones", then="a few things about yourself")
    await chat.press("Yes, ask me", then="How old are you?")
    await chat.press("35 to 44", then="your gender?")
    await chat.press("I would rather not say", then="straight, gay or bi")
    await chat.write("skip", then="ethnic group")
    for then in ("Where do you live?", "What kind of service", "This part is about what has helped you"):
        await chat.press("I would rather not say", then=then)


async def tell_what_helped(chat: Chat) -> None:
    """By keyboard alone, but for the file of the voice note: several messages, one of them changed."""
    keyboard = chat.page.keyboard
    await chat.tab_to(chat.button("Next"))
    await chat.keys("", then="What has helped you, in small ways or big ones?")
    await chat.tab_to(chat.words)
    await chat.keys("my support worker Denise rang me every friday", then="We have kept that, in your words.")
    await keyboard.press("ArrowUp")
    await expect(chat.page.get_by_text("Changing your message")).to_be_visible()
    await keyboard.press("Control+a")
    await chat.keys("My support worker Denise rang me when I was low.", then="in place of the old ones")
    await chat.keys(f"One day {CANARY} and she laughed with me.", then="We have kept that too.")
    await chat.attach_voice_note(SOUND, then="We have kept your voice note.")
    await chat.tab_to(chat.button("Done"), "Shift+Tab")
    await chat.keys("", then="Being heard and having a say")


async def tell_with_a_break(chat: Chat) -> None:
    """Pause in words, come back by a button to the same place, and change a message by the button beside it."""
    await chat.press("Next", then="what happened?")
    await chat.write("They wrote it all down.", then="We have kept that, in your words.")
    await chat.write("pause", then="There is no hurry at all")
    await chat.press("Carry on", then="what happened?")
    await expect(chat.page.get_by_role("log")).to_contain_text("We were at: Being heard and having a say.")
    await chat.write("Then nobody read it.", then="We have kept that too.")
    await chat.change("Then nobody read it.", "But then nobody read it again.", then="in place of the old ones")
    await chat.write("done", then="Anything else")


async def tell_with_help(chat: Chat) -> None:
    """Ask for help in words in the middle of an answer, go back, and come to the end."""
    await chat.press("Next", then="Is there something we have not asked about")
    await chat.write("The bus there costs a lot.", then="We have kept that, in your words.")
    await chat.write("help", then="Here is what you can do at any time")
    await chat.press("Back to where I was", then="Is there something we have not asked about")
    await chat.write("I walk when I can.", then="We have kept that too.")
    await chat.press("Done", then="How was this for you?")
    await chat.press("I would rather not say", then="withdrawal code")
    await expect(chat.page.get_by_role("log")).to_contain_text("Thank you for your time.")
    await chat.press("I need support", then="Here is what you can do at any time")


async def test_another_person_takes_everything_back(demo: Demo, browser: Browser) -> None:
    """Side by side with the first: the address of the second person's page is on the first one's."""
    async with open_page(browser, demo.chat) as page:
        await expect(page.get_by_role("log")).to_contain_text(CANARY)
        await page.get_by_role("link", name="Person 2").click()
        chat = Chat(page)
        await chat.begin()
        await expect(page.get_by_role("log")).not_to_contain_text(CANARY)
        await read_and_agree(chat)
        await choose(chat)
        await chat.press("Next", then="What has helped you")
        await chat.write(f"I remember how {TAKEN_BACK}.", then="We have kept that, in your words.")
        await chat.press("Delete what I said", then="Shall we delete it?")
        await chat.press_and_clear("Yes, delete everything", then="It is done.")
        await expect(chat.button("I need support")).to_be_visible()


async def test_what_the_researcher_sees(demo: Demo, browser: Browser) -> None:
    """The first person's words without the name in them, with it only when asked for; nothing of the second."""
    await demo.until_people_spoke()
    async with open_page(browser, demo.chat) as page:
        async with page.context.expect_page() as opened:
            await page.get_by_role("link", name="What the researcher would see").first.click()
        researcher = await opened.value
        assert researcher.url == demo.researcher
        await researcher.get_by_label("Question").select_option("helped_what")
        await researcher.get_by_role("button", name="Show").click()
        everything = await all_pages(researcher)
        assert everything.count(CANARY) == 1
        assert re.search(r"My support worker \[[A-Z]+_\d+\] rang me when I was low\.", everything)
        assert "Denise" not in everything
        assert "rang me every friday" not in everything
        assert "1 voice note, kept" in everything
        assert TAKEN_BACK not in everything
        await researcher.goto(demo.researcher + "?question=helped_what&words=original")
        assert "My support worker Denise rang me when I was low." in await all_pages(researcher)


async def all_pages(page: Page) -> str:
    """The words of this page of answers and of all that follow it."""
    words = await page.locator("main").inner_text()
    further = page.get_by_role("link", name="Further in the list")
    while await further.count():
        await further.click()
        words += await page.locator("main").inner_text()
    return words


async def test_what_the_service_sees(demo: Demo, browser: Browser) -> None:
    """A summary that counts people. The words of those who have not been reviewed are not in it."""
    await demo.until_people_spoke()
    async with open_page(browser, demo.service) as page:
        await expect(page.get_by_role("heading", name="Riverside community team")).to_be_visible()
        quarter = page.get_by_role("main").get_by_role("link")
        await expect(quarter).to_have_count(1)
        await quarter.click()
        main = page.get_by_role("main")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        summary = await page.locator("body").inner_text()
        assert re.search(r"\b2\d people\b", summary), summary
        assert await main.get_by_role("table").count() > 0
        for words in (CANARY, TAKEN_BACK, "Denise", "rang me"):
            assert words not in summary


async def look(page: Page) -> list[str]:
    """What is wrong with a page for those who use a screen reader, a keyboard, or a narrow screen."""
    found = (await Axe().run(page)).response["violations"]
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"{page.url}: {each['id']}" for each in found] + ([f"{page.url}: too wide"] if wide else [])


async def is_in_place(page: Page) -> bool:
    """The chat scrolls inside its frame: the box to write in stays at the foot of the window."""
    return bool(await page.evaluate("document.documentElement.scrollHeight <= innerHeight && scrollY === 0"))


@pytest.mark.parametrize("settings", [{}, PHONE_AT_NIGHT], ids=["desktop by day", "phone at night"])
async def test_every_page_is_fit_to_look_at(demo: Demo, browser: Browser, settings: dict[str, Any]) -> None:
    """The first person's chat from its first word to its last, a chat before its first word, and the other pages."""
    await demo.until_people_spoke()
    async with open_page(browser, demo.chat, **settings) as page:
        await expect(page.get_by_role("log")).to_contain_text("We have kept your voice note.")
        wrong = await look(page)
        assert await is_in_place(page)
        for address in (f"{demo.chat}&person=3", demo.researcher, f"{demo.researcher}?words=original", demo.service):
            await page.goto(address)
            wrong += await look(page)
        await page.get_by_role("main").get_by_role("link").click()
        wrong += await look(page)
    assert wrong == []


async def test_it_ends_when_asked_and_begins_again_in_seconds(demo: Demo, browser: Browser) -> None:
    """With a page still open. No word that was said is on the disk or on the screen, then or afterwards."""
    said = [CANARY.encode(), TAKEN_BACK.encode(), b"rang me", SOUND[:64]]
    await demo.until_people_spoke()
    assert [words for words in said if words in demo.every_byte()] == []
    assert sorted(each.split()[1] for each in demo.processes()) == ["analysis", "bot"]
    async with open_page(browser, demo.chat) as page:
        await expect(page.get_by_role("log")).to_contain_text(CANARY)
        assert await demo.interrupt() == 0
    assert demo.processes() == []
    assert "Traceback" not in demo.output
    assert [words for words in said if words in demo.every_byte() + demo.output.encode()] == []

    again = await Demo.start(demo.folder)
    try:
        assert again.seconds_to_chat < 20
        async with open_page(browser, again.chat) as page:
            await page.get_by_role("button", name="Start", exact=True).click()
            await expect(page.get_by_role("log")).to_contain_text("We have come to the end")
    finally:
        assert await again.interrupt() == 0
    assert "Invented people" not in again.output
