"""Nobody stands out: an attacker who has the export and the true list of everybody who took part links nobody to
fewer than k people; and k and l are what an independent tool measures."""

import asyncio
import csv
import json
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.anonymity import NOT_TOLD, WITHHELD, Anonymised, anonymise, read_hierarchies
from analysis.anonymity.hierarchy import Hierarchy, hierarchy_of
from tests.test_export.making import hearing, make, request_for
from tests.test_reports.invented import answer, coded

OPTIONS = {
    "age": ["from_18_to_24", "from_25_to_34", "from_35_to_44", "from_45_to_54", "from_55_to_64", "from_65_and_over"],
    "gender": ["woman", "man", "non_binary", "another", "not_sure"],
    "sexuality": ["straight", "gay_lesbian", "bi", "queer", "asexual", "another", "not_sure"],
    "ethnicity": ["white_british", "white_irish", "south_asian", "black_african", "mixed", "arab", "one_of_our_own"],
    "region": ["north_west", "london", "yorkshire_humber", "wales", "south_east"],
    "service": ["elm", "oak", "elm and oak"],
    "period": ["2026-Q1", "2026-Q2", "2026", "2025 to 2026"],
}
HIERARCHIES = [hierarchy_of(name) for name in OPTIONS]
ORACLE = Path(__file__).with_name("oracle.json")


def population(seed: int, size: int) -> dict[str, dict[str, str]]:
    chance = random.Random(seed)
    weights = {name: [2.0**-at for at in range(len(options))] for name, options in OPTIONS.items()}
    return {
        f"P{number}": {
            name: chance.choices(options, weights[name])[0]
            for name, options in OPTIONS.items()
            if chance.random() > 0.1
        }
        for number in range(size)
    }


def could_be(row: tuple[str, ...], true: Mapping[str, str]) -> bool:
    """Whether a published row could be somebody of whom everything is known: each value is one that theirs becomes."""
    return all(
        value == WITHHELD or value in becomes(each, true.get(each.id, NOT_TOLD))
        for value, each in zip(row, HIERARCHIES, strict=True)
    )


def becomes(each: Hierarchy, value: str) -> set[str]:
    return {each.at(step, value) for step in range(each.last + 1)}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 120), st.integers(3, 12))
def test_an_attacker_with_the_list_of_participants_links_nobody_below_k(seed: int, size: int, k: int) -> None:
    people = population(seed, size)
    table = anonymise(people, HIERARCHIES, k, 2)
    assert set(table.rows) == set(people)
    least = min(k, size)
    published = list(table.rows.values())
    for true in people.values():
        assert sum(could_be(row, true) for row in published) >= least, "rows that a person could be"
    for row in published:
        assert sum(could_be(row, true) for true in people.values()) >= least, "people whom a row could be"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 300), st.integers(3, 12))
def test_every_row_has_k_like_it_and_no_group_gives_one_sensitive_answer(seed: int, size: int, k: int) -> None:
    table = anonymise(population(seed, size), HIERARCHIES, k, 2)
    rows = list(table.rows.values())
    if size >= k:
        assert min(Counter(rows).values()) >= k == table.k
        assert table.smallest == min(Counter(rows).values())
    else:
        assert set(rows) == {(WITHHELD,) * len(HIERARCHIES)}
    at = table.names.index("sexuality")
    groups: dict[tuple[str, ...], set[str]] = {}
    for row in rows:
        groups.setdefault(row[:at] + row[at + 1 :], set()).add(row[at])
    assert all(len(each) >= 2 or each <= {WITHHELD, NOT_TOLD} for each in groups.values())


def test_the_order_of_people_changes_nothing() -> None:
    people = population(3, 90)
    other = dict(reversed(people.items()))
    assert anonymise(people, HIERARCHIES, 5, 2).rows == dict(anonymise(other, HIERARCHIES, 5, 2).rows)


def test_a_large_even_sample_loses_little() -> None:
    chance = random.Random(1)
    people = {
        f"P{n}": {"gender": chance.choice(["woman", "man"]), "age": chance.choice(OPTIONS["age"])} for n in range(400)
    }
    table = anonymise(people, [hierarchy_of("age"), hierarchy_of("gender")], 5, 2)
    assert [each.step for each in table.loss] == [0, 0]
    assert table.people_withheld == 0


@pytest.mark.parametrize("name", read_hierarchies())
def test_going_on_only_ever_joins(name: str) -> None:
    each = hierarchy_of(name)
    options = OPTIONS.get(name, ["general", "specialist", "voluntary", "other", "not_sure"])
    for step in range(each.last):
        after: dict[str, set[str]] = {}
        for option in options:
            after.setdefault(each.at(step, option), set()).add(each.at(step + 1, option))
        assert all(len(found) == 1 for found in after.values())
    assert {each.at(each.last, option) for option in options} == {WITHHELD}


def measured(table: Anonymised) -> tuple[int, int]:
    """k, and l of sexuality within groups of everything else, as the independent tool defines them."""
    rows = list(table.rows.values())
    at = table.names.index("sexuality")
    groups: dict[tuple[str, ...], set[str]] = {}
    for row in rows:
        groups.setdefault(row[:at] + row[at + 1 :], set()).add(row[at])
    return min(Counter(rows).values()), min(len(each) for each in groups.values())


@pytest.mark.parametrize("case", json.loads(ORACLE.read_text()), ids=lambda case: f"seed{case['seed']}")
def test_an_independent_tool_measures_the_same(case: dict[str, int]) -> None:
    """oracle.json holds what pyCANON 1.3.6 measured (`make_oracle.py`, in an environment of its own)."""
    table = anonymise(population(case["seed"], case["size"]), HIERARCHIES, case["asked_k"], 2)
    assert measured(table) == (case["k"], case["l"])
    assert case["k"] >= case["asked_k"]
    assert table.smallest == case["k"]


async def test_the_rows_of_answers_tell_no_more_than_the_people(tmp_path: Path) -> None:
    heard = [coded(answer(f"p{n}", f"text {n}", service="elm" if n else "a-place-of-one")) for n in range(20)]
    request = request_for(tmp_path / "out", "csv", k=5, l=2)
    manifest = await make(
        request, heard, {f"p{n}": {"age": "from_18_to_24" if n % 2 else "from_65_and_over"} for n in range(20)}
    )
    rows = list(csv.DictReader((tmp_path / "out" / "answers.csv").read_text().splitlines()))
    people = {row["person"]: row for row in csv.DictReader((tmp_path / "out" / "people.csv").read_text().splitlines())}
    assert all(row["service"] == people[row["person"]]["service"] for row in rows)
    assert "a-place-of-one" not in "".join(path.read_text() for path in (tmp_path / "out").iterdir())
    assert manifest["disclosure_control"]["smallest_group"] >= 5
    assert manifest["disclosure_control"]["k"] == 5


def test_ids_and_order_are_new_each_time(tmp_path: Path) -> None:
    for name in "ab":
        asyncio.run(make(request_for(tmp_path / name, "jsonl", k=3), hearing()))
    first, second = ((tmp_path / name / "answers.jsonl").read_text() for name in "ab")
    ids = lambda text: {json.loads(line)[key] for line in text.splitlines() for key in ("answer", "person", "session")}  # noqa: E731
    assert not ids(first) & ids(second)
