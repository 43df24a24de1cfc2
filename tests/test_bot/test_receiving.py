"""What comes from Telegram: once, in order, never in anybody's way, and nothing of what should not be kept."""

import asyncio
import logging
import os
from typing import Any

import pytest

from bot.messenger import Message, Person
from bot.receiving.intake import id_of, whose
from bot.receiving.line import Line
from bot.receiving.polling import read_up_to_the_broken
from tests.test_bot.conftest import CODE, House, to_first_question
from tests.test_bot.hostile import SECRET, hostile_updates, inject

#: 10,000 in `make soak`.
HOSTILE = int(os.environ.get("HEARTEN_TEST_HOSTILE", "300"))


def kept(message: Message) -> bool:
    return "kept" in message.text


def update(number: int, person: int = 1) -> dict[str, Any]:
    return {"update_id": number, "message": {"from": {"id": person}}}


async def test_the_offset_never_passes_what_is_not_done() -> None:
    undone, handled = {2}, []

    async def handle(raw: dict[str, Any]) -> bool:
        handled.append(raw["update_id"])
        return raw["update_id"] not in undone

    line = Line(handle, first_rest=0)
    line.add((update(1), update(2, 2), update(3), update(4, 2)))
    await line.settle(1)
    assert (line.offset, line.failed) == (2, True)
    assert handled == [1, 2, 3]  # 4 waits for 2, which is of the same person
    undone.clear()
    line.add((update(2, 2), update(3), update(4, 2)))
    await line.settle(1)
    assert (line.offset, line.failed) == (5, False)
    assert handled == [1, 2, 3, 2, 4]


@pytest.mark.parametrize(
    ("answer", "read", "broken"),
    [
        ('{"ok":true,"result":[{"update_id":1},{"update_id":2},{"update_id":3,"a":{"b"]}', [1, 2], 3),
        ('{"ok":true,"result":[{"update_id":4,"message":"x', [], 4),
        ('{"ok" : true , "result" : [ {"update_id":5} , nonsense {"update_id":6}]}', [5], None),
        ('{"ok":true,"result":[{"update_id":7}, 8, {"update_id":9}, {]}', [7], None),
        ('{"ok":true,"result":[{"update_id":' + "9" * 30, [], None),
        ('{"ok":true,"result":[{"update_id":7,"a":' + "[" * 100_000, [], 7),
        ('{"ok":false,"result":[{"update_id":1}]}', [], None),
        ("<html>502</html>", [], None),
    ],
)
def test_what_comes_before_a_broken_update_is_read(answer: str, read: list[int], broken: int | None) -> None:
    updates, number = read_up_to_the_broken(answer)
    assert ([update["update_id"] for update in updates], number) == (read, broken)


async def test_one_person_waits_for_themselves_only() -> None:
    gate, handled = asyncio.Event(), []

    async def handle(raw: dict[str, Any]) -> bool:
        if raw["update_id"] == 1:
            await gate.wait()
        handled.append(raw["update_id"])
        return True

    line = Line(handle)
    line.add((update(1), update(2), update(3, 2)))
    await line.settle(0.05)
    assert (handled, line.offset) == ([3], None)
    line.add((update(1), update(2), update(3, 2), update(4, 3)))  # Telegram tells it all again, and more
    await line.settle(0.05)
    assert (handled, line.offset) == ([3, 4], None)
    gate.set()
    await line.settle(1)
    assert (handled, line.offset) == ([3, 4, 1, 2], 5)


async def test_who_fails_rests_and_nobody_else_waits_for_that() -> None:
    handled = []

    async def handle(raw: dict[str, Any]) -> bool:
        handled.append(raw["update_id"])
        return raw["update_id"] != 1

    line = Line(handle, first_rest=60)
    line.add([update(1)])
    await line.settle(1)
    line.add((update(1), update(2), update(3, 2)))  # 2 is of the one who rests
    await line.settle(1)
    assert (handled, line.offset, line.failed) == ([1, 3], None, True)


def test_numbers_that_are_none_belong_to_nobody() -> None:
    for odd in (None, True, -1, 2**63, "7", 1.0):
        assert id_of({"update_id": odd}) == -1
    assert whose({"message": {"from": {"id": "7"}}}) == ("nobody", -1)


async def test_a_slow_voice_note_holds_nobody_else_up(house: House) -> None:
    async with house.bot():
        slow, quick = house.messenger.person(1), house.messenger.person(2)
        await to_first_question(slow)
        await to_first_question(quick)
        house.messenger.faults.set("slow", probability=1, seconds=4, methods={"download"})
        await slow.send_voice(b"OggS" * 100)
        await slow.send("and then I wrote")
        for number in range(3):
            await quick.send(f"quick {number}")
            await quick.wait_for(kept, timeout=3)
        assert house.messenger.pending
        assert "voice note" in (await slow.wait_for(kept, timeout=30)).text
        await slow.wait_for(kept)
    answers = {answer.parts[-1].text: answer for answer in await house.answers()}
    assert [part.media_type[:5] for part in answers["and then I wrote"].parts] == ["audio", "text/"]


async def test_a_voice_note_is_fetched_again_when_the_line_drops(house: House) -> None:
    sound = b"OggS" + bytes(range(256)) * 40
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        house.messenger.faults.set("drop_before", count=4, methods={"download", "getFile"})
        await person.send_voice(sound)
        assert "voice note" in (await person.wait_for(kept, timeout=60)).text
    (answer,) = await house.answers()
    assert [part.data for part in answer.parts] == [sound]


async def test_a_voice_note_that_is_too_large_is_told_so(house: House) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        await person.send_voice(b"O" * (20 * 1024 * 1024 + 1))
        assert "not been kept" in (await person.next_message()).text
    assert await house.answers() == []


async def test_an_answer_that_one_update_spoils_is_read_without_it(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        number = house.messenger.last_update_id() + 1
        house.messenger.inject(b'{"update_id": %d, "message": {"text": "%s' % (number, SECRET.encode()))
        await person.send("the second thing I wanted to say")
        await person.wait_for(kept, timeout=20)
    assert [answer.text for answer in await house.answers()] == ["the second thing I wanted to say"]
    assert "set aside" in caplog.text
    assert SECRET not in "".join(r.getMessage() for r in caplog.records if r.name.startswith(("hearten", "storage")))


@pytest.mark.parametrize(
    "odd",
    [
        {"external_reply": {"story": {}}},
        {"reply_to_message": {"text": "no number"}},
        {"entities": [{"type": "a kind of tomorrow", "offset": 0, "length": 1}], "quote": 7},
    ],
)
async def test_words_are_kept_though_something_around_them_cannot_be_read(house: House, odd: dict[str, Any]) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        person._say(text="what I wrote counts", content=odd)
        await person.wait_for(kept)
    assert [answer.text for answer in await house.answers()] == ["what I wrote counts"]


async def test_a_forward_without_a_name_is_still_a_forward(house: House) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        person._say(text="somebody else wrote this", content={"forward_origin": {"type": "hidden_user", "date": 1}})
        assert "another person" in (await person.next_message()).text
    assert await house.answers() == []


async def test_hostile_updates_are_not_stored_and_the_next_person_is_answered(house: House) -> None:
    async with house.bot() as parts:
        known = house.messenger.person(1)
        await to_first_question(known)
        await known.send("mine")
        await known.wait_for(kept)
        for each in hostile_updates(HOSTILE, known=known.id):
            inject(house.messenger, each)
        newcomer = house.messenger.person(2)
        await newcomer.send_start(CODE)
        assert "Hearten" in (await newcomer.next_message(timeout=60)).text
        async with asyncio.timeout(60):
            while house.messenger.pending:
                await asyncio.sleep(0.05)
        assert b'hearten_updates_total{outcome="set_aside"}' in parts.metrics.text()
        await known.send("still mine")
        await known.wait_for(kept, timeout=20)
    assert SECRET.encode() not in house.every_byte()
    (answer,) = await house.answers()
    assert [part.text for part in answer.parts] == ["mine", "still mine"]


async def test_a_group_that_adds_the_bot_gets_its_sentence_once(house: House) -> None:
    async with house.bot():
        group = house.messenger.group(1)
        about, user = group.chat.about, group.user
        bot = {"id": int(house.token.partition(":")[0]), "is_bot": True, "first_name": "Hearten"}
        change = {"chat": about, "from": user, "date": 1, "old_chat_member": {"user": bot, "status": "left"}}
        house.messenger.inject({"my_chat_member": change | {"new_chat_member": {"user": bot, "status": "member"}}})
        group.chat.started = True
        await group.send("hello all")
        await group.until(lambda it: it.left)
        await asyncio.sleep(0.3)
        assert [message.from_bot for message in group.messages].count(True) == 1


async def test_what_people_pass_on_of_their_own_is_theirs(house: House) -> None:
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        mine = {"type": "user", "sender_user": person.user, "date": 1}
        person._say(text="What I wrote to them in the spring.", content={"forward_origin": mine})
        await person.wait_for(kept)
        theirs = {"type": "user", "sender_user": house.messenger.person(2).user, "date": 1}
        person._say(text="my friend wrote this", content={"forward_origin": theirs})
        assert "another person" in (await person.next_message()).text
    assert [answer.text for answer in await house.answers()] == ["What I wrote to them in the spring."]


async def test_blocking_ends_what_was_to_come_and_writing_again_goes_on(house: House) -> None:
    async with house.bot() as parts:
        person: Person = house.messenger.person(1)
        await to_first_question(person)
        async with parts.store.unit() as unit:
            pseudonym, _ = await unit.progress(person.id)
            await unit.remind(pseudonym, "pause", parts.clock(), b"{}")
        await person.block()
        async with asyncio.timeout(10):
            while house.messenger.pending:
                await asyncio.sleep(0.05)
        async with parts.store.unit() as unit:
            assert await unit.reminders(pseudonym) == []
        await person.unblock()
        await person.send("I came back")
        await person.wait_for(kept)
    assert [answer.text for answer in await house.answers()] == ["I came back"]


async def test_log_lines_hold_nobody(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with house.bot():
        person = house.messenger.person(1)
        await to_first_question(person)
        house.messenger.faults.set("server_error", count=2, methods={"sendMessage"})
        await person.send(SECRET)
        await person.wait_for(kept, timeout=20)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("hearten", "storage"))]
    assert ours
    assert not [line for line in ours if SECRET in line or str(person.id) in line or house.token[12:] in line]
