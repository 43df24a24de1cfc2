"""Voice notes on the researcher's side: heard, typed out, read like other answers, and gone with their person."""

import asyncio
import io
import json
import math
import struct
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from analysis.desk import Book
from analysis.errors import ContentError
from analysis.serve import Served
from analysis.voices.recognise import Recogniser
from storage.erase import erase_by_code
from storage.records import Content, NewPart, Place
from storage.settings import StorageSettings
from storage.write import Store
from tests.test_people.conftest import DAY, Study
from tests.test_people.test_desk_pages import Visitor, serve
from tests.test_reports.test_browser import look

WORDS = "My nurse Janet Blackwood sat with me and she listened properly. [laughs] I felt heard."


def make_sound(seconds: float = 2.0) -> bytes:
    """A tone as a WAV file, which every browser plays."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        tone = (int(8000 * math.sin(2 * math.pi * 330 * each / 8000)) for each in range(int(8000 * seconds)))
        sound.writeframes(b"".join(struct.pack("<h", each) for each in tone))
    return file.getvalue()


SOUND = make_sound()


async def add_note(settings: StorageSettings, question: str, part: int, sound: bytes, number: int = 0) -> None:
    """One more part of an answer of a person of the study, as the bot keeps it."""
    store = await Store.open(settings)
    async with store.unit() as unit:
        person, _ = await unit.progress(1000 + number)
        place = Place(f"session-{number}", question, part)
        await unit.outcome(person, place.session, question, "asked", DAY)
        await unit.keep(person, NewPart(place, "answer", Content("audio/wav", sound), None, DAY))
        await unit.outcome(person, place.session, question, "answered", DAY)
    await store.close()


@pytest.fixture
def spoken(study: Study) -> Study:
    """The study, and one answer that is a voice note alone."""
    asyncio.run(add_note(study.settings, "q9", 1, SOUND))
    return study


def notes_of(study: Study) -> list[dict[str, object]]:
    done = study.run("voices", "list")
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def type_out(study: Study, words: str = WORDS) -> str:
    (note,) = notes_of(study)
    done = study.run("voices", "type", str(note["answer"]), "1", "--as", "ana", stdin=words)
    assert done.exit_code == 0, done.output
    return str(note["answer"])


def test_what_is_typed_is_read_like_any_other_answer(spoken: Study, tmp_path: Path) -> None:
    name = type_out(spoken)
    assert [each["typed"] for each in notes_of(spoken)] == [True]

    reviewed = spoken.run("review", "show", name, "--as", "ana")
    assert "listened properly" in reviewed.output
    assert "STAFF: nurse Janet Blackwood" in reviewed.output

    out = tmp_path / "out"
    done = spoken.run("export", "--format", "jsonl", "-o", str(out), "--unreviewed-i-am-the-custodian")
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for file in out.glob("*.jsonl") for line in file.read_text("utf-8").splitlines()]
    typed = [row for row in rows if "listened properly" in row.get("text", "")]
    assert len(typed) == 1
    assert typed[0]["text"].startswith("My [STAFF_1] sat with me")
    assert typed[0]["voice_notes"] == 1


def test_words_and_sounds_of_one_answer_stay_in_order(study: Study) -> None:
    asyncio.run(add_note(study.settings, "q0", 2, SOUND))
    name = type_out(study, "And the second thing.")
    shown = study.run("review", "show", name, "--as", "ana").output
    assert shown.index("only trans man") < shown.index("And the second thing.")


def test_a_sound_that_was_replaced_has_no_words_any_more(spoken: Study) -> None:
    type_out(spoken)
    asyncio.run(add_note(spoken.settings, "q9", 1, make_sound(1.0)))
    assert [each["typed"] for each in notes_of(spoken)] == [False]


def test_typing_again_replaces_and_can_be_taken_back(spoken: Study) -> None:
    name = type_out(spoken, "A slip.")
    spoken.run("voices", "type", name, "1", "--as", "ana", stdin="Put right.")
    assert "Put right." in spoken.run("review", "show", name).output
    assert spoken.run("voices", "undo", name, "1", "--as", "ben").exit_code == 1
    assert spoken.run("voices", "undo", name, "1", "--as", "ana").exit_code == 0
    assert "A slip." in spoken.run("review", "show", name).output


def test_nothing_to_type_is_an_answer_too(spoken: Study) -> None:
    type_out(spoken, "  \n")
    assert [each["typed"] for each in notes_of(spoken)] == [True]


def test_what_was_typed_is_sealed_and_goes_with_the_person(spoken: Study) -> None:
    """An old copy of the book, with the research key, opens nothing of somebody who has withdrawn since."""
    name = type_out(spoken)
    before = spoken.desk.read_bytes()
    assert b"listened properly" not in before

    async def withdraw() -> None:
        store = await Store.open(spoken.settings)
        await erase_by_code(store, "CODE-0")
        await store.close()

    asyncio.run(withdraw())
    book = Book.open(spoken.desk, spoken.key.desk_key)
    (entry,) = [each for each in book.of(name) if each.kind == "transcribed"]
    assert "listened" not in bytes.fromhex(entry.note).decode("utf-8", "replace")
    book.close()
    assert notes_of(spoken) == []
    assert spoken.run("desk", "forget", "--yes").exit_code == 0
    book = Book.open(spoken.desk, spoken.key.desk_key)
    assert book.of(name) == []
    book.close()


def test_the_sound_comes_out_as_it_went_in_for_its_listener_alone(spoken: Study, tmp_path: Path) -> None:
    (note,) = notes_of(spoken)
    file = tmp_path / "note.wav"
    done = spoken.run("voices", "listen", str(note["answer"]), "1", "-o", str(file))
    assert done.exit_code == 0, done.output
    assert file.read_bytes() == SOUND
    assert file.stat().st_mode & 0o077 == 0
    again = spoken.run("voices", "listen", str(note["answer"]), "1", "-o", str(file))
    assert (again.exit_code, again.output.count("\n")) == (1, 1)


@pytest.mark.parametrize("given", [("nothing-of-this-name", "1"), ("", "2")])
def test_a_note_that_is_not_there_gets_one_sentence(spoken: Study, given: tuple[str, str]) -> None:
    name = given[0] or str(notes_of(spoken)[0]["answer"])
    done = spoken.run("voices", "type", name, given[1], stdin="words")
    assert done.exit_code == 1
    assert done.output.strip() == "There is no such voice note here: `voices list` prints those that there are."


def test_a_copy_for_the_person_has_the_sound_and_what_was_typed(spoken: Study, tmp_path: Path) -> None:
    type_out(spoken)

    async def person() -> str:
        async with spoken.source() as source:
            return next(iter([each.person async for each in source.places() if each.question == "q9"]))

    done = spoken.run("access-request", asyncio.run(person()), "-o", str(tmp_path / "copy"))
    assert done.exit_code == 0, done.output
    assert WORDS in (tmp_path / "copy" / "copy.txt").read_text("utf-8")


@pytest_asyncio.fixture(loop_scope="session")
async def served(tmp_path: Path, make_study) -> AsyncIterator[tuple[Served, Study]]:  # type: ignore[no-untyped-def]
    study = await asyncio.to_thread(make_study, tmp_path)
    await add_note(study.settings, "q9", 1, SOUND)
    running = await serve(study, "ana")
    yield running, study
    await running.close()


@pytest.mark.browser
async def test_listening_and_typing_in_a_browser(browser: Browser, served: tuple[Served, Study]) -> None:
    running, _ = served
    visitor = Visitor(running.researcher)
    await visitor.get("voices/")
    sound = f"{running.researcher}voices/sound?answer={visitor.answer}&note=1"
    assert await look(browser, running.researcher + "voices/", sound) == []
    page = await browser.new_page()
    await page.goto(running.researcher + "voices/")
    await page.wait_for_function("document.querySelector('audio').duration > 1.9")
    await page.evaluate("document.querySelector('audio').currentTime = 1.5")
    await page.wait_for_function("Math.abs(document.querySelector('audio').currentTime - 1.5) < 0.2")
    await page.keyboard.press("t")
    await page.keyboard.type(WORDS)
    await page.get_by_role("button", name="Keep these words").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Every voice note is typed out")
    assert await look(browser, running.researcher + "voices/") == []
    await page.close()
    await visitor.get("")
    assert "listened properly" in visitor.page


@pytest.mark.browser
async def test_what_is_typed_for_several_notes_is_kept_together(served: tuple[Served, Study]) -> None:
    running, study = served
    await add_note(study.settings, "q9", 2, make_sound(1.0))
    visitor = Visitor(running.researcher)
    await visitor.get("voices/")
    name = visitor.answer
    await visitor.send(do="keep", **{"words-1": "The first.", "words-2": "The second."})
    assert "Every voice note is typed out" in visitor.page
    await visitor.get(f"voices/?answer={name}")
    await visitor.send(do="undo 2")
    assert "The first." in visitor.page
    assert "The second." not in visitor.page
    await visitor.send(do="keep", **{"words-1": "The first.", "words-2": "Both", "nothing-2": "yes"})
    assert "has words, and is marked as having none" in visitor.page


@pytest.mark.browser
async def test_forms_and_sounds_only_for_the_holder_of_the_address(served: tuple[Served, Study]) -> None:
    running, _ = served
    visitor = Visitor(running.researcher)
    await visitor.get("voices/")
    name = visitor.answer
    await visitor.send(do="keep", origin="http://elsewhere.example", **{"words-1": "x"})
    assert visitor.status == 403
    await visitor.get(f"voices/?answer={name}")
    await visitor.send(do="keep", **{"words-1": "   "})
    assert "There are no new words" in visitor.page
    await visitor.get(f"voices/?answer={name}")
    await visitor.send(do="undo 7")
    assert "no such button" in visitor.page
    async with aiohttp.ClientSession() as session:
        sound = f"{running.researcher}voices/sound?answer={name}&note=1"
        async with session.get(sound, headers={"Range": "bytes=4-11"}) as response:
            assert (response.status, await response.read()) == (206, SOUND[4:12])
        async with session.get(sound.replace("a-token", "no-token")) as response:
            assert response.status == 404


#: Made by a speech synthesiser and encoded as messengers do: "My nurse rang me back the same day. She listened, and she
#: believed me."
SPOKEN = (Path(__file__).parent / "spoken.ogg").read_bytes()


def test_a_machine_suggests_words_and_keeps_nothing(study: Study) -> None:
    asyncio.run(add_note(study.settings, "q9", 1, SPOKEN))
    (note,) = notes_of(study)
    done = study.run("voices", "suggest", str(note["answer"]), "1")
    assert done.exit_code == 0, done.output
    assert "listened" in done.stdout
    assert "believed me" in done.stdout
    assert [each["typed"] for each in notes_of(study)] == [False]


def test_what_is_no_sound_is_said_so(spoken: Study) -> None:
    asyncio.run(add_note(spoken.settings, "q9", 1, b"no sound at all"))
    (note,) = notes_of(spoken)
    done = spoken.run("voices", "suggest", str(note["answer"]), "1")
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (
        1, "This voice note could not be decoded: it has to be typed by hand."
    )  # fmt: skip


@pytest.mark.browser
async def test_a_suggestion_stands_in_its_field_beside_what_was_typed(tmp_path: Path, make_study) -> None:  # type: ignore[no-untyped-def]
    study = await asyncio.to_thread(make_study, tmp_path)
    await add_note(study.settings, "q9", 1, SPOKEN)
    await add_note(study.settings, "q9", 2, SOUND)
    running = await serve(study, "ana", Recogniser("small"))
    try:
        visitor = Visitor(running.researcher)
        await visitor.get("voices/")
        await visitor.send(do="suggest 1", **{"words-2": "Half a sentence that I was ty"})
        assert "believed me" in visitor.page
        assert "Half a sentence that I was ty" in visitor.page
        assert "A machine suggests these words." in visitor.page
    finally:
        await running.close()


@pytest.mark.parametrize("name", ["/no/such/folder", "tests"])
def test_a_folder_without_a_network_is_said_so(name: str) -> None:
    with pytest.raises(ContentError, match="There is no network for speech in"):
        Recogniser(name)
