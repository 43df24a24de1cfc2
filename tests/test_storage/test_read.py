"""The read port: what people agreed to give, and only that."""

import tracemalloc
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest

from storage import read
from storage.errors import KeyFileError, NotForThisKey, Tampered
from storage.keys import ResearchKey
from storage.read import Reader
from storage.records import Content, NewPart, Place

DAY = date(2026, 7, 1)

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.fixture
async def reader(store, study):  # noqa: ARG001 - the store makes the database
    reader = await Reader.open(study.settings, study.research_key)
    yield reader
    await reader.close()


async def collect(rows):
    return [row async for row in rows]


async def test_an_answer_is_whole_and_says_where_it_belongs(store, reader, speaker):
    someone, voice = speaker(1), Content("audio/ogg", bytes(range(256)) * 200)
    async with store.unit() as unit:
        pseudonym = await someone.enrol(unit, quotes=True)
        await unit.keep(pseudonym, someone.says("two 🌱", part=2, day=DAY + timedelta(days=1)))
        await unit.keep(pseudonym, someone.says("one", part=1))
        place = Place(someone.session, "what-helped", 10)
        await unit.keep(pseudonym, NewPart(place, "answer", voice, None, DAY + timedelta(days=2)))
    (answer,) = await collect(reader.answers())
    assert answer.parts == (Content.of_text("one"), Content.of_text("two 🌱"), voice)
    assert answer.text == "one\ntwo 🌱"
    assert (answer.person, answer.session, answer.question) == (pseudonym.hex(), someone.session, "what-helped")
    assert (answer.service, answer.guide, answer.guide_version, answer.kind) == ("north", "guide", 1, "answer")
    assert (answer.day, answer.quotable, answer.in_summaries) == (DAY, True, True)


async def test_the_last_day_that_is_known_is_that_of_the_last_thing_that_happened(store, reader, speaker):
    before = await reader.last_day()
    assert before is not None, "the log begins with the databases"
    someone = speaker(1)
    async with store.unit() as unit:
        pseudonym = await someone.enrol(unit, quotes=True)
        await unit.outcome(pseudonym, someone.session, "what-helped", "asked", before + timedelta(days=40))
    assert await reader.last_day() == before + timedelta(days=40)


async def test_by_service_and_by_day_with_the_end_left_out(store, reader, speaker):
    for number, (service, day) in enumerate([("north", 1), ("north", 2), ("south", 2), ("north", 3)]):
        someone, when = speaker(number), date(2026, 7, day)
        async with store.unit() as unit:
            pseudonym, _ = await unit.progress(number)
            await unit.enrol(pseudonym, someone.enrolment(day=when, service=service))
            await unit.keep(pseudonym, someone.says(str(number), day=when))
            await unit.outcome(pseudonym, someone.session, "what-helped", "answered", when)
    july = {"since": date(2026, 7, 1), "until": date(2026, 7, 3)}
    for choice, expected in (
        ({}, {"0", "1", "2", "3"}),
        ({"service": "north"}, {"0", "1", "3"}),
        (july, {"0", "1", "2"}),
        ({"service": "north"} | july, {"0", "1"}),
        ({"since": date(2026, 7, 4)}, set()),
        ({"service": "nowhere"}, set()),
    ):
        assert {answer.text for answer in await collect(reader.answers(**choice))} == expected
        assert len(await collect(reader.asked(**choice))) == len(expected)
        assert await reader.people(**choice) == len(expected)


async def test_by_guide_and_its_version(store, reader, speaker):
    for number, (guide, version) in enumerate([("full", 1), ("full", 2), ("pulse", 1)]):
        someone = speaker(number)
        async with store.unit() as unit:
            pseudonym, _ = await unit.progress(number)
            await unit.enrol(pseudonym, replace(someone.enrolment(), guide=guide, guide_version=version))
            await unit.keep(pseudonym, someone.says(str(number)))
    for choice, expected in (
        ({"guide": "full"}, {"0", "1"}),
        ({"guide_version": 1}, {"0", "2"}),
        ({"guide": "full", "guide_version": 2}, {"1"}),
        ({"guide": "another"}, set()),
    ):
        assert {answer.text for answer in await collect(reader.answers(**choice))} == expected


async def test_only_what_was_picked_or_only_words(store, reader, speaker):
    someone = speaker(1)
    async with store.unit() as unit:
        pseudonym = await someone.enrol(unit)
        await unit.keep(pseudonym, someone.says("words"))
        place = replace(someone.says("").place, question="age")
        await unit.keep(pseudonym, replace(someone.says("picked"), place=place, kind="choice"))
    for kind, expected in (("answer", {"words"}), ("choice", {"picked"}), (None, {"words", "picked"})):
        assert {answer.text for answer in await collect(reader.answers(kind=kind))} == expected


async def test_only_those_whose_consent_stands(store, reader, speaker):
    async with store.unit() as unit:
        for number in range(3):
            pseudonym = await speaker(number).enrol(unit)
            await unit.keep(pseudonym, speaker(number).says(str(number)))
            await unit.outcome(pseudonym, speaker(number).session, "what-helped", "answered", DAY)
    async with store.unit() as unit:
        await speaker(0).enrol(unit, take_part=False)
        await speaker(1).enrol(unit, summaries=False)
    answers = {answer.text: answer for answer in await collect(reader.answers())}
    assert set(answers) == {"1", "2"}
    assert (answers["1"].in_summaries, answers["2"].in_summaries) == (False, True)
    assert len(await collect(reader.asked())) == await reader.people() == 2


async def test_whoever_has_no_key_is_passed_over_and_what_was_changed_is_counted(store, study, reader, fill):
    pseudonyms = await fill(store, 4)
    await study.change("DELETE FROM participant_key WHERE pseudonym = :one", name="keyring", one=pseudonyms[0])
    await study.change("UPDATE part SET guide_version = 2 WHERE pseudonym = :one", one=pseudonyms[1])
    assert {answer.text for answer in await collect(reader.answers())} == {"words of 2", "words of 3"}
    assert reader.unopened == Counter({Tampered: 1})


async def test_without_the_key_or_with_another(store, study, fill):
    await fill(store, 2)
    nowhere = {"keyring_url": f"sqlite+aiosqlite:///{study.away}/nowhere.db"}
    counting = await Reader.open(study.settings.model_copy(update=nowhere), None)
    assert await counting.people() == len(await collect(counting.asked())) == 2
    with pytest.raises(KeyFileError, match=r"research\.key"):
        await collect(counting.answers())
    other = await Reader.open(study.settings, ResearchKey.of_raw(bytes(96), "other"))
    assert await collect(other.answers()) == []
    assert other.unopened == Counter({NotForThisKey: 2})
    await counting.close()
    await other.close()


async def test_pages_end_anywhere(store, reader, speaker, monkeypatch):
    wanted = set()
    async with store.unit() as unit:
        for number in range(5):
            pseudonym = await speaker(number).enrol(unit)
            for question in ("a", "b", "c"):
                for part in range(1, 1 + (number + ord(question)) % 4):
                    await unit.keep(pseudonym, speaker(number).says(f"{part}", question=question, part=part))
                    wanted.add((pseudonym.hex(), question))
                await unit.outcome(pseudonym, speaker(number).session, question, "asked", DAY)
    everything = await collect(reader.answers())
    assert {(answer.person, answer.question) for answer in everything} == wanted
    for size in (1, 2, 3, 7, 24, 25):
        monkeypatch.setattr(read, "_PAGE", size)
        assert await collect(reader.answers()) == everything
        assert len(await collect(reader.asked())) == 15


async def test_memory_does_not_grow_with_the_answers(store, reader, speaker):
    async with store.unit() as unit:
        for number in range(600):
            pseudonym = await speaker(number).enrol(unit)
            await unit.keep(pseudonym, speaker(number).says("w" * 5000))
    peaks = []
    for wanted in (300, 600):
        tracemalloc.start()
        seen = 0
        async for _ in reader.answers():
            seen += 1
            if seen == wanted:
                break
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.3


async def test_places_open_nothing_and_name_every_answer_once(store, reader, speaker, study):
    for number in range(2):
        someone = speaker(number)
        async with store.unit() as unit:
            pseudonym = await someone.enrol(unit)
            for part in range(1, 4):
                await unit.keep(pseudonym, someone.says("words", part=part))
    without_key = await Reader.open(study.settings, None)
    try:
        places = await collect(without_key.places())
    finally:
        await without_key.close()
    answers = await collect(reader.answers())
    assert [(each.person, each.session, each.question) for each in places] == [
        (each.person, each.session, each.question) for each in answers
    ]
    assert {(each.kind, each.service, each.guide) for each in places} == {("answer", "north", "guide")}
    first = answers[0].person
    assert [each.person for each in await collect(reader.answers(person=first))] == [first]
    assert await collect(reader.answers(person="00" * 32)) == []
