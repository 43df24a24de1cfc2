"""Guides and services as data: every error says where, which rule, and how to mend it; all of them at once."""

import shutil
from pathlib import Path

import pytest

from flows.errors import GuideError, ServicesError
from flows.library import GUIDES, guide_names, load_guide
from flows.reading import grade
from flows.services import read_services

BROKEN = {
    "a text is missing": ('title = "Who we are and why we ask"\n', "", "information[1].title", "Add it"),
    "an unknown key": ('arrival = """', 'arival2 = "x"\narrival = """', "arival2", "Check the spelling"),
    "a slot that nothing fills": ("{service}", "{servce}", "slot {servce}", "{service}"),
    "a repeated id": ('id = "quotes"', 'id = "summaries"', "'summaries' is used more than once", "give each its own"),
    "no consent to take part": ('id = "take_part"', 'id = "join"', "'take_part'", "nobody can agree"),
    "a wrong type": ("withdraw_days = 90", 'withdraw_days = "soon"', "withdraw_days", "valid integer"),
    "a malformed id": ('id = "quotes"', 'id = "Quotes!"', "consent[2].id", "Use only the letters"),
    "not TOML at all": ("withdraw_days = 90", "withdraw_days = ", "not valid TOML", "line"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_guide_says_what_to_mend(what: str, tmp_path: Path) -> None:
    old, new, *expected = BROKEN[what]
    shutil.copytree(GUIDES / "relational-practice", tmp_path / "mine")
    file = tmp_path / "mine" / "guide.toml"
    text = file.read_text()
    assert old in text, "the fixture must change something"
    file.write_text(text.replace(old, new) if "{" in old else text.replace(old, new, 1))
    with pytest.raises(GuideError) as caught:
        load_guide(str(tmp_path / "mine"))
    for each in ["guide.toml", *expected]:
        assert each in str(caught.value)


def test_all_errors_come_at_once(tmp_path: Path) -> None:
    shutil.copytree(GUIDES / "relational-practice", tmp_path / "mine")
    file = tmp_path / "mine" / "guide.toml"
    file.write_text(file.read_text().replace("withdraw_days = 90", "withdraw_days = 0").replace("{service}", "{x}"))
    with pytest.raises(GuideError) as caught:
        load_guide(str(tmp_path / "mine"))
    assert len(caught.value.problems) >= 2


def test_a_guide_can_have_words_of_its_own(tmp_path: Path) -> None:
    shutil.copytree(GUIDES / "relational-practice", tmp_path / "mine")
    words = (GUIDES / "shared" / "words.toml").read_text().replace("{contacts}", "")
    (tmp_path / "mine" / "words.toml").write_text(words)
    with pytest.raises(GuideError, match=r"words.toml.*contacts"):
        load_guide(str(tmp_path / "mine"))


@pytest.mark.parametrize("name", ["no-such-guide", "/nowhere/at/all", ""])
def test_an_unknown_guide_names_the_known_ones(name: str) -> None:
    with pytest.raises(GuideError, match="relational-practice"):
        load_guide(name)


def test_the_wording_of_the_consent_changes_with_what_people_read() -> None:
    guide = load_guide("relational-practice")
    page = guide.information[0].model_copy(update={"text": guide.information[0].text + " One more thing."})
    changed = guide.model_copy(update={"information": (page, *guide.information[1:])})
    assert changed.wording != guide.wording
    assert guide.model_copy(update={"arrival": "Hello"}).wording == guide.wording


def test_the_guides_that_come_along_load() -> None:
    assert guide_names()
    for name in guide_names():
        assert load_guide(name).id == name


SERVICES = """
[[service]]
code = "RIVER-1"
name = "Riverside"
locality = "Northtown"
"""


def test_services_are_read_with_their_defaults(tmp_path: Path) -> None:
    file = tmp_path / "services.toml"
    file.write_text(SERVICES)
    service = read_services(file).find("RIVER-1")
    assert service is not None
    assert (service.threshold, service.time_to_think_hours, service.contacts) == (8, 0, None)
    assert read_services(file).find("river-1") is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda text: text + text, "RIVER-1"),
        (lambda text: text.replace("RIVER-1", "RIVER 1"), "service[1].code"),
        (lambda text: text + "threshold = 4", "service[1].threshold"),
        (lambda text: text.replace("name", "nmae"), "service[1].name"),
        (lambda text: text + 'summary = "weekly"', "service[1].summary"),
        (lambda text: text + 'first_period = "2026-Q3"', "needs summary"),
        (lambda text: text + 'summary = "monthly"\nfirst_period = "2026-Q3"', "a month such as 2026-07"),
        (lambda text: text + 'summary = "quarterly"\nfirst_period = "2026-07"', "a quarter such as 2026-Q3"),
        (lambda _: "", "service"),
        (lambda _: "[[service", "not valid TOML"),
    ],
)
def test_a_wrong_services_file_says_what_to_mend(tmp_path: Path, change, expected: str) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "services.toml"
    file.write_text(change(SERVICES))
    with pytest.raises(ServicesError) as caught:
        read_services(file)
    assert "services.toml" in str(caught.value)
    assert expected in str(caught.value)


def test_the_reading_grade_tells_plain_from_hard() -> None:
    plain = "We ask what helped you. We ask what hurt you. You can skip any of it."
    hard = "Participation necessitates consideration of multifaceted organisational determinants of engagement."
    assert grade(plain) < 3
    assert grade(hard) > 12
    assert grade("Skip this one") == 0
