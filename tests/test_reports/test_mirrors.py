"""Two mirrors: people on both sides, the same threshold, and no withheld number of staff within reach."""

import re
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.disclosure import Counts, Tally, publish
from analysis.frames import counterparts
from analysis.frameworks import DEFAULT, read_framework
from analysis.period import read_period
from analysis.services import Service
from analysis.summary import Summary, make_summary, render
from analysis.summary.mirrors import STAFF, Mirrors, hold_mirrors
from tests.test_reports.invented import answer, coded
from tests.test_reports.test_serve import Shelf

USERS, CLINICIANS = read_framework(DEFAULT), read_framework(STAFF)
ELM = Service(code="elm", name="Elm Tree", threshold=5)


def tally_of(answered: int, spoke: dict[str, range]) -> Tally:
    tally = Tally(answered=set(range(answered)), asked=set(range(answered)))
    for subtheme, people in spoke.items():
        for person in people:
            tally.heard(subtheme).add(person, "help")
    return tally


def mirrors_of(users: Counts, staff: Tally) -> Mirrors:
    found = hold_mirrors(users, USERS, staff, CLINICIANS)
    assert found is not None
    return found


def seen(mirrors: Mirrors) -> dict[str, tuple[int | None, int | None, str]]:
    return {row.subtheme: (row.service_users, row.staff, row.seen_by) for row in mirrors.rows}


def test_who_sees_what() -> None:
    users = publish(
        tally_of(30, {"compassion": range(20), "timely_support": range(9), "known_staff": range(3)}), USERS, 5
    )
    staff = tally_of(
        12, {"relationships": range(7), "duration_and_discharge": range(8), "interagency_working": range(6)}
    )
    found = seen(mirrors_of(users, staff))
    assert found["compassion"] == (20, 7, "both")
    assert found["timely_support"] == (9, 0, "service users only")
    assert found["collaborative_working"] == (0, 6, "staff only")
    assert found["known_staff"] == (None, 8, "withheld")
    assert found["range_of_interventions"] == (0, 0, "neither")


def test_what_has_no_counterpart_stays_visible_as_such() -> None:
    found = mirrors_of(publish(tally_of(30, {}), USERS, 5), tally_of(12, {"clinician_needs": range(9)}))
    assert [(row.id, row.staff) for row in found.beyond] == [("clinician_needs", 9)]
    assert set(found.not_asked) == {name for name, those in counterparts(STAFF).items() if not those}
    assert not set(found.not_asked) & {row.subtheme for row in found.rows}


def test_few_staff_look_like_none_and_one_person_is_counted_once() -> None:
    users = publish(tally_of(30, {}), USERS, 5)
    assert mirrors_of(users, tally_of(4, {"relationships": range(4)})) == mirrors_of(users, Tally())
    both = tally_of(9, {"relationships": range(6), "safety": range(2, 9)})
    assert seen(mirrors_of(users, both))["trauma_informed"][1] == 9


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from([each.id for each in CLINICIANS.subthemes]), st.integers(0, 12)), st.randoms())
def test_a_withheld_number_of_staff_changes_nothing_that_is_published(counts: dict[str, int], chance) -> None:  # type: ignore[no-untyped-def]
    """Whatever a small group is, and whoever is in it, the published mirrors stay as they are: nothing follows."""
    users = publish(tally_of(30, {"compassion": range(20)}), USERS, 5)
    spoke = {name: chance.sample(range(20), count) for name, count in counts.items()}
    small = {name for name, people in spoke.items() if 0 < len(people) < 5}
    others = {name: chance.sample(range(20), chance.randint(1, 4)) for name in small}
    assert mirrors_of(users, tally_of(20, spoke)) == mirrors_of(users, tally_of(20, spoke | others))  # type: ignore[arg-type]


class ByWord:
    """Codes what has the title of a sub-theme in it."""

    def __init__(self, framework_id: str) -> None:
        self.framework = read_framework(framework_id)

    async def code(self, answers):  # type: ignore[no-untyped-def]
        from analysis.model import Coding  # noqa: PLC0415

        async for each in answers:
            found = [one for one in self.framework.subthemes if one.id in each.text]
            codings = [
                Coding(subtheme=one.id, theme=self.framework.theme_of(one.id).id, stance="help", confidence=0.9,
                    start=0, end=len(each.text), reason="a word")
                for one in found
            ]  # fmt: skip
            yield coded(each, *codings)


async def summary_with(staff: int) -> Summary:
    shelf = Shelf()
    for number in range(12):
        shelf.tell(answer(f"p{number}", "compassion"))
    for number in range(staff):
        shelf.tell(answer(f"s{number}", "relationships and clinician_needs", guide="staff-reflection"))
        shelf.tell(answer(f"t{number}", "safety", guide="staff-reflection", service="oak"))
        shelf.tell(answer(f"u{number}", "safety", guide="staff-reflection", in_summaries=False))
    return await make_summary(
        shelf, ByWord(DEFAULT), USERS, ELM, read_period("2026-Q3"), made=date(2026, 11, 1), staff=lambda: ByWord(STAFF)
    )


async def test_staff_of_this_service_who_agreed_are_held_beside_service_users() -> None:
    summary = await summary_with(staff=6)
    assert summary.mirrors is not None
    assert summary.mirrors.staff_answered == 6
    found = seen(summary.mirrors)
    assert (found["compassion"], found["open_dialogue"]) == ((12, 6, "both"), (0, 0, "neither"))
    page = re.sub(r"\s+", " ", render(summary))
    assert '<th scope="row">Compassion</th><td>12</td><td>6</td><td class="words">both</td>' in page
    assert "6 people who work at this service reflected" in page


async def test_without_enough_staff_the_page_says_so_and_no_coder_is_made() -> None:
    page = render(await summary_with(staff=4))
    assert "Fewer than 5 people who work at this service reflected" in page
    assert "Two mirrors" not in page
    assert render(await summary_with(staff=0)) == page

    def never() -> ByWord:
        raise AssertionError("there is nothing to code")

    shelf = Shelf()
    for number in range(9):
        shelf.tell(answer(f"p{number}", "compassion"))
    made = await make_summary(
        shelf, ByWord(DEFAULT), USERS, ELM, read_period("2026-Q3"), made=date(2026, 11, 1), staff=never
    )
    assert made == summarise_again(made)


def summarise_again(summary: Summary) -> Summary:
    return Summary.model_validate_json(summary.model_dump_json())
