"""What comes back: who is told, once; a copy for one person, gone with them; nothing without a signature."""

import asyncio
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from storage.bundles import TidingsText
from storage.check import check
from storage.errors import NotTaken, SealError
from storage.keys import BotKey
from storage.parcels import TIDINGS, list_requests
from storage.read import Reader
from storage.records import Reminder
from storage.retention import Rules
from storage.seal.bundle import Bundle, Enclosed, make_bundle
from storage.taking import take
from storage.write import Store
from tests.test_storage.conftest import DAY, Speaker, Study
from tests.test_storage.refusals import refused

NOW = datetime.now(UTC)
TEXT = TidingsText(period="2026-Q3", messages={"en": "We answer the phone until eight now."})
CANARY = "a heron stood on the seventh step"

both = pytest.mark.databases("sqlite", "postgresql")


def tidings(study: Study, store: Store, **changes) -> bytes:
    enclosed = Enclosed("tidings.json", "application/json", TEXT.model_dump_json().encode())
    bundle = Bundle(os.urandom(16), NOW.date(), "tidings", "north", (enclosed,))
    return make_bundle(replace(bundle, **changes), store.bundle_key.recipient, study.research_key)


async def copy_for(study: Study, store: Store, person: bytes, words: str = CANARY) -> bytes:
    reader, bundle = await Reader.open(study.settings, study.research_key), os.urandom(16)
    try:
        files = [Enclosed("copy.txt", "text/plain", words.encode()), Enclosed("voice-1.ogg", "audio/ogg", b"\1\2")]
        closed = await reader.close_copy(person.hex(), files, bundle)
    finally:
        await reader.close()
    made = Bundle(bundle, NOW.date(), "copy", person.hex(), (Enclosed("copy", "application/octet-stream", closed),))
    return make_bundle(made, store.bundle_key.recipient, study.research_key)


async def agree(store: Store, number: int, *, reach: bool = True, service: str = "north", **items: bool) -> bytes:
    speaker = Speaker(number)
    async with store.unit(1000 + number) as unit:
        pseudonym, _ = await unit.progress(number)
        await unit.enrol(pseudonym, speaker.enrolment(service=service, **({"hear_back": True} | items)))
        if reach:
            await unit.reach(pseudonym, b"chat %d" % number)
    return pseudonym


async def scheduled(store: Store) -> list[Reminder]:
    return await store.due_reminders(NOW + timedelta(minutes=1))


@both
async def test_those_who_agreed_are_scheduled_once_and_nobody_else(study: Study, store: Store) -> None:
    wanted = await agree(store, 1)
    await agree(store, 2, hear_back=False)
    await agree(store, 3, take_part=False)
    await agree(store, 4, service="south")
    await agree(store, 5, reach=False)
    gone = await agree(store, 6)
    async with store.unit(77) as unit:
        await unit.erase_person(gone)
    bundle = tidings(study, store)
    assert (await take(store, bundle, NOW)).people == 1
    (due,) = await scheduled(store)
    assert (due.pseudonym, due.payload) == (wanted, b"chat 1")
    async with store.unit() as unit:
        assert await unit.tidings(bytes.fromhex(due.name.removeprefix(TIDINGS))) == TEXT
        assert await unit.take_reminder(due)
    again = await take(store, bundle, NOW)
    assert again.again
    assert await scheduled(store) == [], "a bundle that is brought again does nothing"


@both
async def test_no_more_is_heard_where_the_way_was_taken_back(study: Study, store: Store) -> None:
    for number in (1, 2):
        await agree(store, number)
    async with store.unit() as unit:
        await unit.reach((await unit.progress(1))[0], None)
    async with store.unit() as unit:
        blocked, _ = await unit.progress(2)
    await store.forget_unreachable(blocked)
    assert (await take(store, tidings(study, store), NOW)).people == 0


async def test_two_that_take_it_at_once_tell_once(study: Study, store: Store) -> None:
    await agree(store, 1)
    bundle = tidings(study, store)
    taken = await asyncio.gather(*(take(store, bundle, NOW) for _ in range(4)))
    assert sum(each.people for each in taken) == 1
    assert len(await scheduled(store)) == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"day": NOW.date() - timedelta(days=31)}, "30 days"),
        ({"day": NOW.date() + timedelta(days=2)}, "30 days"),
        ({"kind": "song"}, "does not know"),
        ({"files": ()}, "does not hold"),
        ({"files": (Enclosed("tidings.json", "", b'{"messages": {}}'),)}, "laid out"),
        ({"kind": "copy", "about": "nobody"}, "for nobody"),
    ],
)
async def test_what_is_of_no_use_is_refused_and_changes_nothing(changes, says, study: Study, store: Store) -> None:
    await agree(store, 1)
    bundle = tidings(study, store, **changes)
    with pytest.raises(NotTaken, match=says):
        await take(store, bundle, NOW)
    assert await scheduled(store) == []
    assert await study.rows("seen_bundle") == []


async def test_a_key_that_is_closed_signs_nothing_any_more(study: Study, store: Store) -> None:
    store._recipients = tuple(replace(each, signer=None) for each in store._recipients)
    with pytest.raises(SealError, match="open recipients"):
        await take(store, tidings(study, store), NOW)


async def asked_for(store: Store, number: int) -> bytes:
    person = await agree(store, number)
    async with store.unit() as unit:
        await unit.ask_copy(person, b"chat %d" % number, DAY)
    return person


@both
async def test_a_copy_comes_waits_is_sent_and_is_gone(study: Study, store: Store) -> None:
    person = await asked_for(store, 1)
    assert (await take(store, await copy_for(study, store, person), NOW)).people == 1
    (due,) = await scheduled(store)
    assert (due.name, due.pseudonym, due.payload) == ("copy", person, b"chat 1")
    async with store.unit() as unit:
        assert await unit.copy_waiting(person) == (2, NOW.date())
        await unit.send_copy(person)
    async with store.unit() as unit:
        assert await unit.copy_waiting(person) is None, "a second press sends nothing"
    first = await store.copy_file(person, 1)
    assert first is not None
    assert first.data.decode() == CANARY
    assert (await store.copy_file(person, 2)).name == "voice-1.ogg"
    assert await store.copy_file(person, 3) is None
    assert CANARY.encode() not in study.bytes_on_host()
    await store.forget_copy(person)
    assert await store.copy_file(person, 1) is None
    assert await study.rows("copy_request") == []


@both
async def test_a_copy_closes_with_its_person(study: Study, store: Store) -> None:
    person = await asked_for(store, 1)
    bundle = await copy_for(study, store, person)
    await take(store, bundle, NOW)
    kept = (await study.rows("copy_request", columns="sealed"))[0].sealed
    async with store.unit() as unit:
        await unit.erase_person(person)
    assert await study.rows("copy_request") == []
    bot_key = BotKey.read(study.settings.bot_key)
    opened = bot_key.open(kept, b"hearten bot copy\0" + store.bundle_key.study + person)
    assert CANARY.encode() not in opened, "the person's own key is gone, and with it what it closed"
    assert not [each for each in await scheduled(store) if each.pseudonym == person]


async def test_a_copy_for_somebody_who_did_not_ask_or_is_gone_is_refused(study: Study, store: Store) -> None:
    person = await agree(store, 1)
    with pytest.raises(NotTaken, match="did not ask"):
        await take(store, await copy_for(study, store, person), NOW)
    person = await asked_for(store, 2)
    bundle = await copy_for(study, store, person)
    async with store.unit() as unit:
        await unit.erase_person(person)
    with pytest.raises(NotTaken, match="withdrew"):
        await take(store, bundle, NOW)


async def test_a_copy_for_one_person_is_never_anothers(study: Study, store: Store) -> None:
    one, other = await asked_for(store, 1), await asked_for(store, 2)
    reader = await Reader.open(study.settings, study.research_key)
    closed = await reader.close_copy(one.hex(), [Enclosed("copy.txt", "", b"x")], b"i" * 16)
    await reader.close()
    made = Bundle(b"i" * 16, NOW.date(), "copy", other.hex(), (Enclosed("copy", "", closed),))
    with pytest.raises(SealError, match="another person"):
        await take(store, make_bundle(made, store.bundle_key.recipient, study.research_key), NOW)


async def test_asking_twice_is_one_request_and_they_are_listed(store: Store) -> None:
    person = await asked_for(store, 1)
    async with store.unit() as unit:
        await unit.ask_copy(person, b"chat 1", date(2026, 8, 1))
    (request,) = await list_requests(store._main)
    assert (request.person, request.day, request.here) == (person.hex(), DAY, False)


async def test_what_nobody_fetched_goes_after_its_days(study: Study, store: Store) -> None:
    person = await asked_for(store, 1)
    await take(store, await copy_for(study, store, person), NOW)
    await take(store, tidings(study, store), NOW)
    rules = Rules(copy_days=3, tidings_days=7)
    await store.forget_past_parcels(rules, NOW.date() + timedelta(days=3))
    assert len(await study.rows("copy_request")) == 1
    await store.forget_past_parcels(rules, NOW.date() + timedelta(days=4))
    assert await study.rows("copy_request") == []
    assert len(await study.rows("tidings")) == 1
    await store.forget_past_parcels(rules, NOW.date() + timedelta(days=8))
    assert await study.rows("tidings") == []


async def test_all_of_it_is_checked(study: Study, store: Store) -> None:
    person = await asked_for(store, 1)
    await asked_for(store, 2)
    await take(store, await copy_for(study, store, person), NOW)
    await take(store, tidings(study, store), NOW)
    bot_key = BotKey.read(study.settings.bot_key)
    assert (await check(study.settings, [], bot_key, None, lambda *_: None)).is_whole
    for table, column in (("contact", "payload"), ("copy_request", "sealed"), ("tidings", "payload")):
        await study.change(f"UPDATE {table} SET {column} = x'00'")  # noqa: S608 - names of ours
        broken = (await check(study.settings, [], bot_key, None, lambda *_: None)).broken
        assert broken.total() > 0, table


def test_the_commands_take_list_and_look_up(study: Study, run, tmp_path: Path) -> None:
    async def prepare() -> bytes:
        store = await Store.open(study.settings)
        await asked_for(store, 1)
        bundle = tidings(study, store)
        await store.close()
        return bundle

    bundle = asyncio.run(prepare())
    for keep in (True, False):
        (tmp_path / "tidings.bundle").write_bytes(bundle)
        done = run("take", tmp_path / "tidings.bundle", *(["--keep"] if keep else []))
        assert done.exit_code == 0, done.output
        assert ("1 person will be told" in done.stdout) == keep
        assert ("came before" in done.stdout) != keep
        assert (tmp_path / "tidings.bundle").exists() == keep
    assert refused(run("take", tmp_path / "missing"), "missing")
    (tmp_path / "cut.bundle").write_bytes(bundle[:-1])
    assert refused(run("take", tmp_path / "cut.bundle"), "cut short")
    assert (tmp_path / "cut.bundle").exists(), "what is refused is left where it is"
    listed = run("requests")
    assert f"asked on {DAY}" in listed.stdout
    before = len(asyncio.run(study.rows("audit")))
    found = run("find", Speaker(1).code)
    assert found.stdout.split()[0] == listed.stdout.split()[0]
    assert run("find", "NOBODY").exit_code == 1
    noted = asyncio.run(study.rows("audit", columns="event, detail"))[before:]
    assert [(each.event, each.detail) for each in noted] == [
        ("looked up by code", '{"found": 1}'),
        ("looked up by code", '{"found": 0}'),
    ]
