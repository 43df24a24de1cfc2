"""The promise itself: what the host holds opens nothing, in no byte, not even when the machine stops anywhere."""

import dataclasses

import pytest

from storage.errors import NotForThisKey, SealError
from storage.keyfiles import write_new
from storage.keys import BotKey, Cost, ResearchKey, make_research_key, read_research_key
from storage.read import Reader
from storage.seal import Context, open_envelope
from storage.write import Store

CHEAP = Cost(iterations=1, lanes=1, memory_kib=8)
pytestmark = pytest.mark.databases("sqlite", "postgresql")

CANARY = "the heron stood at the corner of Ellery Street"


async def test_a_canary_is_in_no_byte_and_comes_back_with_the_key(study, fill):
    store = await Store.open(study.settings)
    await fill(store, 5, words=CANARY)
    for form in (CANARY.encode(), CANARY.encode("utf-16-le"), CANARY.encode().hex().encode()):
        assert form not in study.bytes_on_host()
        assert study.server is None or form not in study.server.write_ahead_log()
    await store.close()
    assert CANARY.encode() not in study.bytes_on_host()
    assert [answer.text for answer in await study.answers()] == [CANARY] * 5


async def test_a_thief_with_the_whole_host_opens_nothing(study, fill):
    """Everything there is: both databases, the bot key, the public keys. A key of the thief's own stands in for the
    one that is missing, and every key on the host is tried against every layer."""
    store = await Store.open(study.settings)
    await fill(store, 100)
    await store.close()
    keys = dict(map(tuple, await study.rows("participant_key", "keyring", "pseudonym, key")))
    study_id = dict(map(tuple, await study.rows("meta", columns="name, value")))["study"]
    rows = await study.rows("part", columns="pseudonym, session, question, part, guide, guide_version, envelope")
    mine = ResearchKey.of_raw(bytes(96), "mine")
    claimed = dataclasses.replace(mine, id=study.research_key.id)
    bot_key = BotKey.read(study.settings.bot_key)

    def opened(key: ResearchKey) -> int:
        count = 0
        for pseudonym, *place, envelope in rows:
            try:
                open_envelope(envelope, Context(study_id, pseudonym, *place), keys[pseudonym], key)
            except SealError:
                continue
            count += 1
        return count

    assert len(rows) == 100
    assert opened(mine) == opened(claimed) == 0
    for *_, envelope in rows:
        try:
            bot_key.open(envelope, b"")
        except SealError:
            continue
        raise AssertionError
    assert opened(study.research_key) == 100
    assert len(await study.answers()) == 100


async def test_a_recipient_opens_what_came_after_it_and_nothing_before(study, fill, speaker):
    store = await Store.open(study.settings)
    await fill(store, 1)
    await store.close()
    for path, text in zip(("second.key", "second.pub"), make_research_key("p", "second", CHEAP), strict=True):
        folder = study.away if path.endswith(".key") else study.host / "recipients"
        write_new(folder / path, text, 0o600)
    second = read_research_key(study.away / "second.key", "p")
    store = await Store.open(study.settings)
    async with store.unit() as unit:
        pseudonym, _ = await unit.progress(0)
        await unit.keep(pseudonym, speaker(0).says("for both", question="second"))
    await store.close()
    reader = await Reader.open(study.settings, second)
    assert [answer.text async for answer in reader.answers()] == ["for both"]
    assert reader.unopened == {NotForThisKey: 1}
    await reader.close()
    assert [answer.text for answer in await study.answers()] == ["for both", "words of 0"]
