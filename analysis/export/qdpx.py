"""REFI-QDA project (`.qdpx`) and codebook (`.qdc`), as NVivo, ATLAS.ti, MAXQDA, QualCoder and others open them.

The project is a zip with `project.qde` and one text for each answer in `sources/`. Themes cannot be coded with,
sub-themes can; stances are codes of their own beside them. Each selection belongs to one coder and one span; its
description says why. People are cases, with what is told of them as variables.

Promises: valid against the schema; positions are Unicode code points, end exclusive; no empty container; names are
unique; answers are written as they come, so that memory holds only which answers are whose.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import BinaryIO
from xml.sax.saxutils import XMLGenerator
from zipfile import ZIP_DEFLATED, ZipFile

from analysis.export.refi import (
    CODEBOOK_NAMESPACE,
    MACHINE,
    NAMESPACE,
    STANCE_THEME,
    STANCES,
    code_guid,
    guid,
    source_text,
    stance_guid,
)
from analysis.export.rows import Row, clean
from analysis.model import Framework

_SOURCE_VARIABLES = ("question", "guide", "may_be_quoted")
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
    path: Path, rows: Rows, people: People, framework: Framework, *, made: date, title: str, narrow: bool
) -> int:
    """Write the project; returns how many answers without words were left out. `people`: the variables of each."""
    has_words = defaultdict(list)
    left_out = 0
    for row in rows():
        if row["text"].strip():
            has_words[row["person"]].append(row["answer"])
        else:
            left_out += 1
    xml_path = path.with_suffix(".qde.part")
    variables = list(next(iter(people.values()), {}))
    day = f"{made.isoformat()}T00:00:00Z"
    with xml_path.open("wb") as file, ZipFile(path, "w", ZIP_DEFLATED) as archive:
        xml = _Xml(file)
        with xml.element("Project", xmlns=NAMESPACE, name=title, origin=_ORIGIN, creationDateTime=day):
            with xml.element("Users"):
                xml.empty("User", guid=guid("user", MACHINE), name=MACHINE)
            with xml.element("CodeBook"):
                _codes(xml, framework)
            if has_words:
                _variables(xml, variables)
                with xml.element("Cases"):
                    for person, answers in sorted(has_words.items()):
                        _case(xml, person, people.get(person, {}), answers)
                with xml.element("Sources"):
                    for row in rows():
                        if row["text"].strip():
                            _source(xml, archive, row, framework, narrow=narrow)
    with ZipFile(path, "a", ZIP_DEFLATED) as archive:
        archive.write(xml_path, "project.qde")
    xml_path.unlink()
    return left_out


def write_codebook(path: Path, framework: Framework) -> None:
    """The codebook alone (`.qdc`)."""
    with path.open("wb") as file:
        xml = _Xml(file)
        with xml.element("CodeBook", xmlns=CODEBOOK_NAMESPACE, origin=_ORIGIN):
            _codes(xml, framework)


def _codes(xml: _Xml, framework: Framework) -> None:
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


def _source(xml: _Xml, archive: ZipFile, row: Row, framework: Framework, *, narrow: bool) -> None:
    answer = row["answer"]
    name = guid("source", answer)
    archive.writestr(f"sources/{name}.txt", source_text(row["text"], narrow=narrow).encode())
    with xml.element("TextSource", guid=name, name=answer, plainTextPath=f"internal://{name}.txt"):
        for (coder, start, end), codings in _by_span(row).items():
            user = guid("user", coder)
            selection = guid("selection", answer, coder, str(start), str(end))
            with xml.element(
                "PlainTextSelection", guid=selection, name=f"{start} to {end}", startPosition=str(start),
                endPosition=str(end), creatingUser=user,
            ):  # fmt: skip
                xml.text("Description", clean(_why(codings)))
                for code in _codes_of(codings, framework):
                    with xml.element("Coding", guid=guid("coding", selection, code), creatingUser=user):
                        xml.empty("CodeRef", targetGUID=code)
        for variable in _SOURCE_VARIABLES:
            _value(xml, variable, str(row[variable]))


def _by_span(row: Row) -> dict[tuple[str, int, int], list[Row]]:
    spans: dict[tuple[str, int, int], list[Row]] = {}
    for coding in row["codings"]:
        spans.setdefault((MACHINE, coding["start"], coding["end"]), []).append(coding)
    return spans


def _why(codings: Iterable[Row]) -> str:
    return "\n".join(
        f"{each['subtheme']} ({each['stance']}, {each['confidence']}): {' '.join(each['reason'].split())}"
        for each in codings
    )


def _codes_of(codings: Iterable[Row], framework: Framework) -> Iterator[str]:
    """The codes of a span, each once: its sub-themes, then its stances."""
    found = list(codings)
    codes = [code_guid(framework, each["subtheme"]) for each in found] + [stance_guid(each["stance"]) for each in found]
    yield from dict.fromkeys(codes)
