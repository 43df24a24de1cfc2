"""A guide as one page: everything that the bot can say is on it, it needs nothing else, and everybody can read it."""

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from flows.guide import Guide
from flows.library import GUIDES, guide_names, load_guide
from flows.lint.texts import texts_of
from flows.show import show_guide
from flows.show.map import draw, draw_halves, stops_of
from tests.test_flows.walking import GUIDE

SLOT = re.compile(r"\{\w+\}")


def words_of(page: str) -> str:
    """What can be read on the page, slots left out."""
    body = page[page.index("<body>") :]
    plain = html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r'<span class="slot">.*?</span>', " ", body)))
    return " ".join(re.sub(r"\[[^\]]+\]", " ", plain).split())


@pytest.mark.parametrize("name", guide_names())
def test_everything_that_the_bot_can_say_is_on_the_page(name: str) -> None:
    guide = load_guide(name)
    words = words_of(show_guide(guide))
    for text in texts_of(guide):
        for piece in SLOT.split(text.text):
            assert " ".join(piece.split()) in words, text.place


def test_the_page_is_in_the_order_in_which_people_meet_it() -> None:
    page = show_guide(GUIDE)
    parts = ["map", "arrival", "information", "think", "eligibility", "consent", "setup", "about"]
    parts += [f"topic-{topic.id}" for topic in GUIDE.topics] + ["check-in", "ending", "support", "words"]
    places = [page.index(f'id="{part}"') for part in parts]
    assert places == sorted(places)


def test_every_way_to_a_part_leads_somewhere() -> None:
    page = show_guide(GUIDE)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert not re.search(r"(?:src|href)=\"(?!#)|url\(|@import|<script", page), "the page needs nothing else"


def test_what_stands_in_a_guide_is_text_whatever_it_is() -> None:
    nasty = GUIDE.model_copy(update={"title": "<script>alert(1)</script>", "arrival": 'Hello "<b>you</b>" & co.'})
    page = show_guide(nasty)
    assert "<script>" not in page
    assert "<b>you" not in page
    assert "&lt;b&gt;you&lt;/b&gt;" in page


def test_the_map_has_every_topic_and_its_list_says_the_same() -> None:
    page = show_guide(GUIDE)
    listed = words_of(page[page.index("<body>") :])
    stops = stops_of(GUIDE)
    for topic in GUIDE.topics:
        stop = next(each for each in stops if each.anchor == f"topic-{topic.id}")
        assert (stop.shape == "sensitive") == topic.sensitive
        assert ("Sensitive" in stop.note) == topic.sensitive
    for place, stop in enumerate(stops):
        assert f"{stop.title} {stop.note}".strip() in listed
        if stop.shape == "sensitive":
            assert stops[place + 1].shape == "check_in"
    drawn = draw(GUIDE)
    assert [" ".join(words for _, words, bold in step.lines if bold) for step, _ in drawn.legs] == [
        stop.title for stop in stops
    ]
    first, second = draw_halves(GUIDE)
    assert len(first.legs) + len(second.legs) == len(stops)


@pytest.mark.parametrize("drawing", [draw(GUIDE), *draw_halves(GUIDE)], ids=lambda drawing: drawing.name)
def test_nothing_on_the_map_meets_anything_else(drawing) -> None:  # type: ignore[no-untyped-def]
    for (step, exit_), (following, _) in zip(drawing.legs, drawing.legs[1:], strict=False):
        assert step.y + step.height < following.y
        assert exit_ is None or (exit_.y + exit_.height < following.y and step.x + step.width < exit_.x)
    assert drawing.legs[-1][0].y + drawing.legs[-1][0].height < drawing.height


def _short(guide: Guide) -> Guide:
    """As small as a guide can be: no eligibility, nothing about the person, time to think."""
    return guide.model_copy(
        update={"eligibility": (), "about": (), "time_to_think_hours": 24, "topics": guide.topics[:1]}
    )


def test_a_small_guide_has_a_page_too() -> None:
    page = show_guide(_short(GUIDE))
    assert 'id="eligibility"' not in page
    assert 'id="about"' not in page
    assert "24 hours" in page


def show(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flows", "show", *arguments]
    env = {"PYTHONPATH": str(GUIDES.parents[1]), "PATH": ""}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=cwd, env=env)


def test_the_door_writes_the_page_and_never_over_another(tmp_path: Path) -> None:
    done = show("relational-practice", cwd=tmp_path)
    file = tmp_path / "relational-practice.html"
    assert (done.returncode, file.exists()) == (0, True)
    file.write_text("mine")
    again = show("relational-practice", cwd=tmp_path)
    assert (again.returncode, file.read_text()) == (1, "mine")
    assert "--force" in again.stderr
    assert show("relational-practice", "--force", cwd=tmp_path).returncode == 0
    assert file.read_text().startswith("<!doctype html>")
    nowhere = show("relational-practice", "-o", "no/such/folder.html", cwd=tmp_path)
    assert (nowhere.returncode, nowhere.stderr.count("\n")) == (1, 1)
    assert "Traceback" not in nowhere.stderr


@pytest.mark.browser
@pytest.mark.parametrize("name", guide_names())
@pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), ("light", 320)])
async def test_the_page_in_a_browser(browser: Browser, tmp_path: Path, name: str, scheme: str, width: int) -> None:
    file = tmp_path / "guide.html"
    file.write_text(show_guide(load_guide(name)), "utf-8")
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
