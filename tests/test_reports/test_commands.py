"""The three commands from end to end: real databases, real sealing, the real coder, the real command line."""

import asyncio
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from pypdf import PdfReader
from typer.testing import CliRunner, Result

from analysis.__main__ import app
from storage.keys import Cost, make_research_key
from storage.records import Content, Enrolment, NewPart, Place
from storage.settings import StorageSettings
from storage.write import Store
from tests.test_reports.invented import DAY

CUSTODIAN = "--unreviewed-i-am-the-custodian"
SAID = [
    "My key worker Janet Blackwood listened to me properly and believed what I told her.",
    "I waited 14 months on a list and nobody rang. You have to be in crisis before you get any help.",
    '=HYPERLINK("x") I wish I could see the same worker each time instead of starting again.',
]


@dataclass(frozen=True)
class Study:
    folder: Path
    settings: StorageSettings

    @property
    def key(self) -> str:
        return str(self.folder / "research.key")

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HEARTEN_DATABASE_URL": self.settings.database_url,
            "HEARTEN_KEYRING_URL": self.settings.keyring_url,
            "HEARTEN_PASSPHRASE_FILE": str(self.folder / "passphrase"),
            "HEARTEN_SERVICES": str(self.folder / "services.toml"),
            "HEARTEN_DESK": str(self.folder / "desk.db"),
        }

    def run(self, *arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(app, list(arguments), env=self.environment | environment)


def secret(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)


async def speak(settings: StorageSettings) -> None:
    """Ten people who answer three questions, and one who does not want to be in summaries."""
    store = await Store.open(settings)
    for number in range(11):
        items = {"take_part": True, "quotes": number % 2 == 0, "summaries": number != 10}
        session = f"session-{number}"
        async with store.unit() as unit:
            person, _ = await unit.progress(1000 + number)
            await unit.enrol(person, Enrolment(session, "elm", "guide", 1, f"CODE-{number}", items, "0" * 64, DAY))
            for part, words in enumerate(SAID):
                place = Place(session, f"q{part}", 1)
                await unit.outcome(person, session, place.question, "asked", DAY)
                await unit.keep(person, NewPart(place, "answer", Content.of_text(words), None, DAY))
                await unit.outcome(person, session, place.question, "answered", DAY)
            await unit.keep(person, NewPart(Place(session, "age", 1), "choice", Content.of_text("18-24"), None, DAY))
    await store.close()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("study")
    private, public = make_research_key("four words of a test", "test", Cost(iterations=1, lanes=1, memory_kib=8))
    secret(folder / "research.key", private)
    secret(folder / "passphrase", "four words of a test\n")
    (folder / "recipients").mkdir()
    (folder / "recipients" / "research.pub").write_text(public)
    (folder / "services.toml").write_text('[[service]]\ncode = "elm"\nname = "Elm Tree"\nlocality = "Northtown"\n')
    settings = StorageSettings(
        _env_file=None,
        database_url=f"sqlite+aiosqlite:///{folder}/var/hearten.db",
        keyring_url=f"sqlite+aiosqlite:///{folder}/var/keyring.db",
        recipients=folder / "recipients",
        bot_key=folder / "var" / "bot.key",
    )
    asyncio.run(speak(settings))
    return Study(folder, settings)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_export_writes_every_answer_without_names(study: Study, tmp_path: Path, form: str) -> None:
    done = study.run("export", "--key", study.key, "--format", form, "-o", str(tmp_path / "out"), CUSTODIAN)
    assert (done.exit_code, done.stderr) == (0, "")
    data = (tmp_path / "out" / f"answers.{form}").read_text("utf-8")
    assert "Janet" not in data
    assert "18-24" not in data
    rows = (
        list(csv.DictReader(data.splitlines())) if form == "csv" else [json.loads(line) for line in data.splitlines()]
    )
    texts = [row["text"] for row in rows]
    assert len(texts) == 33
    assert sum(text.startswith("'=HYPERLINK" if form == "csv" else "=HYPERLINK") for text in texts) == 11
    assert any(row["subthemes"] for row in rows)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["people"], manifest["answers"]) == (11, 33)
    assert manifest["questions"] == {"asked": 33, "answered": 33, "skipped": 0}
    assert sum(manifest["taken_out"].values()) >= 11


@pytest.mark.parametrize("form", ["parquet", "xlsx", "qdpx"])
def test_the_other_formats_are_written(study: Study, tmp_path: Path, form: str) -> None:
    done = study.run("export", "--key", study.key, "--format", form, "-o", str(tmp_path / "out"), CUSTODIAN)
    assert (done.exit_code, done.stderr) == (0, "")
    assert (tmp_path / "out" / f"answers.{form}").stat().st_size > 1000
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["disclosure_control"]["k"] == 5
    assert manifest["flow"]["agreed"] == 11
    for path in (tmp_path / "out").iterdir():
        assert b"Janet" not in path.read_bytes()


def test_a_project_comes_back_as_lines_and_onto_the_desk(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = study.run("export", "--key", study.key, "--format", "qdpx", "-o", str(out), CUSTODIAN)
    assert done.exit_code == 0
    project = str(out / "answers.qdpx")
    done = study.run("import", project, "--key", study.key, "--as", "Anna")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "are on the desk" in done.stdout
    done = study.run("export", "--key", study.key, "--format", "jsonl", "-o", str(tmp_path / "lines"), CUSTODIAN)
    texts = tmp_path / "lines" / "answers.jsonl"
    done = study.run("import", project, "--texts", str(texts), "-o", str(tmp_path / "back.jsonl"))
    assert (done.exit_code, done.stderr) == (0, "")
    rows = [json.loads(line) for line in texts.read_text("utf-8").splitlines()]
    sent = {row["answer"]: [each for each in row["codings"] if each["how"] == "suggested"] for row in rows}
    annas = [each for row in rows for each in row["codings"] if each["how"] == "imported"]
    assert len(annas) == sum(map(len, sent.values())), "what was brought onto the desk leaves with the rest"
    back = [json.loads(line) for line in (tmp_path / "back.jsonl").read_text("utf-8").splitlines()]
    assert len(back) == 33
    assert sum(len(line["codings"]) for line in back) == sum(map(len, sent.values())) > 0


def test_summary_counts_people_who_agreed(study: Study, tmp_path: Path) -> None:
    page = tmp_path / "elm.html"
    done = study.run("summary", "--key", study.key, "--service", "elm", "--period", "2026-Q3", "-o", str(page))
    assert (done.exit_code, done.stderr) == (0, "")
    numbers = json.loads(page.with_suffix(".json").read_text())
    assert (numbers["counts"]["answered"], numbers["counts"]["enough"]) == (10, True)
    assert "<strong>10 people</strong>" in page.read_text()
    assert "Elm Tree" in page.read_text()
    for words in ("Janet", "HYPERLINK", "crisis before"):
        assert words not in page.read_text()


def test_words_that_somebody_approved_at_the_desk_are_quoted_and_no_others(study: Study, tmp_path: Path) -> None:
    """Every second person agreed to be quoted. All answers alike are of ten people, so only consent and review tell."""
    desk, page = {"HEARTEN_DESK": str(tmp_path / "desk.db")}, tmp_path / "elm.html"
    summary = ["summary", "--key", study.key, "--service", "elm", "--period", "2026-Q3", "-o", str(page)]
    listed = [json.loads(line) for line in study.run("review", "list", "--key", study.key, **desk).stdout.splitlines()]
    for each in listed[::3]:  # person by person, the first of three questions
        done = study.run("review", "approve", each["answer"], "--key", study.key, "--as", "Anna", **desk)
        assert (done.exit_code, done.stderr) == (0, "")
    assert study.run(*summary, **desk).exit_code == 0
    quoted = json.loads(page.with_suffix(".json").read_text())["quotations"]
    expected = "My key worker [a member of staff] listened to me properly and believed what I told her."
    assert {each["text"] for each in quoted} == {expected}
    assert expected in page.read_text()
    for words in ("Janet", "crisis before", "same worker"):
        assert words not in page.read_text() + page.with_suffix(".json").read_text()


def test_a_summary_as_a_pdf_says_the_same(study: Study, tmp_path: Path) -> None:
    page, pdf = tmp_path / "elm.html", tmp_path / "elm.pdf"
    summary = ("summary", "--key", study.key, "--service", "elm", "--period", "2026-Q3", "-o", str(page))
    done = study.run(*summary, "--pdf", str(pdf))
    assert (done.exit_code, done.stderr) == (0, "")
    assert str(pdf) in done.stdout
    text = " ".join(" ".join(each.extract_text() for each in PdfReader(pdf).pages).split())
    assert "10 people who use this service" in text
    assert "Janet" not in text
    done = study.run(*summary, "--pdf", str(tmp_path / "elm.doc"))
    assert (done.exit_code, done.stderr) == (1, "A PDF needs a file name that ends in .pdf.\n")


@pytest.fixture
def with_months(study: Study, tmp_path: Path) -> Study:
    """A copy of the study in which Elm Tree gets a summary each month, from June on."""
    folder = tmp_path / "study"
    shutil.copytree(study.folder, folder)
    services = folder / "services.toml"
    services.write_text(services.read_text() + 'summary = "monthly"\nfirst_period = "2026-06"\n')
    changes = {
        "database_url": study.settings.database_url.replace(str(study.folder), str(folder)),
        "keyring_url": study.settings.keyring_url.replace(str(study.folder), str(folder)),
        "bot_key": folder / "var" / "bot.key",
    }
    return Study(folder, study.settings.model_copy(update=changes))


def test_all_that_is_due_is_made_once(with_months: Study, tmp_path: Path) -> None:
    due = ("summary", "--all-due", "--key", with_months.key, "-o", str(tmp_path / "out"))
    done = with_months.run(*due)
    assert (done.exit_code, "Traceback" in done.stderr) == (0, False)
    made = {each.name: each.read_bytes() for each in (tmp_path / "out/elm").iterdir()}
    assert {f"elm-2026-06{end}" for end in (".html", ".json", ".csv", ".pdf", "-easy-read.html")} <= set(made)
    assert "elm 2026-06: too few people" in done.stdout
    months = len(made) // 5
    assert f"Made: {months}. There already: 0. Failed: 0." in done.stdout
    done = with_months.run(*due)
    assert (done.exit_code, done.stdout) == (0, f"Made: 0. There already: {months}. Failed: 0.\n")
    assert {each.name: each.read_bytes() for each in (tmp_path / "out/elm").iterdir()} == made


def test_what_is_due_and_cannot_be_made_is_said(with_months: Study, tmp_path: Path) -> None:
    due = ("summary", "--all-due", "--key", with_months.key, "-o", str(tmp_path / "out"))
    (tmp_path / "out/elm").mkdir(parents=True)
    (tmp_path / "out/elm/elm-2026-07.json").write_text("{}")
    done = with_months.run(*due)
    assert done.exit_code == 1
    assert "elm 2026-07: elm-2026-07.json is not the summary that belongs there: move it away.\n" in done.stderr
    assert (tmp_path / "out/elm/elm-2026-06.json").exists()
    done = with_months.run(*due, "--service", "elm")
    assert (done.exit_code, "--all-due" in done.stderr) == (2, True)
    services = with_months.folder / "services.toml"
    services.write_text(services.read_text().split("summary")[0])
    done = with_months.run(*due)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "No service is to have summaries" in done.stderr


def test_a_summary_that_would_lack_answers_is_not_made_by_itself(with_months: Study, tmp_path: Path) -> None:
    private, _ = make_research_key("four words of a test", "other", Cost(iterations=1, lanes=1, memory_kib=8))
    secret(tmp_path / "other.key", private)
    out, desk = tmp_path / "out", str(tmp_path / "desk.db")
    done = with_months.run(
        "summary", "--all-due", "--key", str(tmp_path / "other.key"), "-o", str(out), HEARTEN_DESK=desk
    )
    made = {each.stem for each in out.glob("elm/*.json")}
    assert {"elm-2026-06", "elm-2026-07"} <= made, "where nobody answered, nothing is missing"
    assert "elm-2026-08" not in made
    assert (done.exit_code, "elm 2026-08: 44 of its answers do not open with this key" in done.stderr) == (1, True)


def test_an_empty_period_is_a_kind_page_and_no_failure(study: Study, tmp_path: Path) -> None:
    page = tmp_path / "elm.html"
    done = study.run("summary", "--key", study.key, "--service", "elm", "--period", "2025-Q1", "-o", str(page))
    assert done.exit_code == 0
    assert "Fewer than 8 people" in page.read_text()


SUMMARY = ["summary", "--service", "elm", "--period", "2026-Q3", "-o", "page.html"]


@pytest.mark.parametrize(
    "case",
    [
        (["export", "--format", "csv", "-o", "out"], 1, CUSTODIAN),
        (["export", "--format", "csv", "-o", ".", CUSTODIAN], 1, "already"),
        (["export", "--format", "csv", "-o", "out", CUSTODIAN, "--period", "summer"], 2, "2026-Q3"),
        (["export", "--format", "docx", "-o", "out", CUSTODIAN], 2, "docx"),
        ([*SUMMARY[:-1], "page.pdf"], 1, ".html"),
        (["summary", "--service", "elm", "--period", "2026-Q5", "-o", "page.html"], 2, "2026-Q3"),
        (["summary", "--service", "oak", "--period", "2026-Q3", "-o", "page.html"], 1, "no service with this code"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[list[str], int, str]
) -> None:
    arguments, code, sentence = case
    monkeypatch.chdir(tmp_path)
    done = study.run(*arguments, "--key", study.key)
    assert (done.exit_code, sentence in done.stderr) == (code, True)
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_keys_that_cannot_be_used_are_refused(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shared = tmp_path / "shared.key"
    shared.write_text(Path(study.key).read_text())
    shared.chmod(0o644)
    done = study.run(*SUMMARY, "--key", str(shared))
    assert (done.exit_code, "chmod 600" in done.stderr) == (1, True)
    secret(tmp_path / "wrong", "another passphrase\n")
    done = study.run(*SUMMARY, "--key", study.key, HEARTEN_PASSPHRASE_FILE=str(tmp_path / "wrong"))
    assert (done.exit_code, "passphrase does not open" in done.stderr) == (1, True)
    done = study.run(*SUMMARY, "--key", study.key, HEARTEN_PASSPHRASE_FILE="")
    assert (done.exit_code, "HEARTEN_PASSPHRASE_FILE" in done.stderr) == (1, True)
    done = study.run(*SUMMARY, "--key", study.key, HEARTEN_DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path}/none.db")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert not (tmp_path / "page.html").exists()


async def test_serve_prints_two_addresses_that_work_and_stops_quietly(study: Study) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "analysis", "serve", "--key", study.key, "--port", "0",
        env=os.environ | study.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        printed = [(await process.stdout.readline()).decode().split() for _ in range(2)]
        service, researcher = (words[-1] for words in printed)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{service}service/elm/2026-Q3") as answer:
                assert "<strong>10 people</strong>" in await answer.text()
            async with session.get(researcher) as answer:
                page = await answer.text()
                assert "[STAFF_1]" in page
                assert "Janet" not in page
    finally:
        process.send_signal(signal.SIGINT)
    _, errors = await process.communicate()
    assert (process.returncode, errors.decode()) == (0, "")
