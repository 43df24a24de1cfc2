"""The summary as a PDF, read back with another library than the one that wrote it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from analysis.disclosure import COLUMNS
from analysis.summary import Summary, render
from analysis.summary.folder import Files, SummaryError, write
from analysis.summary.pdf import PdfError, check_pdf, make_pdf, read_picture_rules
from tests.test_reports.test_summary import ELM, names, people, summary_of

ROOT = Path(__file__).parents[2]


async def full() -> Summary:
    heard = people(30, "t1s1") + people(12, "t2s3", "harm") + people(9, "t3s1", "wish") + people(3, "t0s0")
    return await summary_of(heard)


def read(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf), strict=True)


def elements(reader: PdfReader) -> Iterator[Any]:
    """Every element of the tree of tags, in the order in which it is read aloud."""

    def walk(kids: Any) -> Iterator[Any]:
        for kid in kids if isinstance(kids, list) else [kids]:
            each = kid.get_object()
            if isinstance(each, DictionaryObject) and "/S" in each:
                yield each
                yield from walk(each.get("/K", []))

    yield from walk(reader.root_object["/StructTreeRoot"]["/K"])  # type: ignore[index]


def words(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


async def test_it_can_be_read_aloud_and_found_the_way_in() -> None:
    reader = read(make_pdf(render(await full())))
    root = reader.root_object
    assert root["/Lang"] == "en-GB"
    assert root["/MarkInfo"]["/Marked"].value is True  # type: ignore[index]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True  # type: ignore[index]
    assert reader.metadata is not None
    assert reader.metadata.title == f"What people told {ELM.name}, July to September 2026"
    assert b"pdfuaid:part" in root["/Metadata"].get_data()  # type: ignore[attr-defined]
    tags = [str(each["/S"]) for each in elements(reader)]
    assert tags.count("/H1") == 1
    assert {"/Document", "/H2", "/H3", "/P", "/Table", "/TH", "/TD", "/L", "/LI", "/Figure"} <= set(tags)
    figures = [each for each in elements(reader) if each["/S"] == "/Figure"]
    assert ["Map of what people spoke about" in str(each["/Alt"]) for each in figures] == [True]
    heads = [each["/A"]["/Scope"] for each in elements(reader) if each["/S"] == "/TH"]
    assert set(heads) == {"/Column", "/Row"}


async def test_its_bookmarks_are_the_headings() -> None:
    reader = read(make_pdf(render(await full())))

    def titles(outline: list[Any]) -> Iterator[str]:
        for each in outline:
            if isinstance(each, list):
                yield from titles(each)
            else:
                yield str(each.title)

    found = list(titles(reader.outline))
    assert found[0] == f"What people told {ELM.name}"
    assert {"The map", "Interpersonal connection", "What is not shown, and why"} <= set(found)


async def test_every_number_of_the_page_is_in_it_and_none_that_is_withheld() -> None:
    summary = await full()
    text = words(read(make_pdf(render(summary))))
    for each in summary.subthemes:
        counts = [summary.count(each.id), *(summary.count(each.id, column) for column in COLUMNS)]
        assert f"{each.title} {' '.join('few' if count is None else str(count) for count in counts)}" in text
    assert "30 of 30 people told of it" in text
    few = await summary_of(people(7, "t1s1"))
    assert "Fewer than 8 people" in words(read(make_pdf(render(few))))
    assert make_pdf(render(few)) == make_pdf(render(await summary_of([])))


async def test_it_points_at_nothing_outside_and_asks_for_nothing(tmp_path: Path) -> None:
    asked: list[str] = []

    async def note(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_get("/{anything}", note)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    secret = tmp_path / "secret.css"
    secret.write_text("body { color: red }")
    port = runner.addresses[0][1]
    try:
        page = render(await full()).replace(
            "</main>",
            f'<img src="http://127.0.0.1:{port}/a.png" alt="x"><link rel="stylesheet" href="{secret.as_uri()}"></main>',
        )
        reader = read(await asyncio.to_thread(make_pdf, page))
    finally:
        await runner.cleanup()
    assert asked == []
    kinds = {"/URI", "/Launch", "/GoToR", "/SubmitForm", "/ImportData", "/JavaScript", "/EmbeddedFile", "/Filespec"}
    for number in range(1, len(reader.xref[0]) + 1):
        found = reader.get_object(number)
        if isinstance(found, DictionaryObject):
            assert not kinds & {str(found.get("/S")), str(found.get("/Type"))}
            assert "/JS" not in found


def test_the_same_page_gives_the_same_bytes(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(render(asyncio.run(full())), "utf-8")
    program = (
        "import sys, pathlib, hashlib; from analysis.summary.pdf import make_pdf;"
        "print(hashlib.sha256(make_pdf(pathlib.Path(sys.argv[1]).read_text('utf-8'))).hexdigest())"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", program, str(page)],
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }  # fmt: skip
    assert len(made) == 1


def test_pictures_are_given_their_colours_for_paper() -> None:
    style = (
        ":root { --ink: #111; --help: var(--green); --green: #0a0 } p { color: red } .help { fill: var(--help) }"
        " @media (prefers-color-scheme: dark) { :root { --green: #9f9 } }"
        " @media print { :root { --green: #030 } .halo { paint-order: stroke; stroke: #fff; fill: var(--ink) } }"
    )
    assert read_picture_rules(style) == ".help{fill:#030}.halo{fill:#111}"


async def test_all_files_are_there_or_none(tmp_path: Path) -> None:
    summary = await full()
    write(summary, Files(tmp_path / "elm.html", tmp_path / "elm.pdf"))
    assert names(tmp_path) == ["elm.csv", "elm.html", "elm.json", "elm.pdf"]
    assert "30 people" in words(read((tmp_path / "elm.pdf").read_bytes()))
    broken = tmp_path / "broken"
    (broken / "elm.json").mkdir(parents=True)  # the last of the files cannot be put in place
    with pytest.raises(SummaryError, match="could not be written"):
        write(summary, Files(broken / "elm.html", broken / "elm.pdf"))
    assert names(broken) == ["elm.json"]


def test_a_place_for_the_pdf_that_cannot_work_is_said(tmp_path: Path) -> None:
    for name, sentence in (("elm.txt", r"ends in \.pdf"), ("missing/elm.pdf", "make the folder")):
        with pytest.raises(SummaryError, match=sentence):
            Files(tmp_path / "elm.html", tmp_path / name).check()


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(PdfError, match=r"extra pdf: install it"):
        check_pdf()


def test_without_the_libraries_of_the_system_it_says_which() -> None:
    """In a process of its own, in which the system finds no library: WeasyPrint's own import fails as it would."""
    program = (
        "import cffi\n"
        "def missing(self, name, flags=0): raise OSError(f'cannot load library {name!r}')\n"
        "cffi.FFI.dlopen = missing\n"
        "from analysis.summary.pdf import check_pdf, PdfError\n"
        "try: check_pdf()\n"
        "except PdfError as problem: print(problem)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.startswith("A PDF needs the library Pango")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
