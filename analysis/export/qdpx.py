"""REFI-QDA project (`.qdpx`) and codebook (`.qdc`), as NVivo, ATLAS.ti, MAXQDA, QualCoder and others open them.

The project is a zip with `project.qde` and one text for each answer in `sources/`. Themes cannot be coded with,
sub-themes can; stances are codes of their own beside them, and so is whether a coding stands since it was settled. Each
coder is a user, the machine is one too. Each selection belongs to one coder and one span; its description is the memo,
or says why. People are cases, with what is told of them as variables. Who finished an answer is a variable of its
source, since whoever found no theme in it left no selection.

Promises: valid against the schema; positions are Unicode code points, end exclusive; no empty container; names are
unique; answers are written as they come, so that memory holds only which answers are whose.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO
from xml.sax.saxutils import XMLGenerator
from zipfile import ZIP_DEFLATED, ZipFile

from analysis.export.refi import (
    CODEBOOK_NAMESPACE,
    FINISHED_BY,
    NAMESPACE,
    SETTLED,
    SETTLING,
    STANCE_THEME,
    STANCES,
    code_guid,
    guid,
    settled_guid,
    source_text,
    stance_guid,
    user_guid,
)
from analysis.export.rows import Row, as_field, clean
from analysis.export.selections import by_coder_and_span, description_of
from analysis.model import Framework

_SOURCE_VARIABLES = ("question", "guide", "may_be_quoted", FINISHED_BY)
_FORMER = "No longer in the codebook"
_ORIGIN = "Hearten"

Rows = Callable[[], Iterable[Row]]
People = Mapping[str, Mapping[str, str]]


class _Xml:
    """An XML file, an element at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._out = XMLGenerator(file, "utf-8", short_empty_elements=True)
        self._out.startDocument()

    @contextmanager
    def element(self, tag: str, **attributes: str) -> Iterator[None]:
        self._out.startElement(tag, attributes)  # type: ignore[arg-type]
        yield
        self._out.endElement(tag)

    def empty(self, tag: str, **attributes: str) -> None:
        with self.element(tag, **attributes):
            pass

    def text(self, tag: str, words: str) -> None:
        with self.element(tag):
            self._out.characters(words)


def write_project(
    path: Path,
    rows: Rows,
    people: People,
    framework: Framework,
    *,
    made: date,
    title: str,
    coders: Iterable[str],
    narrow: bool,
) -> int:
    """Write the project; returns how many answers without words were left out. `people`: the variables of each;
    `coders`: everyone whose codings are in the rows."""
    found, users = _look_through(rows(), framework), sorted(coders)
    xml_path = path.with_suffix(".qde.part")
    variables = list(next(iter(people.values()), {}))
    day = f"{made.isoformat()}T00:00:00Z"
    with xml_path.open("wb") as file, ZipFile(path, "w", ZIP_DEFLATED) as archive:
        xml = _Xml(file)
        with xml.element("Project", xmlns=NAMESPACE, name=title, origin=_ORIGIN, creationDateTime=day):
            if users:
                with xml.element("Users"):
                    for coder in users:
                        xml.empty("User", guid=user_guid(coder), name=coder)
            with xml.element("CodeBook"):
                _codes(xml, framework, found)
            if found.answers:
                _variables(xml, variables)
                with xml.element("Cases"):
                    for person, answers in sorted(found.answers.items()):
                        _case(xml, person, people.get(person, {}), answers)
                with xml.element("Sources"):
                    source = _Source(xml, archive, framework, day, narrow=narrow)
                    for row in rows():
                        if row["text"].strip():
                            source.write(row)
    with ZipFile(path, "a", ZIP_DEFLATED) as archive:
        archive.write(xml_path, "project.qde")
    xml_path.unlink()
    return found.left_out


@dataclass
class _Found:
    """What has to be known before the first source: whose each answer with words is, and which codes there are
    beside those of the framework."""

    answers: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    former: set[str] = field(default_factory=set)
    settled: bool = False
    left_out: int = 0


def _look_through(rows: Iterable[Row], framework: Framework) -> _Found:
    found = _Found()
    known = {each.id for each in framework.subthemes}
    for row in rows:
        if not row["text"].strip():
            found.left_out += 1
            continue
        found.answers[row["person"]].append(row["answer"])
        for each in row["codings"]:
            found.settled = found.settled or each["settled"] is not None
            if each["subtheme"] not in known:
                found.former.add(each["subtheme"])
    return found


def write_codebook(path: Path, framework: Framework) -> None:
    """The codebook alone (`.qdc`)."""
    with path.open("wb") as file:
        xml = _Xml(file)
        with xml.element("CodeBook", xmlns=CODEBOOK_NAMESPACE, origin=_ORIGIN):
            _codes(xml, framework, _Found())


def _codes(xml: _Xml, framework: Framework, found: _Found) -> None:
    titles = Counter([each.title for each in framework.themes] + [each.title for each in framework.subthemes])
    with xml.element("Codes"):
        for theme in framework.themes:
            name = _unique(theme.title, theme.id, titles)
            with xml.element("Code", guid=code_guid(framework, theme.id), name=name, isCodable="false"):
                for each in theme.subthemes:
                    name = _unique(each.title, each.id, titles)
                    with xml.element("Code", guid=code_guid(framework, each.id), name=name, isCodable="true"):
                        xml.text("Description", clean(each.covers))
        with xml.element("Code", guid=guid("stances"), name=STANCE_THEME, isCodable="false"):
            for stance, title in STANCES.items():
                xml.empty("Code", guid=stance_guid(stance), name=title, isCodable="true")
        if found.settled:
            with xml.element("Code", guid=guid("settling"), name=SETTLING, isCodable="false"):
                for stands, title in SETTLED.items():
                    xml.empty("Code", guid=settled_guid(stands), name=title, isCodable="true")
        if found.former:
            with xml.element("Code", guid=guid("former"), name=_FORMER, isCodable="false"):
                for code in sorted(found.former):
                    xml.empty("Code", guid=code_guid(framework, code), name=clean(code), isCodable="true")


def _unique(title: str, code: str, titles: Counter[str]) -> str:
    return clean(title if titles[title] == 1 else f"{title} ({code})")


def _variables(xml: _Xml, characteristics: Iterable[str]) -> None:
    with xml.element("Variables"):
        for name in (*characteristics, *_SOURCE_VARIABLES):
            xml.empty("Variable", guid=guid("variable", name), name=name, typeOfVariable="Text")


def _value(xml: _Xml, name: str, value: str) -> None:
    with xml.element("VariableValue"):
        xml.empty("VariableRef", targetGUID=guid("variable", name))
        xml.text("TextValue", clean(value))


def _case(xml: _Xml, person: str, told: Mapping[str, str], answers: Iterable[str]) -> None:
    with xml.element("Case", guid=guid("case", person), name=person):
        for name, value in told.items():
            _value(xml, name, value)
        for answer in answers:
            xml.empty("SourceRef", targetGUID=guid("source", answer))


class _Source:
    """Writes answers as sources: the text into the archive, what was coded into the XML."""

    def __init__(self, xml: _Xml, archive: ZipFile, framework: Framework, day: str, *, narrow: bool) -> None:
        self._xml = xml
        self._archive = archive
        self._framework = framework
        self._day = day
        self._narrow = narrow

    def write(self, row: Row) -> None:
        answer, xml = row["answer"], self._xml
        name = guid("source", answer)
        self._archive.writestr(f"sources/{name}.txt", source_text(row["text"], narrow=self._narrow).encode())
        with xml.element("TextSource", guid=name, name=answer, plainTextPath=f"internal://{name}.txt"):
            for (coder, start, end), codings in by_coder_and_span(row["codings"]).items():
                self._select(answer, coder, start, end, codings)
            for variable in _SOURCE_VARIABLES:
                _value(xml, variable, as_field(row[variable]))

    def _select(self, answer: str, coder: str, start: int, end: int, codings: list[Row]) -> None:
        """One coder's selection. Its time is the export's: when somebody coded would bound when somebody answered."""
        user = user_guid(coder)
        selection = guid("selection", answer, coder, str(start), str(end))
        with self._xml.element(
            "PlainTextSelection", guid=selection, name=f"{start} to {end}", startPosition=str(start),
            endPosition=str(end), creatingUser=user, creationDateTime=self._day,
        ):  # fmt: skip
            if why := description_of(codings):
                self._xml.text("Description", why)
            for code in _codes_of(codings, self._framework):
                coding = guid("coding", selection, code)
                with self._xml.element("Coding", guid=coding, creatingUser=user, creationDateTime=self._day):
                    self._xml.empty("CodeRef", targetGUID=code)


def _codes_of(codings: Sequence[Row], framework: Framework) -> Iterator[str]:
    """The codes of a span, each once: its sub-themes, then its stances, then whether they stand."""
    codes = [code_guid(framework, each["subtheme"]) for each in codings]
    codes += [stance_guid(each["stance"]) for each in codings]
    codes += [settled_guid(each["settled"]) for each in codings if each["settled"] is not None]
    yield from dict.fromkeys(codes)
