"""You said, we did: the file of a service, the page with its answers, and the bundle that reaches people."""

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analysis.__main__ import app
from analysis.disclosure import Tally
from analysis.period import read_period
from analysis.publishing import AnswersError, draft_of, hold_to_summary, read_answers
from analysis.services import Service
from analysis.summary import render, summarise
from analysis.summary.numbers import Summary
from storage.bundles import TidingsText, tidings_id
from storage.keyfiles import write_new
from storage.keys import BundleKey, Cost, make_research_key, read_recipient
from storage.seal.bundle import open_bundle
from tests.test_reports.invented import FRAMEWORK

BOT = BundleKey.of_secret(b"s" * 32, b"t" * 16)
MESSAGE = "We read all that people told us. The phone is now answered until 8. We cannot change the building this year."
GOOD = f"""
service = "elm"
period = "2026-Q3"
link = "https://elm.example/said"

[message]
en = "{MESSAGE}"
cy = "Darllenon ni bopeth. Mae rhywun yn ateb y ffôn tan 8 nawr."

[[point]]
id = "t2s1"
status = "planned"
text = "More time for each first talk."
until = "March 2027"

[[point]]
id = "t0s0"
status = "cannot"
text = "We have no money for this before summer."
"""


def summary_of(threshold: int = 5, made: date = date(2026, 10, 1)) -> Summary:
    """Twelve people; two sub-themes that the page shows, and one of which too few spoke."""
    counted = Tally()
    for person in range(12):
        counted.answered.add(person)
        counted.asked.add(person)
        counted.heard("t0s0").add(person, "harm")
        counted.heard("t2s1").add(person, "help" if person % 2 else "wish")
    counted.heard("t1s1").add(3, "harm")
    service = Service(code="elm", name="the Elm team", threshold=threshold)
    return summarise(counted, FRAMEWORK, service, read_period("2026-Q3"), made)


SUMMARY = summary_of()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "did.toml"
    file.write_text(GOOD)
    return file


def test_answers_are_held_to_the_page_in_the_order_of_its_map(file: Path) -> None:
    held = hold_to_summary(read_answers(file), SUMMARY, file.name)
    assert [(each.point, each.status, each.until) for each in held.points] == [
        ("t0s0", "cannot", ""),
        ("t2s1", "planned", "March 2027"),
    ]
    assert [each.title for each in held.points] == [
        each.title for each in SUMMARY.subthemes if each.id in ("t0s0", "t2s1")
    ]
    page = render(SUMMARY, answers=held)
    assert "More time for each first talk." in page
    assert "March 2027" in page


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('id = "t0s0"', 'id = "t9s9"', ["point[2].id", "'t9s9'", "unknown"]),
        ('id = "t0s0"', 'id = "t1s1"', ["point[2].id", "too few people"]),
        ('id = "t0s0"', 'id = "t2s1"', ["answered 2 times"]),
        ('service = "elm"', 'service = "oak"', ["'oak'", "Answer the right page"]),
        ('period = "2026-Q3"', 'period = "2026-Q2"', ["'2026-Q2'"]),
        ('status = "cannot"', 'status = "maybe"', ["point[2].status", '"done", "planned" or "cannot"']),
        ('until = "March 2027"\n', "", ["point[1]", "needs a date"]),
        ('status = "planned"', 'status = "done"', ["only what is planned has a date"]),
        ("More time for each", "", ["not-a-problem"]),
        ('text = "More time for each first talk."', 'text = ""', ["point[1].text", "Write something here"]),
        ("We have no money", "We have no money for borderline patients", ["point[2].text", "banned words"]),
        ('en = "', 'fr = "', ["none in English"]),
        ("[[point]]", "[[points]]", ["points", "spelling"]),
        ("https://elm", "ftp://elm", ["https://"]),
        ("cy = ", "welsh = ", ["languages as"]),
        ("The phone is now answered until 8.", "Pursuant to the reconfiguration of organisational capacity, telephonic "
         "accessibility will be operationalised incrementally throughout subsequent implementation periods.",
         ["message.en", "reading grade", "shorter"]),
        ("until 8.", "until 8!", ["message.en", "exclamation mark"]),
        ("service = ", "service ", ["not valid TOML"]),
    ],
)  # fmt: skip
def test_every_mistake_says_where_which_rule_and_what_to_do(old: str, new: str, says: list[str], file: Path) -> None:
    assert old in GOOD
    file.write_text(GOOD.replace(old, new, 1))
    if says == ["not-a-problem"]:
        hold_to_summary(read_answers(file), SUMMARY, file.name)
        return
    with pytest.raises(AnswersError) as caught:
        hold_to_summary(read_answers(file), SUMMARY, file.name)
    assert all(words in str(caught.value) for words in ["did.toml", *says]), str(caught.value)


def test_several_mistakes_come_at_once(file: Path) -> None:
    file.write_text(GOOD.replace('"planned"', '"perhaps"').replace('"cannot"', '"never"'))
    with pytest.raises(AnswersError) as caught:
        read_answers(file)
    assert len(caught.value.problems) == 2


def test_a_draft_has_what_the_page_shows_and_waits_for_words(tmp_path: Path) -> None:
    text = draft_of(SUMMARY)
    assert [each["id"] for each in tomllib.loads(text)["point"]] == ["t0s0", "t2s1"]
    assert "12 people. helped: 0, harmed: 12, wished for: 0." in text
    (tmp_path / "draft.toml").write_text(text)
    with pytest.raises(AnswersError) as caught:
        read_answers(tmp_path / "draft.toml")
    assert "none in English" in str(caught.value)
    few = summary_of(threshold=20)
    assert "point" not in tomllib.loads(draft_of(few)), "where too few answered, there is nothing to answer by name"


def test_words_in_braces_are_only_words(file: Path) -> None:
    file.write_text(GOOD.replace("until 8.", "until {8}."))
    assert "{8}" in read_answers(file).message["en"]


class Place:
    """A summary, the key of a researcher and the public half of a bot, in a folder."""

    def __init__(self, folder: Path, summary: Summary = SUMMARY) -> None:
        self.folder, self.page, self.bundle = folder, folder / "elm.html", folder / "tidings.bundle"
        self.page.write_text(render(summary))
        (folder / "elm.json").write_text(summary.model_dump_json())
        (folder / "bot.pub").write_text(BOT.public_text())
        (folder / "did.toml").write_text(GOOD)
        private, public = make_research_key("four words of a test", "test", Cost(1, 1, 8))
        write_new(folder / "research.key", private, 0o600)
        write_new(folder / "passphrase", "four words of a test\n", 0o600)
        (folder / "research.pub").write_text(public)

    def run(self, *arguments: object) -> Result:
        files = {"PASSPHRASE_FILE": "passphrase", "DESK": "desk.db"}
        environment = {f"HEARTEN_{name}": str(self.folder / file) for name, file in files.items()}
        return CliRunner().invoke(app, [str(each) for each in arguments], env=environment)

    def publish(self, *more: object, answers: str = "did.toml", out: Path | None = None) -> Result:
        keys = ("--bot", self.folder / "bot.pub", "--key", self.folder / "research.key")
        return self.run(
            "publish", self.page, "--answers", self.folder / answers, *keys, *more, "-o", out or self.bundle
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_published_once_it_is_on_the_page_and_on_its_way(place: Place) -> None:
    numbers = (place.folder / "elm.json").read_bytes()
    done = place.publish()
    assert done.exit_code == 0, done.output
    assert "2 answers" in done.stdout
    assert "We have no money for this before summer." in place.page.read_text()
    assert (place.folder / "elm.json").read_bytes() == numbers, "no number changes"
    sealed = place.bundle.read_bytes()
    assert MESSAGE.encode() not in sealed
    signers = [read_recipient(place.folder / "research.pub")]
    bundle = open_bundle(sealed, BOT, signers)
    assert (bundle.kind, bundle.about, bundle.day) == ("tidings", "elm", datetime.now(UTC).date())
    text = TidingsText.model_validate_json(bundle.files[0].data)
    assert (text.messages["en"], text.link) == (MESSAGE, "https://elm.example/said")
    again = place.publish("--pdf", place.folder / "elm.pdf", out=place.folder / "second.bundle")
    assert again.exit_code == 0, again.output
    assert (place.folder / "elm.pdf").read_bytes().startswith(b"%PDF")
    second = open_bundle((place.folder / "second.bundle").read_bytes(), BOT, signers)
    assert second.id == bundle.id == tidings_id(BOT.study, "elm", "2026-Q3"), "made twice, it is told once"


def test_what_is_refused_leaves_everything_as_it_is(place: Place) -> None:
    page = place.page.read_bytes()
    (place.folder / "bad.toml").write_text(GOOD.replace('"t0s0"', '"t9s9"'))
    refused = place.publish(answers="bad.toml")
    assert refused.exit_code == 1
    assert "t9s9" in refused.stderr
    assert place.publish(answers="missing.toml").exit_code == 1
    place.bundle.write_text("here already")
    assert "not there yet" in place.publish().stderr
    assert place.page.read_bytes() == page
    (place.folder / "elm.json").unlink()
    assert "no numbers of a summary" in place.publish(out=place.folder / "other").stderr


def test_a_period_that_is_not_over_is_not_published(tmp_path: Path) -> None:
    place = Place(tmp_path, summary_of(made=date(2026, 9, 1)))
    refused = place.publish()
    assert refused.exit_code == 1
    assert "not over" in refused.stderr
    assert not place.bundle.exists()


def test_the_commands_for_the_file_of_a_service(place: Place) -> None:
    draft = place.folder / "draft.toml"
    assert place.run("answers", "new", place.page, "-o", draft).exit_code == 0
    assert place.run("answers", "new", place.page, "-o", draft).exit_code == 1
    wrong = place.run("answers", "check", draft, place.folder / "elm.json")
    assert wrong.exit_code == 1
    assert wrong.stderr.count("draft.toml") >= 3
    good = place.run("answers", "check", place.folder / "did.toml", place.page)
    assert good.exit_code == 0, good.output
    assert "Answered: 2 of 2 points" in good.stdout
