"""The guides that come along: plain to read, whole, and walkable to the end by both ways."""

import pytest

from analysis.frameworks import read_framework
from flows.guide import Guide
from flows.library import GUIDES, guide_names, load_guide
from flows.lint.texts import texts_of
from flows.turn import Keep, Pressed
from tests.test_flows.walking import Walker

LONGEST_PAGE = 600


@pytest.fixture(params=guide_names())
def guide(request: pytest.FixtureRequest) -> Guide:
    return load_guide(request.param)


def test_no_text_has_curly_quotes_or_exclamation_marks(guide: Guide) -> None:
    assert [each.place for each in texts_of(guide) if set(each.text) & set("“”‘’!")] == []


def test_a_page_fits_on_one_screen(guide: Guide) -> None:
    assert [page.id for page in guide.information if len(page.text) > LONGEST_PAGE] == []


def test_every_sub_theme_is_invited_and_no_other(guide: Guide) -> None:
    questions = [each for topic in guide.topics for each in topic.questions]
    invited = {each for question in questions for each in question.invites}
    invited |= {each for question in questions for follow_up in question.follow_ups for each in follow_up.invites}
    assert invited == {each.id for each in read_framework(guide.framework).subthemes}


@pytest.mark.parametrize("way", ["full", "short"])
def test_both_ways_lead_to_the_thanks(guide: Guide, way: str) -> None:
    walker = Walker(guide).to("path")
    walker.press("choose", way)
    asked = 0
    while walker.progress is not None and walker.progress.state != "finished":
        if walker.at.startswith("question-"):
            walker.say("It was all right.")
            walker.press("done")
            asked += 1
        elif walker.at.startswith("about-"):
            walker.hear(Pressed(next(data for data in walker.offered if data.startswith("choose:"))))
        else:
            walker.usual()
    assert guide.ending.thanks[:20] in walker.text
    assert sum(isinstance(effect, Keep) and effect.kind == "answer" for effect in walker.effects) == asked
    questions = [each for topic in guide.topics for each in topic.questions if way == "full" or each.short]
    follow_ups = sum(len(each.follow_ups) for each in questions) if way == "full" else 0
    assert asked == len(questions) + follow_ups


def test_question_ids_are_not_shared_between_guides() -> None:
    """The analysis finds a question's hint by framework and id."""
    seen: dict[str, str] = {}
    for name in guide_names():
        for topic in load_guide(name).topics:
            for question in topic.questions:
                for each in (question, *question.follow_ups):
                    assert seen.setdefault(each.id, name) == name


def test_staff_are_shown_contacts_of_their_own() -> None:
    staff, shared = load_guide("staff-reflection").contacts, load_guide("relational-practice").contacts
    assert (GUIDES / "staff-reflection" / "contacts.toml").is_file()
    assert staff != shared
    assert any("116 123" in each.reach for each in staff.people)
