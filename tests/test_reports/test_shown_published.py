"""What a service sees without a key: the files that were published, and no other."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
from pypdf import PdfReader

from analysis.serve import Served, ServeError, start_published
from analysis.summary.folder import SummaryError
from tests.test_reports.test_due import ELM, OAK, Maker, due_in, run
from tests.test_reports.test_serve import get

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two services with summaries, and things beside them that are none."""
    outside = tmp_path_factory.mktemp("published")
    place = outside / "summaries"
    asyncio.run(run((*due_in(place, ELM, pdf=True)[:1], *due_in(place, ELM, OAK)[1:]), Maker()))
    (place / "elm/notes.json").write_text('{"words": "Kevin was there"}')
    (place / "elm/notes.html").write_text("Kevin was there")
    early = json.loads((place / "oak/oak-2026-03.json").read_text()) | {"finished": False}
    (place / "oak/oak-2026-03.json").write_text(json.dumps(early))
    (outside / "outside.html").write_text("Kevin was there")
    return place


@pytest.fixture
async def served(folder: Path) -> AsyncIterator[Served]:
    running = await start_published(folder, 0)
    yield running
    await running.close()


async def test_the_list_shows_what_is_published_and_nothing_else(served: Served) -> None:
    status, page, headers = await get(served.service)
    assert status == 200
    for title in ("Elm Tree", "Oak House", "October to December 2025", "January 2026"):
        assert title in page
    assert "oak/2026-03" not in page, "that one was made before its month was over"
    assert "Kevin" not in page
    assert page.index("January to March 2026") < page.index("October to December 2025")
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert served.researcher == ""


async def test_every_file_is_given_as_it_is(served: Served, folder: Path) -> None:
    for kind, name in (("page", "elm-2025-Q4.html"), ("easy-read", "elm-2025-Q4-easy-read.html")):
        status, page, headers = await get(f"{served.service}elm/2025-Q4/{kind}")
        assert (status, page) == (200, (folder / "elm" / name).read_text("utf-8"))
        assert "unsafe" not in headers["Content-Security-Policy"]
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{served.service}elm/2025-Q4/pdf") as response:
            assert response.content_type == "application/pdf"
            assert len(PdfReader(BytesIO(await response.read())).pages) > 1
        async with session.get(f"{served.service}elm/2025-Q4/numbers") as response:
            assert (await response.json())["service"] == "elm"


@pytest.mark.parametrize(
    "address",
    [
        "elm/2025-Q4/notes", "elm/notes/page", "oak/2026-03/page", "elm/2027-Q1/page", "..%2foutside/2026-Q1/page",
        "%2e%2e/outside.html", "researcher/x/", "service/elm/2025-Q4", "elm/2025-Q4/..%2fnotes.html",
    ],
)  # fmt: skip
async def test_nothing_else_is_reached(served: Served, address: str) -> None:
    status, page, _ = await get(served.service + address)
    assert (status, "Kevin" in page) == (404, False)


def times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


async def test_it_can_be_read_and_not_changed_on_this_machine(served: Served, folder: Path) -> None:
    before = times(folder)
    assert (await get(served.service, "POST"))[0] == 405
    assert (await get(served.service + "elm/2025-Q4/page", "DELETE"))[0] == 405
    assert (await get(served.service, Host="evil.example"))[0] == 403
    assert times(folder) == before


async def test_an_empty_folder_says_so_and_none_is_refused(tmp_path: Path, served: Served) -> None:
    (tmp_path / "empty").mkdir()
    running = await start_published(tmp_path / "empty", 0)
    assert "Nothing has been published yet" in (await get(running.service))[1]
    await running.close()
    with pytest.raises(SummaryError, match="no such folder"):
        await start_published(tmp_path / "missing", 0)
    with pytest.raises(ServeError, match="already in use"):
        await start_published(tmp_path / "empty", int(served.service.rsplit(":", 1)[1].strip("/")))


async def test_the_command_needs_no_key_and_no_database(folder: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEARTEN_")}
    command = [sys.executable, "-m", "analysis", "serve", "--port", "0"]
    process = await asyncio.create_subprocess_exec(
        *command, "--published", str(folder), cwd=tmp_path, env=environment | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        address = (await process.stdout.readline()).decode().split()[-1]
        assert "Elm Tree" in (await get(address))[1]
    finally:
        process.send_signal(signal.SIGINT)
    _, errors = await process.communicate()
    assert (process.returncode, errors.decode()) == (0, "")
    assert not (tmp_path / "var").exists()
    for wrong in ([], ["--published", str(folder), "--key", "research.key"]):
        done = await asyncio.create_subprocess_exec(
            *command, *wrong, env=environment | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE
        )
        _, errors = await done.communicate()
        assert (done.returncode, b"--published" in errors) == (2, True)
