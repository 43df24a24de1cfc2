"""What is installed is what was chosen: locked, by hash, from no named index, under licences that are listed."""

import json
import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.licences import KNOWN, LISTED, licence_of, page, parts_of
from tests.test_docs.documents import ROOT, read

PROJECT = tomllib.loads(read("pyproject.toml"))["project"]
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.lock"))
#: Lock, and the extras that it is made with (`make lock`).
MADE_WITH = {
    name: re.findall(r"--extra (\w+)", line)
    for line in read("Makefile").splitlines()
    for name in re.findall(r"pyproject\.toml -o (requirements[\w-]*\.lock)", line)
}


def locked(name: str) -> dict[str, str]:
    """Version by package."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", read(name), re.MULTILINE)
    return {canonicalize_name(package): number for package, number in found}


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_has_hashes_and_no_index_is_named(name: str) -> None:
    text = read(name)
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)
    pinned = [each for each in entries if each.strip() and not each.startswith("#")]
    assert pinned
    for each in pinned:
        assert re.match(r"[A-Za-z0-9._-]+(\[[\w,-]+\])?==", each), each.splitlines()[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", each), each.splitlines()[0]
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links|--trusted-host", text)


@pytest.mark.parametrize("name", MADE_WITH)
def test_a_lock_has_what_the_project_asks_for_in_a_version_that_will_do(name: str) -> None:
    wanted = [*PROJECT["dependencies"]] if "--group" not in _line_of(name) else []
    wanted += [each for extra in MADE_WITH[name] for each in PROJECT["optional-dependencies"][extra]]
    there = locked(name)
    for text in wanted:
        requirement = Requirement(text)
        found = there.get(canonicalize_name(requirement.name))
        assert found is not None, f"{requirement.name} is not in {name}: run make lock"
        assert requirement.specifier.contains(found, prereleases=True), f"{text}, locked {found}: run make lock"


def _line_of(name: str) -> str:
    return next(line for line in read("Makefile").splitlines() if line.endswith(f"-o {name}"))


def test_locks_agree_where_they_share_a_package() -> None:
    together: dict[str, set[str]] = {}
    for name in set(LOCKS) - {"requirements-build.lock"}:
        for package, number in locked(name).items():
            together.setdefault(package, set()).add(number)
    assert {package: numbers for package, numbers in together.items() if len(numbers) > 1} == {}


def test_every_package_has_a_licence_that_is_listed_and_allowed() -> None:
    """docs/licences.md names each with its licence; `python -m tests.licences` makes it anew."""
    listed = json.loads(LISTED.read_text("utf-8"))
    every = set().union(*(locked(name) for name in LOCKS))
    assert every - set(listed) == set(), "run python -m tests.licences, where everything is installed"
    for package, licence in listed.items():
        assert parts_of(licence) <= set(KNOWN), f"{package}: {licence}"
    assert Path(ROOT / "docs" / "licences.md").read_text("utf-8") == page(listed)


def test_what_is_installed_has_the_licence_that_is_listed() -> None:
    listed = json.loads(LISTED.read_text("utf-8"))
    seen = 0
    for package, licence in listed.items():
        try:
            version(package)
        except PackageNotFoundError:
            continue
        assert licence_of(package) == licence, package
        seen += 1
    assert seen > 50
