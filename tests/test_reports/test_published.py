"""An attacker who has every file of several periods, knows the rules, and recognises what each quotation speaks about.

Whole studies are invented, published period by period as `analysis summary` does it, and read back as files: JSON, CSV,
page and Easy Read page (the PDF is the page). They must say the same numbers, so the JSON is all that there is to know.
From it the attacker looks for populations, of all periods at once, that fit everything: counts, columns, totals of
themes, who was asked and skipped, what every quotation tells, and how shares changed. Each withheld count must still be
able to be any small number.

What people told of themselves has an attack of its own in `test_sample`, which goes through every table; that nothing
of staff depends on what is withheld is in `test_mirrors`.
"""

import csv
import json
import math
import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html
from scipy.optimize import LinearConstraint, milp

from analysis.disclosure import COLUMNS, Tally
from analysis.frameworks import read_framework
from analysis.model import Coded, Coding, Framework, Stance, SubTheme, Theme
from analysis.period import read_period
from analysis.reading import CodedAnswer, Masked
from analysis.services import Service
from analysis.summary import Candidates, summarise, tally
from analysis.summary.change import newcombe
from analysis.summary.folder import Files, read_earlier, write
from analysis.summary.mirrors import STAFF
from analysis.summary.quotations import read_quoting
from tests.test_reports.invented import answer, asked, stream

T = 5
ELM = Service(code="elm", name="Elm Tree", threshold=T)
A1, A2, B1 = SUBTHEMES = ("compassion", "validation_listening", "timely_support")
PERIODS = ("2026-Q1", "2026-Q2", "2026-Q3")
FRAMEWORK = Framework(
    id="relational_practice", title="Small", version=1, sha256="0" * 64, source="invented",
    themes=(
        Theme(id="A", title="Theme A", subthemes=tuple(SubTheme(id=s, title=s, covers=s) for s in (A1, A2))),
        Theme(id="B", title="Theme B", subthemes=(SubTheme(id=B1, title=B1, covers=B1),)),
    ),
)  # fmt: skip

State = frozenset[str] | None
FULL: tuple[State, ...] = (
    None,
    *(frozenset(c for c, kept in zip(COLUMNS, bits, strict=True) if kept) for bits in product((0, 1), repeat=3)),
)
STATES = list(product(FULL, repeat=3))


@dataclass(frozen=True)
class Kind:
    """What one person can be in one period. Whether they skipped something goes with every state alike, so it is
    counted apart: `skipped` kinds are a second count of people who are in the others too."""

    answered: bool
    states: tuple[State, ...]
    skipped: bool = False

    def within(self, cell: tuple[str, str | None]) -> bool:
        state = self.states[SUBTHEMES.index(cell[0])]
        return not self.skipped and state is not None and (cell[1] is None or cell[1] in state)


SILENT = (None, None, None)
KINDS = [*(Kind(True, states) for states in STATES), Kind(False, SILENT)]
KINDS += [Kind(True, SILENT, skipped=True), Kind(False, SILENT, skipped=True)]


@dataclass(frozen=True)
class Group:
    """Some people of a kind. `together`: they say everything in one breath."""

    kind: Kind
    size: int
    skips: bool
    together: bool
    quotable: bool
    gender: str


@st.composite
def groups(draw: st.DrawFn) -> list[Group]:
    sizes, kinds = st.integers(1, 9), st.sampled_from([kind for kind in KINDS if not kind.skipped])
    yes = st.booleans()
    genders = st.sampled_from(["", "woman", "man", "non_binary"])
    return [
        Group(draw(kinds), draw(sizes), draw(yes), draw(yes), draw(yes), draw(genders))
        for _ in range(draw(st.integers(2, 7)))
    ]


def spoken(group: Group) -> list[list[tuple[str, Stance]]]:
    """What a person says, breath by breath: the sub-themes and how they went."""
    parts: list[list[tuple[str, Stance]]] = []
    for name, state in zip(SUBTHEMES, group.kind.states, strict=True):
        if state is not None:
            stances: list[Stance] = [column for column in COLUMNS if column in state] or ["neither"]
            parts.append([(name, stance) for stance in stances])
    return [[each for part in parts for each in part]] if group.together and parts else parts or [[]]


def say(person: str, breath: list[tuple[str, Stance]], quotable: bool) -> CodedAnswer:
    """The words name all that they are about, as a reader would know it; who says them, the test must not know."""
    text = "It was about " + " and ".join(f"{name}/{stance}" for name, stance in breath) + f" #{person}#."
    codings = tuple(
        Coding(subtheme=name, theme=FRAMEWORK.theme_of(name).id, stance=stance, confidence=0.9, start=0,
            end=len(text), reason="invented")
        for name, stance in breath
    )  # fmt: skip
    given_ = answer(person, text, quotable=quotable)
    return CodedAnswer(given_, Masked(text, {}, "approved"), Coded(codings=codings, top=()))


def easy_of(page: Path) -> Path:
    return page.with_name(f"{page.stem}-easy-read.html")


async def publish_period(name: str, people: list[Group], folder: Path) -> None:
    """As the command does it, from coded answers to files."""
    heard, put, told = [], [], {}
    for number, group in enumerate(each for each in people for _ in range(each.size)):
        person = f"{name}-{number}"
        put.append(asked(person, "skipped" if group.skips else "answered"))
        if group.gender:
            told[person] = {"gender": group.gender}
        if group.kind.answered:
            heard += [say(person, breath, group.quotable) for breath in spoken(group)]
    staff = Tally(answered=set(range(9)), asked=set(range(9)))
    for person in range(7):
        staff.heard("relationships" if person < 4 else "safety").add(person, "harm")
    candidates, period, page = Candidates(), read_period(name), folder / f"{name}.html"
    counted = await tally(stream(heard), stream(put), candidates, told)
    reflected = (staff, read_framework(STAFF))
    summary = summarise(
        counted, FRAMEWORK, ELM, period, period.until, candidates=candidates, earlier=read_earlier(page, "elm"),
        staff=reflected,
    )  # fmt: skip
    write(summary, Files(page, easy_read=easy_of(page)))


# What the files say -------------------------------------------------------------------------------------------------


def check_csv(path: Path, numbers: dict[str, Any]) -> None:
    """The CSV says what the JSON says."""
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    said = {(row["section"], row["theme"], row["part"], row["measure"]): row["value"] for row in rows}
    assert len(said) == len(rows)

    def same(key: tuple[str, str, str, str], number: float | None) -> None:
        assert said.pop(key) == ("" if number is None else str(number))

    for each in ("asked", "answered", "skipped"):
        same(("people", "", "", each), numbers["counts"][each])
    for theme in numbers["framework"]["themes"] if numbers["counts"]["enough"] else ():
        counts = numbers["counts"]["themes"][theme["id"]]
        same(("map", theme["title"], "", "people in the parts that are shown"), counts["people"])
        for part, row in counts["subthemes"].items():
            for measure, number in row.items():
                same(("map", theme["title"], part, measure), number)
    for each in (numbers["sample"] or {"characteristics": []})["characteristics"]:
        for row in each["rows"]:
            same(("who answered", each["title"], row["title"], "people"), row["people"])
    titles = {each["id"]: each["title"] for each in numbers["framework"]["themes"]}
    for row in (numbers["change"] or {"rows": []})["rows"]:
        for measure in ("difference", "low", "high"):
            same(("change", titles[row["theme"]], row["subtheme"] or "", measure), row[measure])
    assert {section for section, *_ in said} <= {"staff"}


def numbers_in(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"\d+", text)}


def may_be_said(numbers: dict[str, Any]) -> set[int]:
    """Every whole number that is in the JSON or follows from it at once, and those of the fixed words."""
    counts, sample, change = numbers["counts"], numbers["sample"], numbers["change"]
    every = [
        count for theme in counts["themes"].values() for row in theme["subthemes"].values() for count in row.values()
    ]
    said = numbers_in(json.dumps({key: numbers[key] for key in numbers if key not in {"quotations", "framework"}}))
    for each in (sample or {"characteristics": []})["characteristics"]:
        for row in each["rows"]:
            said |= numbers_in(row["title"])
            if row["people"]:
                said |= whole(row["people"] / sample["people"])
    for row in (change or {"rows": []})["rows"]:
        for name in ("difference", "low", "high"):
            said |= whole(row[name])
    said |= {
        every.count(None),
        len(counts["themes"]),
        *(len(theme["subthemes"]) for theme in counts["themes"].values()),
    }
    return said | {10 * tenth for tenth in range(1, 11)} | {19, 20, 100, 1998, 1, 2, 3}  # scale, and words of the page


def whole(share: float) -> set[int]:
    """A share in per cent, rounded in either way."""
    return {round(abs(100 * share)), math.floor(abs(100 * share) + 0.5)}


def numbers_on(path: Path) -> set[int]:
    """All that a page says apart from people's own words."""
    tree = html.fromstring(path.read_text("utf-8"))
    for each in (*tree.iter("style"), *tree.iter("blockquote"), *tree.iter("head")):
        each.drop_tree()
    return numbers_in(" ".join(tree.itertext()))


def check_page(path: Path, numbers: dict[str, Any]) -> None:
    """No number is on the page, in words, tables or drawings, that is not in the JSON or follows from it at once."""
    counts, tree = numbers["counts"], html.fromstring(path.read_text("utf-8"))
    assert numbers_on(path) <= may_be_said(numbers)
    for row in tree.xpath("//table[caption[@id='table-title']]//tr[td]"):
        (name,) = row.xpath("./th/text()")
        (published,) = [theme["subthemes"][name] for theme in counts["themes"].values() if name in theme["subthemes"]]
        cells = [cell.text_content() for cell in row.xpath("./td")]
        assert cells == ["few" if each is None else str(each) for each in published.values()]
    shares = {
        round(100 * count / counts["answered"], 1)
        for theme in counts["themes"].values()
        for row in theme["subthemes"].values()
        for count in row.values()
        if count
    }
    assert {float(each) for each in tree.xpath("//svg[@class='bar']/rect[2]/@width")} <= shares


# What the attacker makes of it --------------------------------------------------------------------------------------

Row = np.ndarray


@dataclass
class Knowledge:
    """Linear facts about how many people of each kind there are, in each of some periods, as (row, least, most)."""

    periods: int
    facts: list[tuple[Row, float, float]]
    withheld: list[Row]

    def row(self, period: int, chosen: list[bool]) -> Row:
        whole = np.zeros(self.periods * len(KINDS))
        whole[period * len(KINDS) : (period + 1) * len(KINDS)] = chosen
        return whole

    def learn(self, row: Row, count: int | None) -> None:
        if count is None:
            self.withheld.append(row)
        self.facts.append((row, 1, T - 1) if count is None else (row, count, count))


def study_counts(known: Knowledge, at: int, counts: dict[str, Any]) -> None:
    """What one period's counts tell, with the rules of disclosure control."""
    asked_ = counts["asked"]

    def count(*, answered: bool, skipped: bool) -> Row:
        return known.row(at, [kind.answered == answered and kind.skipped == skipped for kind in KINDS])

    known.facts.append((count(answered=True, skipped=False), counts["answered"], counts["answered"]))
    known.learn(count(answered=False, skipped=False), None if asked_ is None else asked_ - counts["answered"])
    for each in (False, True):  # nobody skipped who was not asked
        known.facts.append((count(answered=each, skipped=False) - count(answered=each, skipped=True), 0, np.inf))
    skipped = count(answered=True, skipped=True) + count(answered=False, skipped=True)
    if counts["skipped"] is not None:
        known.facts.append((skipped, counts["skipped"], counts["skipped"]))
    elif asked_ is not None:
        known.learn(skipped, None)
    else:
        known.facts.append((skipped, 1, np.inf))
    for theme in counts["themes"].values():
        shown = []
        for name, row in theme["subthemes"].items():
            for column in (None, *COLUMNS):
                known.learn(known.row(at, [kind.within((name, column)) for kind in KINDS]), row[column or "people"])
            if row["people"] is not None:
                shown.append(name)
        if theme["people"] is not None:
            either = [any(kind.within((name, None)) for name in shown) for kind in KINDS]
            known.facts.append((known.row(at, either), theme["people"], theme["people"]))


def study_quotations(known: Knowledge, at: int, quotations: list[dict[str, str]]) -> None:
    """Words tell all that they are about. Two in a row are of two people, and nobody is quoted more often than the
    rules say: so many people at least are in everything that the words speak about."""
    abouts = [
        frozenset(tuple(each.split("/")) for each in re.findall(r"\w+/\w+", quotation["text"]))
        for quotation in quotations
    ]
    for about, times in Counter(abouts).items():
        in_a_row = any(one == other == about for one, other in pairwise(abouts))
        least = max(math.ceil(times / read_quoting().each_person), 2 if in_a_row else 1)
        cells = [(name, None if stance == "neither" else stance) for name, stance in about]  # type: ignore[misc]
        chosen = [all(kind.within(cell) for cell in cells) for kind in KINDS]
        known.facts.append((known.row(at, chosen), least, np.inf))


def study_change(known: Knowledge, before: int, now: int, published: list[dict[str, Any]]) -> None:
    """Differences of shares join two periods. They and their intervals must follow from what is published anyway."""
    of_before, of_now = (published[at]["counts"]["answered"] for at in (before, now))
    for row in published[now]["change"]["rows"]:
        names = (
            [row["subtheme"]]
            if row["subtheme"]
            else list(published[now]["counts"]["themes"][row["theme"]]["subthemes"])
        )
        chosen = [any(kind.within((name, None)) for name in names) for kind in KINDS]
        share = known.row(now, chosen) / of_now - known.row(before, chosen) / of_before
        known.facts.append((share, row["difference"] - 6e-5, row["difference"] + 6e-5))
        *_, then, present = row["people"]
        lines = len(published[now]["change"]["rows"])
        low, high = newcombe(present, of_now, then, of_before, 0.05 / lines)
        assert (row["low"], row["high"]) == (round(low, 4), round(high, 4))


def study(published: list[dict[str, Any]]) -> Knowledge:
    known = Knowledge(len(published), [], [])
    for at, numbers in enumerate(published):
        study_counts(known, at, numbers["counts"])
        study_quotations(known, at, numbers["quotations"])
        if numbers["change"]["compared"] == "yes":
            study_change(known, at - 1, at, published)
    return known


def extreme(known: Knowledge, row: Row, sign: int) -> int:
    limits = LinearConstraint(
        np.array([fact[0] for fact in known.facts]),
        [fact[1] for fact in known.facts],
        [fact[2] for fact in known.facts],
    )
    found = milp(sign * row, constraints=limits, integrality=np.ones(len(row)))
    assert found.success, "the true population must be among those the attacker considers"
    return round(sign * found.fun)


async def publish_all(studies: list[list[Group]], folder: Path) -> list[dict[str, Any]]:
    """All files of all periods; the JSON of those in which something is shown."""
    for name, people in zip(PERIODS, studies, strict=False):
        await publish_period(name, people, folder)
    return read_all(folder)


def read_all(folder: Path) -> list[dict[str, Any]]:
    """The JSON of what is shown, after a look whether page and CSV say the same."""
    read = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    for numbers in read:
        check_csv(folder / f"{numbers['period']}.csv", numbers)
        page = folder / f"{numbers['period']}.html"
        check_page(page, numbers)
        assert numbers_on(easy_of(page)) <= may_be_said(numbers)
        if not numbers["counts"]["enough"]:
            assert (numbers["sample"], numbers["change"], numbers["quotations"]) == (None, None, [])
    return [numbers for numbers in read if numbers["counts"]["enough"]]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(groups(), min_size=2, max_size=3))
async def test_all_published_files_together_leave_every_withheld_count_open(studies: list[list[Group]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        published = await publish_all(studies, Path(folder))
    if not published:
        return
    known = study(published)
    for row in known.withheld:
        assert (extreme(known, row, +1), extreme(known, row, -1)) == (1, T - 1)


async def one_small_group(tmp_path: Path) -> list[dict[str, Any]]:
    """Seven people whom compassion helped, and three of them who were harmed in another part, in the same breath."""
    helped, both = frozenset({"help"}), frozenset({"harm"})
    people = [
        Group(Kind(True, (helped, None, None)), 9, False, False, True, "woman"),
        Group(Kind(True, (helped, None, both)), 3, False, True, True, "man"),
    ]
    return await publish_all([people], tmp_path)


async def test_the_attacker_catches_a_quotation_from_a_small_group(tmp_path: Path) -> None:
    """Two people in a row who speak of what is withheld would tell that there are at least two."""
    published = await one_small_group(tmp_path)
    assert published[0]["quotations"]
    known = study(published)
    row = known.row(0, [kind.within((B1, "harm")) for kind in KINDS])
    assert (extreme(known, row, +1), extreme(known, row, -1)) == (1, T - 1)
    leaked = {"subtheme": A1, "column": "help", "text": f"It was about {A1}/help and {B1}/harm #1#."}
    study_quotations(known, 0, [leaked, leaked | {"text": leaked["text"].replace("#1#", "#2#")}])
    assert extreme(known, row, +1) == 2


async def test_the_attacker_catches_a_difference_of_a_withheld_count(tmp_path: Path) -> None:
    """A share that changed, of a part that is withheld in one of the periods, would tell it."""
    sizes = ((9, 6), (9, 3))
    harmed, helped = frozenset({"harm"}), frozenset({"help"})
    studies = [
        [
            Group(Kind(True, (helped, None, None)), many, False, False, False, ""),
            Group(Kind(True, (None, None, harmed)), few, False, False, False, ""),
        ]
        for many, few in sizes
    ]
    published = await publish_all(studies, tmp_path)
    assert published[1]["counts"]["themes"]["B"]["subthemes"][B1]["harm"] is None
    assert B1 in published[1]["change"]["not_compared"]
    known = study(published)
    now, before = (known.row(at, [kind.within((B1, None)) for kind in KINDS]) for at in (1, 0))
    assert (extreme(known, now, +1), extreme(known, now, -1)) == (1, T - 1)
    difference = 3 / 12 - 6 / 15
    known.facts.append((now / 12 - before / 15, difference - 6e-5, difference + 6e-5))
    assert (extreme(known, now, +1), extreme(known, now, -1)) == (3, 3)
