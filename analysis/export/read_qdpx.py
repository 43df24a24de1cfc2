"""A REFI-QDA project that was coded in another tool, read back: its codings as those of a coder.

Texts are matched by their hash, never by name, so nothing is taken for an answer whose words are not exactly its own.

Promises: nothing is unpacked to disk; a project that is too large, that climbs out of its zip or that declares entities
is refused; each refusal is one sentence and shows no word of anybody.
"""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple, cast
from xml.etree.ElementTree import Element, ParseError
from zipfile import BadZipFile, ZipFile, ZipInfo

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from analysis.errors import InputError
from analysis.export.refi import MACHINE, STANCES, code_guid, source_text, stance_guid, text_hash
from analysis.model import Coding, Framework, Stance

_LARGEST_XML, _LARGEST_TEXT = 1 << 29, 1 << 24  # bytes, unpacked
_MOST_FILES = 500_000
_OWN = re.compile(r"(?P<subtheme>\S+) \((?P<stance>\w+), (?P<confidence>[0-9.]{1,25})\): (?P<reason>.*)")
_NOT_ONE = "This is not a REFI-QDA project (.qdpx): export one from the tool in which it was coded."


@dataclass(frozen=True, slots=True)
class Selection:
    """A span of one source, and the ids of the codes that one coder gave it."""

    user: str
    start: int
    end: int
    codes: tuple[str, ...]
    memo: str


@dataclass
class Coded:
    """What came back. `codings` by coder, then by the id of the answer; an answer in the project that a coder left
    without codings has none. `other_texts` are not ours; `unknown_codes` no codes of the framework."""

    codings: dict[str, dict[str | int, list[Coding]]] = field(default_factory=dict)
    other_texts: int = 0
    unknown_codes: set[str] = field(default_factory=set)


def read_project(path: Path, texts: Iterable[tuple[str | int, str]], framework: Framework) -> Coded:
    """`texts`: ids and texts that may be in the project. Raises InputError."""
    known: dict[str, list[tuple[str | int, str]]] = defaultdict(list)
    for name, text in texts:
        for shape in sorted({source_text(text), source_text(text, narrow=True)}):
            known[text_hash(shape)].append((name, shape))
    try:
        with ZipFile(path) as archive:
            _check(archive)
            return _read(archive, known, framework)
    except (BadZipFile, KeyError):
        raise InputError(_NOT_ONE) from None
    except OSError:
        raise InputError(f"Cannot read {path.name}: check that the file exists and that you may read it.") from None
    except DefusedXmlException:
        raise InputError("This project declares entities, as no tool does: it was not opened.") from None
    except (ParseError, UnicodeDecodeError, ValueError):
        raise InputError("This project is damaged and cannot be read: export it again.") from None


def _check(archive: ZipFile) -> None:
    files = archive.infolist()
    if len(files) > _MOST_FILES:
        raise InputError("This project holds more files than Hearten ever writes: it was not opened.")
    for each in files:
        place = each.filename.replace("\\", "/")
        if place.startswith("/") or ":" in place or ".." in place.split("/"):
            raise InputError("This project has a file that would climb out of its folder: it was not opened.")
        limit = _LARGEST_XML if place == "project.qde" else _LARGEST_TEXT if place.endswith(".txt") else None
        if limit is not None and each.file_size > limit:
            raise InputError("This project unpacks to more than Hearten ever writes: it was not opened.")


def _read(archive: ZipFile, known: Mapping[str, list[tuple[str | int, str]]], framework: Framework) -> Coded:
    coded, users = Coded(), {}
    names: dict[str, str] = {}
    matched = 0
    for element in _elements(archive):
        tag = _local(element)
        if tag == "User":
            users[_id(element, "guid")] = element.get("name") or element.get("id") or "unnamed coder"
        elif tag == "Code":
            names[_id(element, "guid")] = element.get("name", "")
        elif tag == "TextSource":
            text, shift = _text_of(archive, element)
            answers = known.get(text_hash(text), [])
            matched += bool(answers)
            coded.other_texts += not answers
            if answers:
                name, words = _next(answers, element.get("name", ""))
                _take(coded, element, name, text=words, shift=shift, codes=_Codes(framework, names), users=users)
            element.clear()
    if not matched:
        raise InputError("None of the texts in this project are among the answers: it was coded on other texts.")
    return coded


def _elements(archive: ZipFile) -> Iterator[Element]:
    """Elements as they end; the text sources are let go when they were read."""
    with archive.open("project.qde") as file:
        root_seen = False
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            if not root_seen:
                root_seen = True
                if _local(element) != "Project":
                    raise InputError(_NOT_ONE)
            if event == "end":
                yield element


def _next(answers: list[tuple[str | int, str]], name: str) -> tuple[str | int, str]:
    """Of several answers with the same words, the one of that name, or else one that is not taken yet; the last stays
    for whatever comes more often than it should."""
    for at, (each, _) in enumerate(answers):
        if str(each) == name:
            return answers[at]
    return answers.pop(0) if len(answers) > 1 else answers[0]


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _id(element: Element, name: str) -> str:
    return element.get(name, "").strip("{}").lower()


def _text_of(archive: ZipFile, source: Element) -> tuple[str, "_Shift"]:
    """The text of a source, with LF and without a byte-order mark, and how positions in it move by that."""
    for child in source:
        if _local(child) == "PlainTextContent":
            return _plain(child.text or "")
    path = source.get("plainTextPath", "")
    if not path:
        return "", _Shift("")
    inside = posixpath.normpath("sources/" + path.partition("internal://")[2]) if "internal://" in path else path
    found = _entry(archive, inside)
    with archive.open(found) as file:
        return _plain(_limited(file).decode("utf-8"))


def _entry(archive: ZipFile, inside: str) -> ZipInfo:
    for name in (inside, inside.replace("sources/", "Sources/", 1)):
        try:
            return archive.getinfo(name)
        except KeyError:
            continue
    raise InputError("This project names a text that is not in it: export it again.")


def _limited(file: IO[bytes]) -> bytes:
    data = file.read(_LARGEST_TEXT + 1)
    if len(data) > _LARGEST_TEXT:
        raise InputError("This project unpacks to more than Hearten ever writes: it was not opened.")
    return data


class _Shift:
    """How a position in a text with CR LF and a byte-order mark moves when these are made LF and taken off."""

    def __init__(self, raw: str) -> None:
        self._gone = [at for at, each in enumerate(raw) if (each == "\ufeff" and at == 0) or raw[at : at + 2] == "\r\n"]

    def __call__(self, position: int) -> int:
        return position - sum(at < position for at in self._gone) if self._gone else position


def _plain(raw: str) -> tuple[str, _Shift]:
    return raw.removeprefix("\ufeff").replace("\r\n", "\n"), _Shift(raw)


class _Codes:
    """Which sub-theme or stance a code is, by its id or, from tools that make new ids, by its name."""

    def __init__(self, framework: Framework, names: Mapping[str, str]) -> None:
        self.framework = framework
        self._names = names
        self._subthemes = {code_guid(framework, each.id): each.id for each in framework.subthemes}
        self._titles = {each.title.casefold(): each.id for each in framework.subthemes}
        self._titles |= {each.id.casefold(): each.id for each in framework.subthemes}
        self._stances: dict[str, Stance] = {stance_guid(each): each for each in STANCES}
        self._stance_titles: dict[str, Stance] = {title.casefold(): each for each, title in STANCES.items()}

    def subtheme(self, code: str) -> str | None:
        return self._subthemes.get(code) or self._titles.get(self._names.get(code, "").casefold())

    def stance(self, code: str) -> Stance | None:
        return self._stances.get(code) or self._stance_titles.get(self._names.get(code, "").casefold())

    def name(self, code: str) -> str:
        return self._names.get(code, "") or "a code without a name"


def _take(
    coded: Coded,
    source: Element,
    name: str | int,
    *,
    text: str,
    shift: _Shift,
    codes: _Codes,
    users: Mapping[str, str],
) -> None:
    for user in users.values():
        coded.codings.setdefault(user, {}).setdefault(name, [])
    for each in _selections(source):
        start, end = shift(each.start), shift(each.end)
        if not 0 <= start < end <= len(text):
            raise InputError("A selection in this project lies outside its text: export it again.")
        coder = users.get(each.user, "unnamed coder")
        stances = [found for code in each.codes if (found := codes.stance(code))]
        for code in each.codes:
            subtheme = codes.subtheme(code)
            if subtheme is None:
                if codes.stance(code) is None:
                    coded.unknown_codes.add(codes.name(code))
                continue
            stance: Stance = stances[0] if len(stances) == 1 else "neither"
            said = _own(each.memo, subtheme) or _Own(stance, 1.0, each.memo)
            coding = Coding(
                subtheme=subtheme, theme=codes.framework.theme_of(subtheme).id, stance=said.stance,
                confidence=said.confidence, start=start, end=end, reason=said.reason,
            )  # fmt: skip
            coded.codings.setdefault(coder, {}).setdefault(name, []).append(coding)


class _Own(NamedTuple):
    """What our own projects say of each coding in the memo, needed where a span has several."""

    stance: Stance
    confidence: float
    reason: str


def _own(memo: str, subtheme: str) -> _Own | None:
    for line in memo.split("\n"):
        found = _OWN.fullmatch(line)
        if found and found["subtheme"] == subtheme and found["stance"] in STANCES:
            return _Own(cast("Stance", found["stance"]), min(1.0, float(found["confidence"])), found["reason"])
    return None


def _selections(source: Element) -> Iterator[Selection]:
    for child in source:
        if _local(child) != "PlainTextSelection":
            continue
        memo = next((each.text or "" for each in child if _local(each) == "Description"), "")
        by_user: defaultdict[str, list[str]] = defaultdict(list)
        for coding in child:
            if _local(coding) == "Coding":
                user = _id(coding, "creatingUser") or _id(child, "creatingUser")
                by_user[user] += [_id(ref, "targetGUID") for ref in coding if _local(ref) == "CodeRef"]
        start, end = int(child.get("startPosition", "")), int(child.get("endPosition", ""))
        for user, found in by_user.items():
            yield Selection(user, start, end, tuple(found), memo)


def coders_of(coded: Coded) -> list[str]:
    """People who coded, without the machine's own suggestions where there is anybody else."""
    people = sorted(coder for coder, answers in coded.codings.items() if any(answers.values()) and coder != MACHINE)
    return people or sorted(coder for coder in coded.codings if coder == MACHINE)


def as_lines(coded: Coded, coder: str) -> Iterator[dict[str, Any]]:
    """The codings of one coder in the form of `analysis code`."""
    for name, codings in coded.codings.get(coder, {}).items():
        ordered = sorted(codings, key=lambda each: (each.start, each.end))
        yield {
            "id": name,
            "codings": [each.model_dump() for each in ordered],
            "top": list(dict.fromkeys(each.subtheme for each in ordered)),
        }
