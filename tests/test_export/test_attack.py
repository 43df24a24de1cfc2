"""Somebody who has the whole folder, and knows of everybody who took part all that is told of them, where, when and
with which guide they took part, links nobody to fewer than k people: not by the table of people, the rows of answers,
who coded them, the counts of the manifest, the sample table, or the drawing."""

import asyncio
import json
import random
import re
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.anonymity import NOT_TOLD, WITHHELD
from analysis.anonymity.hierarchy import Hierarchy, hierarchy_of
from analysis.desk import Handed, Work
from analysis.export import Told, export
from analysis.export.flow import Steps
from analysis.reading import CodedAnswer
from storage.records import Asked, Flow
from tests.test_export.making import request_for
from tests.test_export.test_anonymity import OPTIONS
from tests.test_reports.invented import FRAMEWORK, answer, coded, stream

#: (service, day, guide, version): who began when has the version of that time.
TIMES = [
    ("elm", date(2026, 1, 9), "relational-practice", 1), ("elm", date(2026, 5, 2), "relational-practice", 2),
    ("oak", date(2026, 5, 9), "relational-practice", 2), ("oak", date(2026, 8, 9), "pulse", 1),
    ("a-place-of-one", date(2025, 12, 1), "reflection", 1),
]  # fmt: skip
QUESTIONS = {"relational-practice": ["helped", "harmed"], "pulse": ["week"], "reflection": ["as_staff"]}
ASKED = ("age", "gender", "sexuality")


@dataclass
class Person:
    """What is known of one of those who took part."""

    told: dict[str, str]
    times: list[tuple[str, date, str, int]]
    answers: list[CodedAnswer] = field(default_factory=list)

    @property
    def services(self) -> str:
        return " and ".join(sorted({each[0] for each in self.times}))

    @property
    def period(self) -> str:
        quarters = {f"{day.year}-Q{(day.month + 2) // 3}" for _, day, _, _ in self.times}
        years = sorted({each[:4] for each in quarters})
        return quarters.pop() if len(quarters) == 1 else years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"

    @property
    def editions(self) -> set[str]:
        return {f"{guide} {version}" for _, _, guide, version in self.times}

    @property
    def all_known(self) -> dict[str, str]:
        return self.told | {
            "service": self.services, "period": self.period, "guide": " and ".join(sorted(self.editions)),
        }  # fmt: skip


def crowd(seed: int, size: int) -> list[Person]:
    chance, people = random.Random(seed), []
    for number in range(size):
        told = {
            name: chance.choices(OPTIONS[name], [2.0**-at for at in range(len(OPTIONS[name]))])[0]
            for name in ASKED
            if chance.random() > 0.2
        }
        often = chance.choices([1, 2], [4, 1])[0]
        person = Person(told, chance.choices(TIMES, [8, 8, 6, 3, 1], k=often))
        for service, day, guide, version in person.times:
            for question in QUESTIONS[guide]:
                who, words = f"p{number}", f"text {number} {question} {day}"
                given_answer = answer(
                    who, words, service=service, day=day, guide=guide, guide_version=version, question=question,
                    session=f"s{number}-{day}",
                )  # fmt: skip
                by_people = tuple(Work(f"CODER_{at}", (_handed(),), False) for at in (1, 2) if chance.random() > 0.5)
                one = coded(given_answer)
                person.answers.append(replace(one, masked=replace(one.masked, people=by_people)))
        people.append(person)
    return people


def _handed() -> Handed:
    return Handed("t1s0", "t1", "help", 0, 4, "", "added", None)


def publish(folder: Path, people: list[Person], k: int, **asked: Any) -> dict[str, Any]:
    told = Told()
    for number, person in enumerate(people):
        told.of[f"p{number}"] = dict(person.told)
    heard = [each for person in people for each in person.answers]
    questions = [
        Asked(each.answer.person, "s", "elm", each.answer.guide, 1, each.answer.question, "answered", date(2026, 5, 1))
        for each in heard
    ]
    request = request_for(folder, "jsonl", k=k, l=2)
    work = export(request, stream(heard), stream(questions), FRAMEWORK, told=told, **asked)
    return asyncio.run(work)


def becomes(each: Hierarchy, value: str) -> set[str]:
    return {each.at(step, value) for step in range(each.last + 1)} | {WITHHELD}


def could_be(row: dict[str, str], answers: list[dict[str, Any]], true: Person) -> bool:
    """Whether what is published of one id could be this person."""
    if any(value not in becomes(hierarchy_of(name), true.all_known.get(name, NOT_TOLD)) for name, value in row.items()):
        return False
    return all(_could_say(each, true) for each in answers)


def _could_say(said: dict[str, Any], true: Person) -> bool:
    known = true.all_known
    where = said["service"] in becomes(hierarchy_of("service"), known["service"])
    when = said["period"] in becomes(hierarchy_of("period"), known["period"])
    guides = {each.rpartition(" ")[0] for each in true.editions}
    what = said["guide"] == WITHHELD or (
        said["guide"] in guides
        and (said["guide_version"] is None or f"{said['guide']} {said['guide_version']}" in true.editions)
    )
    asked = said["question"] == WITHHELD or any(said["question"] in QUESTIONS[guide] for guide in guides)
    return where and when and what and asked


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(1, 60), k=st.integers(3, 9))
def test_nobody_is_linked_below_k(tmp_path_factory: pytest.TempPathFactory, seed: int, size: int, k: int) -> None:
    folder, people = tmp_path_factory.mktemp("attack") / "out", crowd(seed, size)
    manifest = publish(folder, people, k)
    lines = [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]
    said: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        said.setdefault(line["person"], []).append(line)
    rows = {each.pop("person"): each for each in map(json.loads, (folder / "people.jsonl").read_text().splitlines())}
    assert set(rows) == set(said)
    least = min(k, size)
    links = {
        one: [number for number, true in enumerate(people) if could_be(rows[one], said[one], true)] for one in rows
    }
    assert all(len(found) >= least for found in links.values()), "people whom an id could be"
    for number in range(size):
        assert sum(number in found for found in links.values()) >= least, "ids that a person could have"
    page = (folder / "methods.html").read_text()
    counts = [int(each) for each in re.findall(r'<td class="number">(\d+)</td>', page)]
    assert counts
    assert all(each >= least for each in counts)
    assert manifest["disclosure_control"]["smallest_group"] >= least
    everything = "".join(path.read_text() for path in folder.iterdir())
    if sum("a-place-of-one" in person.services for person in people) < k <= size:
        assert "a-place-of-one" not in everything


def test_a_guide_that_one_person_had_is_told_of_nobody(tmp_path: Path) -> None:
    alone = Person({}, [("elm", date(2026, 2, 1), "reflection", 1)])
    people = [*(Person({}, [TIMES[at % 2]]) for at in range(40)), alone]
    for number, person in enumerate(people):
        guide, version = person.times[0][2:]
        day, question = person.times[0][1], QUESTIONS[guide][0]
        given_answer = answer(f"p{number}", day=day, question=question, guide=guide, guide_version=version)
        person.answers.append(coded(given_answer))
    publish(tmp_path / "out", people, 5)
    lines = [json.loads(line) for line in (tmp_path / "out" / "answers.jsonl").read_text().splitlines()]
    assert not any("reflection" in line["guide"] or line["question"] == "as_staff" for line in lines)
    assert sum(line["guide"] == "relational-practice" for line in lines) >= 10, "what everybody shares may stay"
    assert (tmp_path / "out" / "answers.jsonl").read_text().count('"guide_version": null') >= 5


def test_one_guide_for_everybody_stays(tmp_path: Path) -> None:
    people = [Person({}, [TIMES[0]], [coded(answer(f"p{n}"))]) for n in range(2)]
    publish(tmp_path / "out", people, 5)
    lines = [json.loads(line) for line in (tmp_path / "out" / "answers.jsonl").read_text().splitlines()]
    assert {(line["guide"], line["guide_version"], line["question"]) for line in lines} == {
        ("relational-practice", 1, "helped")
    }


@settings(max_examples=300, deadline=None)
@given(
    people=st.lists(st.sampled_from(["asked", "answered", "skipped"]), max_size=40),
    answered=st.integers(0, 40),
    more=st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12)),
    k=st.integers(2, 9),
)
def test_no_number_of_the_flow_and_no_difference_is_of_too_few(
    people: list[Any], answered: int, more: tuple[int, int, int], k: int
) -> None:
    steps, day = Steps(), date(2026, 5, 1)
    questions = [Asked(f"p{at}", "s", "elm", "guide", 1, "q", outcome, day) for at, outcome in enumerate(people)]
    asyncio.run(steps.gather(stream(questions)))
    gave = min(answered, len(people))
    withdrew, never, left = more
    agreed = len(people) + withdrew + never
    flow = steps.flow(gave, Flow(opened=agreed + left, agreed=agreed, withdrew=withdrew), k)
    shown = {name: count for name, count in flow.items() if isinstance(count, int) and name != "gave_answers"}
    assert all(count == 0 or count >= k for count in shown.values())
    nested = {**shown, "gave_answers": gave}
    gone = nested.pop("withdrew", 0)
    for one, larger in nested.items():
        for other, smaller in nested.items():
            assert not 0 < larger - smaller < k
            if one in {"opened", "agreed"} and other not in {"opened", "agreed"}:
                assert not 0 < larger - smaller - gone < k, "those who withdrew can be taken off"
    true = {"opened": agreed + left, "agreed": agreed, "withdrew": withdrew, "began": len(people)}
    assert all(flow[name] in {count, WITHHELD} for name, count in true.items())
    assert flow["gave_answers"] == gave
    if k <= min(gave, withdrew, never, left) and gave == len(people) and set(people) == {"answered"}:
        assert WITHHELD not in flow.values(), "nothing is withheld for nothing"


def test_what_nobody_knows_is_open_and_what_too_few_make_up_is_withheld(tmp_path: Path) -> None:
    people = [Person({}, [TIMES[0]], [coded(answer(f"p{n}"))]) for n in range(9)]
    manifest = publish(tmp_path / "out", people, 5, flow=Flow(opened=16, agreed=10, withdrew=1))
    assert manifest["flow"] == {
        "invited": None, "read_the_information": None, "declined": None, "opened": 16, "agreed": WITHHELD, "began": 9,
        "skipped_a_question": 0, "finished": 9, "gave_answers": 9, "withdrew": WITHHELD,
    }  # fmt: skip
    drawn = (tmp_path / "out" / "flow.svg").read_text()
    assert "Invited: not known to the system" in drawn
    assert "Withdrew, all erased: withheld: too few people" in drawn
    assert "Opened the chat, in the whole study: 16" in drawn
