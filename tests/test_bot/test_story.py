"""One answer, all the way: from the service's link to what the researcher reads, over HTTP."""

import asyncio
import statistics
import time

from bot.demo.cast import Part
from bot.demo.player import Player
from bot.messenger import Message, Person
from tests.test_bot.conftest import CODE, House, to_first_question

PART = Part(
    topics=("helped", "heard", "same_people"),
    consent={"quotes": False},
    about={"age": "from_25_to_34"},
    answers={
        "helped_what": ("My key worker rang me every Friday.", "Even when she was off sick she got someone to ring."),
    },
)


async def test_the_story_of_one_person(house: House) -> None:
    async with house.bot():
        await Player(house.messenger.person(1), PART).play(CODE)
    answers = {answer.question: answer for answer in await house.answers()}
    said = answers["helped_what"]
    assert [part.text for part in said.parts] == list(PART.answers["helped_what"])
    assert (said.service, said.kind, said.quotable, said.in_summaries) == (CODE, "answer", False, True)
    assert answers["about_age"].text == "from_25_to_34"


def ends_a_reply(message: Message) -> bool:
    """Whether this is the last message of the reply to an answer: one of these texts calls for care, which is two."""
    data = [button.data for row in message.buttons for button in row]
    return any(each.startswith(("done:", "next:care")) for each in data)


async def test_hostile_and_odd_texts_come_back_exactly(house: House) -> None:
    texts = [
        "x" * 4096,
        "\u202eright to left\u202c and zero\u200bwidth",
        "<b>bold</b> & *stars* _lines_ [link](tg://user?id=1)",
        '=HYPERLINK("http://example.invalid")',
        "e\u0301 \N{PILE OF POO} \N{FAMILY} Gŵyl Ddewi مرحبا",
        "line one\nline two\r\n\ttab",
        "{service} {contacts} {0}",
    ]
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        for text in texts:
            await person.send(text)
            await person.wait_for(ends_a_reply)
    (answer,) = await house.answers()
    assert [part.text for part in answer.parts] == texts


async def test_an_edited_message_takes_the_place_of_the_old_one(house: House) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        first = await person.send("They was late")
        await person.next_message()
        await person.send("and I waited")
        await person.next_message()
        await person.edit(first, "They were late")
        await person.next_message()
    (answer,) = await house.answers()
    assert [part.text for part in answer.parts] == ["They were late", "and I waited"]


async def test_a_voice_note_is_sealed_and_never_on_the_disk(house: House) -> None:
    sound = b"OggS" + bytes(range(256)) * 40
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        await person.send_voice(sound, mime="audio/ogg")
        assert "voice note" in (await person.next_message()).text
    (answer,) = await house.answers()
    assert [(part.media_type, part.data) for part in answer.parts] == [("audio/ogg", sound)]
    assert sound[:64] not in house.every_byte()


async def test_what_is_not_words_is_not_kept(house: House) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        sends = [
            person.send_sticker, person.send_location, person.send_contact, person.send_poll,
            lambda: person.send_photo(b"\xff\xd8\xff", caption="my letter"), lambda: person.send_document(b"%PDF"),
            lambda: person.forward("what my friend wrote to me"),
        ]  # fmt: skip
        for send in sends:
            await send()
            assert "not kept" in (await person.next_message()).text.replace("has not been kept", "not kept").lower()
    assert await house.answers() == []


async def test_an_old_button_changes_nothing(house: House) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        await person.send_start(CODE)
        arrival = await person.next_message()
        question = await to_first_question(person, start=arrival)
        assert arrival.buttons == []
        await person.press(arrival, "next:arrival", anyway=True)
        assert "earlier message" in (await person.next_message()).text
        await person.press(question, question.buttons[0][0].data)
        assert "earlier message" not in (await person.next_message()).text


async def test_a_group_gets_one_kind_sentence_and_the_bot_leaves(house: House) -> None:
    async with house.bot():
        group = house.messenger.group(1)
        await group.send("hello all")
        assert "one person at a time" in (await group.next_message()).text
        await group.until(lambda it: it.left)


async def test_withdrawal_takes_everything_and_an_old_copy_opens_nothing(house: House) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        await person.send("They forgot about me for a whole winter.")
        await person.next_message()
        before = await house.answers()
        await person.send("delete everything please")
        await person.press(await person.next_message(), "delete:sure:all")
        receipt = await person.next_message()
    assert len(before) == 1
    assert "deleted" in receipt.text
    assert await house.answers() == []


async def test_a_hundred_people_at_once_lose_nothing(house: House) -> None:
    async def talk(number: int) -> None:
        person = house.messenger.person(number)
        await to_first_question(person)
        for each in range(3):
            await person.send(f"This is what person {number} says, part {each}.")
        await asyncio.gather(*(person.wait_for(lambda m: "kept" in m.text, timeout=60) for _ in range(3)))

    async with house.bot():
        await asyncio.gather(*(talk(number) for number in range(1, 101)))
    texts = sorted(part.text for answer in await house.answers() for part in answer.parts)
    assert texts == sorted(f"This is what person {n} says, part {p}." for n in range(1, 101) for p in range(3))


async def test_a_reply_comes_quickly(house: House) -> None:
    """The issue's bar is 30 ms; the bound here is loose, so that a busy machine does not fail it. See tests/bench."""
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        times = [await _reply_time(person) for _ in range(40)]
    assert statistics.median(times) < 0.2


async def _reply_time(person: Person) -> float:
    begun = time.perf_counter()
    await person.send("One more thing.")
    await person.next_message()
    return time.perf_counter() - begun


async def test_the_service_is_known_by_its_exact_code(house: House) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        for code in ("riverside", "RIVERSIDE2", "../RIVERSIDE", "x" * 64):
            await person.send_start(code)
            assert "do not know that link" in (await person.next_message()).text


def says(text: str, message: Message) -> bool:
    return text in message.text
