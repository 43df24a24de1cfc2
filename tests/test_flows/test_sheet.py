"""The information sheet and consent form: word for word what people read in the chat, on a page for everybody."""

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from flows.library import GUIDES, guide_names, load_guide
from flows.sheet import FIELDS, show_sheet
from tests.test_flows.test_show import SLOT, words_of
from tests.test_flows.walking import GUIDE


@pytest.mark.parametrize("name", guide_names())
def test_what_people_read_before_they_agree_is_on_the_sheet_word_for_word(name: str) -> None:
    guide = load_guide(name)
    words = words_of(show_sheet(guide))
    texts = [guide.arrival, *(text for page in guide.information for text in (page.title, page.text))]
    texts += [text for item in guide.consent for text in (item.short, item.text, item.yes, item.no)]
    texts += [each.text for each in guide.eligibility] + [each.text for each in guide.about]
    texts += [topic.title for topic in guide.topics] + [person.reach for person in guide.contacts.people]
    for text in texts:
        for piece in SLOT.split(text):
            assert " ".join(piece.split()) in words, text
    assert all(field in words for field in FIELDS)


def test_it_names_the_guide_its_version_and_the_mark_of_the_wording() -> None:
    page = show_sheet(GUIDE)
    assert f"{GUIDE.id}, version {GUIDE.version}" in page
    assert GUIDE.wording in page
    first = GUIDE.consent[0]
    changed = GUIDE.model_copy(update={"consent": (first.model_copy(update={"yes": "Yes please"}), *GUIDE.consent[1:])})
    assert changed.wording not in page
    assert changed.wording in show_sheet(changed)
    assert show_sheet(GUIDE) == page


def test_consent_items_are_those_of_the_chat_in_their_order() -> None:
    page = show_sheet(GUIDE)
    shown = re.findall(r"<h3>\d+\. ([^<]+?)(?: <span.*?</span>)?</h3>", page)
    assert [html.unescape(each) for each in shown] == [item.short for item in GUIDE.consent]
    assert page.count('class="ticks"') == len(GUIDE.consent)
    assert page.count(">needed<") == 1


def test_what_stands_in_a_guide_is_text_whatever_it_is() -> None:
    page = show_sheet(GUIDE.model_copy(update={"title": "<script>alert(1)</script>", "arrival": "Hello <b>you</b>"}))
    assert "<script" not in page
    assert "<b>you" not in page


def test_the_door_writes_the_sheet_and_never_over_another(tmp_path: Path) -> None:
    def sheet(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "flows", "sheet", *arguments]
        env = {"PYTHONPATH": str(GUIDES.parents[1]), "PATH": ""}
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, env=env)

    assert sheet("pulse").returncode == 0
    file = tmp_path / "pulse-sheet.html"
    file.write_text("mine")
    again = sheet("pulse")
    assert (again.returncode, file.read_text(), again.stderr.count("\n")) == (1, "mine", 1)
    assert sheet("pulse", "--force").returncode == 0
    assert file.read_text().startswith("<!doctype html>")


@pytest.mark.browser
@pytest.mark.parametrize("name", guide_names())
@pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), ("light", 320)])
async def test_the_sheet_in_a_browser(browser: Browser, tmp_path: Path, name: str, scheme: str, width: int) -> None:
    file = tmp_path / "sheet.html"
    file.write_text(show_sheet(load_guide(name)), "utf-8")
    context = await browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = await context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(file.as_uri())
    assert (said, asked) == ([], [file.as_uri()])
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    found = await Axe().run(page)
    assert [each["id"] for each in found.response["violations"]] == []
    await context.close()
