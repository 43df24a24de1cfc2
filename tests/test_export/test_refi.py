"""The REFI-QDA project is valid, an independent reader finds every quotation, and what comes back is what went out."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from lxml import etree
from pyrefiqda import RefiCodebook, RefiProject
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.errors import InputError
from analysis.export.read_qdpx import as_lines, coders_of, read_project
from analysis.export.refi import source_text
from analysis.export.rows import machine_name
from analysis.model import Framework
from analysis.reading import CodedAnswer
from tests.test_export.making import DIFFICULT, hearing, make, request_for
from tests.test_reports.invented import FRAMEWORK

SCHEMA = Path(__file__).with_name("refi-qda-project.xsd")
Q = "{urn:QDA-XML:project:1.0}"
TOLD = {"p0": {"age": "from_25_to_34", "gender": "woman"}, "p1": {"age": "from_35_to_44"}}


async def project(tmp_path: Path, heard: list[CodedAnswer] | None = None, **changes: Any) -> Path:
    await make(request_for(tmp_path / "out", "qdpx", **changes), hearing() if heard is None else heard, TOLD)
    return tmp_path / "out" / "answers.qdpx"


def tree_of(path: Path) -> etree._Element:
    with zipfile.ZipFile(path) as archive:
        return etree.fromstring(archive.read("project.qde"))


async def test_it_is_valid_against_the_schema_and_in_order(tmp_path: Path) -> None:
    path = await project(tmp_path)
    tree = tree_of(path)
    xmlschema.XMLSchema(SCHEMA).validate(etree.tostring(tree).decode())
    assert [each.tag.removeprefix(Q) for each in tree] == ["Users", "CodeBook", "Variables", "Cases", "Sources"]
    assert tree.get("name")
    assert tree.get("origin")
    for each in tree.iter():
        if each.tag in {Q + name for name in ("Users", "Codes", "Variables", "Cases", "Sources")}:
            assert len(each), "no empty containers"
    codes = tree.findall(f".//{Q}Code")
    names = [each.get("name") for each in codes]
    assert len(names) == len(set(names))
    for each in codes:
        assert each.get("isCodable") == ("false" if each.find(f"{Q}Code") is not None else "true")
    guids = [each.get("guid") for each in tree.iter() if each.get("guid")]
    assert len(guids) == len(set(guids))
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("sources/"):
                data = archive.read(name)
                assert not data.startswith(b"\xef\xbb\xbf")
                assert b"\r" not in data


async def test_an_independent_reader_finds_every_quotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # that reader unpacks projects into the folder in which it is started
    heard = hearing()
    path = await project(tmp_path, heard)
    read = RefiProject.load(str(path))
    assert read.sources is not None
    quoted = set()
    with zipfile.ZipFile(path) as archive:
        for source in read.sources.text_source:
            text = archive.read(source.plain_text_path.replace("internal://", "sources/")).decode()
            for selection in source.plain_text_selection:
                quoted.add(text[selection.start_position : selection.end_position])
                assert selection.description
    wanted = {
        source_text(each.masked.text)[coding.start : coding.end] for each in heard for coding in each.coded.codings
    }
    assert quoted == {each.encode("utf-8", "replace").decode() for each in wanted}
    RefiCodebook.load(str(tmp_path / "out" / "codebook.qdc"))


async def test_nothing_in_it_is_one_selection_for_each_coder_and_span_and_cases_hold_what_was_told(
    tmp_path: Path,
) -> None:
    tree = tree_of(await project(tmp_path))
    for source in tree.iter(f"{Q}TextSource"):
        spans = [
            (each.get("creatingUser"), each.get("startPosition"), each.get("endPosition"))
            for each in source.iter(f"{Q}PlainTextSelection")
        ]
        assert len(spans) == len(set(spans)) == 2
    values = {each.text for each in tree.iter(f"{Q}TextValue")}
    assert {"from_25_to_34", "woman", "not told"} <= values
    assert len(tree.findall(f".//{Q}Case")) == 3


async def test_an_export_without_answers_is_valid_too(tmp_path: Path) -> None:
    tree = tree_of(await project(tmp_path, []))
    xmlschema.XMLSchema(SCHEMA).validate(etree.tostring(tree).decode())
    assert [each.tag.removeprefix(Q) for each in tree] == ["Users", "CodeBook"]


async def test_wide_characters_are_replaced_where_asked(tmp_path: Path) -> None:
    path = await project(tmp_path, narrow=True)
    with zipfile.ZipFile(path) as archive:
        texts = [archive.read(each).decode() for each in archive.namelist() if each.startswith("sources/")]
    assert all(ord(each) <= 0xFFFF for text in texts for each in text)
    assert {len(each) for each in texts} == {len(each) for each in DIFFICULT}


def ours() -> list[tuple[str | int, str]]:
    return [(f"id{number}", each.masked.text) for number, each in enumerate(hearing())]


@pytest.mark.parametrize("narrow", [False, True])
async def test_a_round_trip_loses_nothing(tmp_path: Path, narrow: bool) -> None:
    heard = hearing()
    coded = read_project(await project(tmp_path, heard, narrow=narrow), ours(), FRAMEWORK)
    assert coders_of(coded) == [machine_name("")]
    assert (coded.other_texts, coded.unknown_codes) == (0, set())
    lines = {line["id"]: line["codings"] for line in as_lines(coded, machine_name(""))}
    order = lambda each: (each["start"], each["end"], each["subtheme"])  # noqa: E731
    for (name, _), each in zip(ours(), heard, strict=True):
        sent = [coding.model_dump() for coding in each.coded.codings]
        assert sorted(lines[name], key=order) == sorted(sent, key=order)


def recoded(path: Path, target: Path, *, newline: bytes = b"\n", mark: bytes = b"") -> Path:
    """As another tool may save it: new ids for codes, another coder, CR LF, a byte-order mark."""
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(target, "w") as out:
        tree = etree.fromstring(archive.read("project.qde"))
        user = next(tree.iter(f"{Q}User"))
        user.set("name", "Anna")
        for number, code in enumerate(tree.iter(f"{Q}Code")):
            old, new = code.get("guid"), f"00000000-0000-4000-8000-{number:012d}"
            code.set("guid", new)
            for ref in tree.iter(f"{Q}CodeRef"):
                if ref.get("targetGUID") == old:
                    ref.set("targetGUID", new)
        for source in tree.iter(f"{Q}TextSource"):
            name = source.get("plainTextPath", "").replace("internal://", "sources/")
            text = archive.read(name).decode()
            for selection in source.iter(f"{Q}PlainTextSelection"):
                for key in ("startPosition", "endPosition"):
                    at = int(selection.get(key, ""))
                    more = len(mark.decode()) + (text[:at].count("\n") if newline == b"\r\n" else 0)
                    selection.set(key, str(at + more))
            out.writestr(name, mark + text.encode().replace(b"\n", newline))
        out.writestr("project.qde", etree.tostring(tree))
    return target


@pytest.mark.parametrize(("newline", "mark"), [(b"\n", b""), (b"\r\n", b""), (b"\n", "\ufeff".encode())])
async def test_what_another_tool_saved_comes_back(tmp_path: Path, newline: bytes, mark: bytes) -> None:
    texts = ["one\ntwo 🙂 three", "plain words"]
    path = recoded(await project(tmp_path, hearing(texts)), tmp_path / "back.qdpx", newline=newline, mark=mark)
    source = tmp_path / "texts.jsonl"
    source.write_text("\n".join(json.dumps({"id": n, "text": text}) for n, text in enumerate(texts)))
    with_ids = Framework(**FRAMEWORK.model_dump())
    coded = read_project(path, enumerate(texts), with_ids)
    assert coders_of(coded) == ["Anna"]
    for line in as_lines(coded, "Anna"):
        text = texts[line["id"]]
        assert {(each["start"], each["end"]) for each in line["codings"]} == {
            (0, len(text)),
            (len(text) // 2, len(text)),
        }
        assert {each["subtheme"] for each in line["codings"]} == {"t1s0", "t1s1", "t0s2"}


def qdpx(tmp_path: Path, xml: str, name: str = "project.qde", **files: str) -> Path:
    path = tmp_path / "bad.qdpx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, xml)
        for place, words in files.items():
            archive.writestr(place, words)
    return path


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><Project xmlns="urn:QDA-XML:project:1.0" name="&a;"/>'
EMPTY = '<Project xmlns="urn:QDA-XML:project:1.0" name="x"/>'
OUTSIDE = """<Project xmlns="urn:QDA-XML:project:1.0" name="x">
<Users><User guid="00000000-0000-4000-8000-000000000001" name="A"/></Users>
<Sources><TextSource guid="00000000-0000-4000-8000-000000000002"><PlainTextContent>words</PlainTextContent>
<PlainTextSelection guid="00000000-0000-4000-8000-000000000003" startPosition="2" endPosition="99"
 creatingUser="00000000-0000-4000-8000-000000000001"><Coding guid="00000000-0000-4000-8000-000000000004">
<CodeRef targetGUID="00000000-0000-4000-8000-000000000005"/></Coding></PlainTextSelection></TextSource>
</Sources></Project>"""


@pytest.mark.parametrize(
    ("xml", "name", "says"),
    [
        (BOMB, "project.qde", "declares entities"),
        ("<Project", "project.qde", "damaged"),
        ("<Notebook/>", "project.qde", "not a REFI-QDA project"),
        (EMPTY, "other.qde", "not a REFI-QDA project"),
        (EMPTY, "project.qde", "coded on other texts"),
        (EMPTY, "../../project.qde", "climb out"),
        (EMPTY, "/etc/passwd", "climb out"),
        (OUTSIDE, "project.qde", "outside its text"),
    ],
)
def test_bad_projects_are_refused_in_one_sentence(tmp_path: Path, xml: str, name: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        read_project(qdpx(tmp_path, xml, name), [("a", "words")], FRAMEWORK)
    assert str(refused.value).count("\n") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.qdpx"]


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.qdpx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.qde", EMPTY)
        archive.writestr("sources/a.txt", "a" * ((1 << 24) + 1))
    with pytest.raises(InputError, match="more than Hearten"):
        read_project(path, [("a", "words")], FRAMEWORK)


def test_what_is_no_zip_is_refused_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "not.qdpx").write_text("hello")
    (tmp_path / "texts.jsonl").write_text('{"id": 1, "text": "words"}\n')
    done = CliRunner().invoke(app, ["import", str(tmp_path / "not.qdpx"), "--texts", str(tmp_path / "texts.jsonl")])
    assert (done.exit_code, "not a REFI-QDA project" in done.stderr, done.stdout) == (1, True, "")
    done = CliRunner().invoke(app, ["import", str(tmp_path / "not.qdpx")])
    assert (done.exit_code, "--texts" in done.stderr) == (2, True)
