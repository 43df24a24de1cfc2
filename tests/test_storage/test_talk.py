"""Reminders and the messages of a tidy chat: sealed, taken once, gone with the person."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from storage.talk import milliseconds, moment

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(milliseconds=1234)


async def test_a_reminder_is_moved_never_doubled_and_taken_once(store, speaker):
    async with store.unit() as unit:
        person = await speaker(1).enrol(unit)
        await unit.remind(person, "pause", NOW + timedelta(days=2), b"first wording")
        await unit.remind(person, "pause", SOON, b"are you there")
        await unit.remind(person, "round", NOW + timedelta(days=90), b"again")
        assert [each.name for each in await unit.reminders(person)] == ["pause", "round"]
    assert await store.due_reminders(NOW) == []
    (due,) = await store.due_reminders(SOON)
    assert (due.pseudonym, due.name, due.due, due.payload) == (person, "pause", SOON, b"are you there")
    async with store.unit() as unit:
        assert await unit.take_reminder(due)
        assert not await unit.take_reminder(due)
    async with store.unit() as unit:
        assert not await unit.take_reminder(due)
        assert await unit.forget_reminders(person) == 1
    assert await store.due_reminders(NOW + timedelta(days=365)) == []


async def test_a_reminder_that_was_moved_meanwhile_is_not_taken(store, speaker):
    async with store.unit() as unit:
        person = await speaker(1).enrol(unit)
        await unit.remind(person, "pause", SOON, b"x")
    (due,) = await store.due_reminders(SOON)
    async with store.unit() as unit:
        await unit.remind(person, "pause", SOON + timedelta(days=1), b"x")
        assert not await unit.take_reminder(due)
        assert await unit.forget_reminders(person, "another") == 0
        assert await unit.forget_reminders(person, "pause") == 1


async def test_traces_are_kept_until_they_are_forgotten(store, speaker):
    async with store.unit() as unit:
        person, other = await speaker(1).enrol(unit), await speaker(2).enrol(unit)
        for number in (5, 6, 6):
            await unit.trace(person, str(number), b"message %d" % number, SOON + timedelta(seconds=number))
        await unit.trace(other, "5", b"theirs", SOON)
        first, second = await unit.traces(person)
        assert (first.payload, second.payload) == (b"message 5", b"message 6")
        assert first.until == SOON + timedelta(seconds=5)
        await unit.forget_traces(person, [first])
    async with store.unit() as unit:
        assert await unit.traces(person) == [second]
        assert len(await unit.traces(other)) == 1


async def test_both_go_with_the_person_and_are_sealed(store, study, speaker):
    canary = b"a message that nobody reads on disk"
    async with store.unit() as unit:
        person = await speaker(1).enrol(unit)
        await unit.remind(person, "pause", SOON, canary)
        await unit.trace(person, "5", canary, SOON)
    assert canary not in study.bytes_on_host()
    async with store.unit() as unit:
        await unit.erase_person(person)
    assert await store.due_reminders(SOON) == []
    async with store.unit() as unit:
        assert await unit.traces(person) == []


async def test_whoever_blocks_the_bot_is_reminded_of_nothing(store, speaker):
    async with store.unit() as unit:
        person = await speaker(1).enrol(unit)
        await unit.remind(person, "pause", SOON, b"x")
        await unit.trace(person, "5", b"x", SOON)
    await store.forget_unreachable(person)
    assert await store.due_reminders(SOON) == []


async def test_consent_is_each_sessions_own(store, study, speaker):
    someone = speaker(1)
    async with store.unit() as unit:
        person = await someone.enrol(unit, quotes=True)
        await unit.keep(person, someone.says("the first round"))
    someone.session = "the second session"
    async with store.unit() as unit:
        await someone.enrol(unit, quotes=False)
        await unit.keep(person, someone.says("the second round"))
        assert await unit.person_of(someone.code) == person
    assert {answer.text: answer.quotable for answer in await study.answers()} == {
        "the first round": True,
        "the second round": False,
    }
    async with store.unit() as unit:
        await someone.enrol(unit, take_part=False)
    assert [answer.text for answer in await study.answers()] == ["the first round"]


@given(st.timedeltas(timedelta(0), timedelta(days=80_000)))
def test_a_time_is_never_rounded_to_an_earlier_one(since):
    when = NOW + since
    kept = moment(milliseconds(when))
    assert when <= kept < when + timedelta(milliseconds=1)
    assert milliseconds(kept) == milliseconds(when)
