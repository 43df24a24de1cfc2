"""A REFI-QDA project that was coded in another tool, read back: its codings as those of a coder.

Texts are matched by their hash, never by name, so nothing is taken for an answer whose words are not exactly its own.

Promises: nothing is unpacked to disk; a project that is too large, that climbs out of its zip or that declares entities
is refused; each refusal is one sentence and shows no word of anybody.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError
from zipfile import BadZipFile, ZipFile

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from analysis.errors import InputError
from analysis.export.parcel import Shift, check_parcel, local_name, text_of
from analysis.export.refi import (
    FINISHED_BY,
    SETTLED,
    STANCES,
    code_guid,
    settled_guid,
    source_text,
    stance_guid,
    text_hash,
)
from analysis.export.rows import is_machine
from analysis.export.selections import Said, read_description
from analysis.model import Coding, Framework, Stance

_NOT_ONE = "This is not a REFI-QDA project (.qdpx): export one from the tool in which it was coded."


@dataclass(frozen=True, slots=True)
class Selection:
    """A span of one source, and the ids of the codes that one coder gave it."""

    user: str
    start: int
    end: int
    codes: tuple[str, ...]
    memo: str


class Returned(Coding):
    """A coding that came back. `settled`: whether it stands, where the project says so."""

    settled: bool | None = None


@dataclass
class Coded:
    """What came back. `codings` by coder, then by the id of the answer. An answer that a coder finished without codings
    has none: our projects say who finished what, and whoever they do not name had all answers before them.
    `finished` are those whom they name; `other_texts` are not ours; `unknown_codes` no codes of the framework."""

    codings: dict[str, dict[str | int, list[Returned]]] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
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
            check_parcel(archive)
            return _read(archive, known, framework)
    except (BadZipFile, KeyError):
        raise InputError(_NOT_ONE) from None
    except OSError:
        raise InputError(f"Cannot read {path.name}: check that the file exists and that you may read it.") from None
    except DefusedXmlException:
        raise InputError("This project declares entities, as no tool does: it was not opened.") from None
    except (ParseError, UnicodeDecodeError, ValueError):
        raise InputError("This project is damaged and cannot be read: export it again.") from None


def _read(archive: ZipFile, known: Mapping[str, list[tuple[str | int, str]]], framework: Framework) -> Coded:
    coded, users = Coded(), dict[str, str]()
    names: dict[str, str] = {}
    finished: dict[str | int, set[str]] = {}
    for element in _elements(archive):
        tag = local_name(element)
        if tag == "User":
            users[_id(element, "guid")] = element.get("name") or element.get("id") or "unnamed coder"
        elif tag in {"Code", "Variable"}:
            names[_id(element, "guid")] = element.get("name", "")
        elif tag == "TextSource":
            text, shift = text_of(archive, element)
            answers = known.get(text_hash(text), [])
            coded.other_texts += not answers
            if answers:
                name, words = _next(answers, element.get("name", ""))
                finished.setdefault(name, set()).update(_finished_by(element, names))
                _take(coded, element, name, text=words, shift=shift, codes=_Codes(framework, names), users=users)
            element.clear()
    if not finished:
        raise InputError("None of the texts in this project are among the answers: it was coded on other texts.")
    everyone = set(users.values())
    coded.finished = everyone & set().union(*finished.values())
    for name, coders in finished.items():
        for coder in (everyone & coders) | (everyone - coded.finished):
            coded.codings.setdefault(coder, {}).setdefault(name, [])
    return coded


def _finished_by(source: Element, names: Mapping[str, str]) -> set[str]:
    """Who finished this source, as the variable says that our projects give it."""
    for value in source:
        variables = [_id(ref, "targetGUID") for ref in value if local_name(ref) == "VariableRef"]
        if any(names.get(each) == FINISHED_BY for each in variables):
            return {name for each in value if local_name(each) == "TextValue" for name in (each.text or "").split("; ")}
    return set()


def _elements(archive: ZipFile) -> Iterator[Element]:
    """Elements as they end; the text sources are let go when they were read."""
    with archive.open("project.qde") as file:
        root_seen = False
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            if not root_seen:
                root_seen = True
                if local_name(element) != "Project":
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


def _id(element: Element, name: str) -> str:
    return element.get(name, "").strip("{}").lower()


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

    def settled(self, code: str) -> bool | None:
        """Whether a code says that a coding stands, or does not; None for other codes."""
        name = self._names.get(code, "").casefold()
        return next(
            (stands for stands, title in SETTLED.items() if code == settled_guid(stands) or name == title), None
        )

    def name(self, code: str) -> str:
        return self._names.get(code, "") or "a code without a name"


def _take(
    coded: Coded,
    source: Element,
    name: str | int,
    *,
    text: str,
    shift: Shift,
    codes: _Codes,
    users: Mapping[str, str],
) -> None:
    for each in _selections(source):
        start, end = shift(each.start), shift(each.end)
        if not 0 <= start < end <= len(text):
            raise InputError("A selection in this project lies outside its text: export it again.")
        coder = users.get(each.user, "unnamed coder")
        stances = [found for code in each.codes if (found := codes.stance(code))]
        settled = [stands for code in each.codes if (stands := codes.settled(code)) is not None]
        stance: Stance = stances[0] if len(stances) == 1 else "neither"
        described = read_description(each.memo)
        for code in each.codes:
            subtheme = codes.subtheme(code)
            if subtheme is None:
                if codes.stance(code) is None and codes.settled(code) is None:
                    coded.unknown_codes.add(codes.name(code))
                continue
            kept = settled[0] if len(settled) == 1 else None
            ours = [said for said in described if said.subtheme == subtheme]
            for said in ours or [Said(subtheme, stance, None, kept, each.memo)]:
                coding = Returned(
                    subtheme=subtheme, theme=codes.framework.theme_of(subtheme).id, stance=said.stance,
                    confidence=1.0 if said.confidence is None else said.confidence, start=start, end=end,
                    reason=said.reason, settled=said.settled,
                )  # fmt: skip
                coded.codings.setdefault(coder, {}).setdefault(name, []).append(coding)


def _selections(source: Element) -> Iterator[Selection]:
    for child in source:
        if local_name(child) != "PlainTextSelection":
            continue
        memo = next((each.text or "" for each in child if local_name(each) == "Description"), "")
        by_user: defaultdict[str, list[str]] = defaultdict(list)
        for coding in child:
            if local_name(coding) == "Coding":
                user = _id(coding, "creatingUser") or _id(child, "creatingUser")
                by_user[user] += [_id(ref, "targetGUID") for ref in coding if local_name(ref) == "CodeRef"]
        start, end = int(child.get("startPosition", "")), int(child.get("endPosition", ""))
        for user, found in by_user.items():
            yield Selection(user, start, end, tuple(found), memo)


def coders_of(coded: Coded) -> list[str]:
    """People who coded, without the machine's own suggestions where there is anybody else."""
    at_work = {coder for coder, answers in coded.codings.items() if any(answers.values())} | coded.finished
    people = sorted(coder for coder in at_work if not is_machine(coder))
    return people or sorted(filter(is_machine, coded.codings))


def as_lines(coded: Coded, coder: str) -> Iterator[dict[str, Any]]:
    """The codings of one coder in the form of `analysis code`."""
    for name, codings in coded.codings.get(coder, {}).items():
        ordered = sorted(codings, key=lambda each: (each.start, each.end))
        yield {
            "id": name,
            "codings": [each.model_dump(exclude_none=True) for each in ordered],
            "top": list(dict.fromkeys(each.subtheme for each in ordered)),
        }
