"""The same page as a PDF, by WeasyPrint (the extra `pdf`): for whoever passes paper round, or files it.

Promises
- It says what the page says and nothing else: it is made from the page's own HTML, and asks for nothing, no network and
  no file.
- It can be read aloud: tagged after PDF/UA-1, with its language, its title, headings, tables, and a bookmark for each
  heading. Pictures that only repeat the words beside them are left out of what is read.
- The same page gives the same bytes, on the same machine.

WeasyPrint knows the print rules of the page's style sheet, but gives pictures (SVG) none of it. So each picture is
given what it needs of it, with the colours written out (`read_picture_rules`).
"""

import base64
import logging
import re
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from importlib.resources import files
from io import StringIO
from typing import Any
from xml.etree import ElementTree as ET

from analysis.errors import AnalysisError

_SVG = "{http://www.w3.org/2000/svg}"
#: What a rule must say something about to matter within a picture.
_DRAWN = {"fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "text-anchor",
    "opacity", "font-size", "font-weight", "font-style"}  # fmt: skip
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*\)")
_DEPTH = 5  # of variables that stand for other variables


class PdfError(AnalysisError):
    """A PDF cannot be made here. The message says what to do."""


def check_pdf() -> None:
    """Whether a PDF can be made on this machine. Raises PdfError, before anything else is begun."""
    _weasyprint()


def make_pdf(page: str) -> bytes:
    """A page as `page.render` makes it, as a PDF. Raises PdfError."""
    weasyprint = _weasyprint()
    # What it does not know of a style sheet it says in its log; that is about our style, and nobody can mend it here.
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)
    fetcher = weasyprint.URLFetcher(allowed_protocols={"data"})  # our own pictures; anything else is refused
    document = weasyprint.HTML(string=page, url_fetcher=fetcher)
    _prepare(document.etree_element)
    rendered = document.render(pdf_variant="pdf/ua-1", pdf_tags=True)
    made: bytes = rendered.write_pdf(finisher=_say_what_headers_head, pdf_variant="pdf/ua-1", pdf_tags=True)
    if not rendered.fonts:
        raise PdfError("No font was found to make a PDF with: install one (on Debian: apt install fonts-dejavu-core).")
    return made


def _weasyprint() -> Any:
    try:
        # It prints a page of advice where a library of the system is missing; one sentence of ours says the same.
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            import weasyprint  # noqa: PLC0415 - an extra, and slow to load
    except ModuleNotFoundError:
        raise PdfError("A PDF needs the extra pdf: install it with pip install 'hearten[pdf]'.") from None
    except OSError:
        raise PdfError(
            "A PDF needs the library Pango, which is not on this machine: install it"
            " (on Debian: apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core)."
        ) from None
    return weasyprint


def _prepare(root: ET.Element) -> None:
    """Give the document what only paper needs, and each picture its share of the style."""
    style = next(root.iter("style"))
    pictures = read_picture_rules(style.text or "")
    style.text = (style.text or "") + files("analysis.summary").joinpath("templates/pdf.css").read_text("utf-8")
    sizes = set()
    for svg in root.iter(f"{_SVG}svg"):
        own = ET.Element(f"{_SVG}style")
        own.text = pictures
        svg.insert(0, own)
        if svg.get("aria-hidden") == "true":
            sizes.add(_make_background(svg))
        else:
            _say_in_words(svg)
    # In front of the page's own rules, so that these win.
    style.text = "".join(sorted(sizes)) + style.text


def _make_background(svg: ET.Element) -> str:
    """Turn a picture that is only for the eye into the background of an empty element, which is not read aloud. Returns
    the rule that gives it the size that it said it has."""
    width, height = svg.get("width", ""), svg.get("height", "")
    classes, tail = svg.get("class", ""), svg.tail
    svg.tail = None  # what stands behind it is no part of the drawing
    drawing = ET.tostring(svg, encoding="unicode")
    address = f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"
    svg.clear()
    svg.tag, svg.tail = "span", tail
    name = f"drawn-{width}-{height}"
    svg.set("class", f"drawn {name} {classes}")
    svg.set("style", f"background-image:url({address})")
    rule = f".{name}{{width:{width}px;height:{height}px}}"
    return rule if width.isdigit() and height.isdigit() else ""


def _say_in_words(svg: ET.Element) -> None:
    """Its title and its description become one title, which is what WeasyPrint takes for the words of a picture."""
    title = svg.find(f"{_SVG}title")
    said = [part.text for part in (title, svg.find(f"{_SVG}desc")) if part is not None and part.text]
    if title is not None:
        title.text = ". ".join(said)


def _say_what_headers_head(_document: Any, pdf: Any) -> None:
    """Say of each heading of a table whether it heads a column or a row, which WeasyPrint leaves to the reader."""
    structure: list[Any] = [each for each in pdf.objects if isinstance(each, dict) and "S" in each and "P" in each]
    tags = {each.number: each for each in structure}
    for each in tags.values():
        if each["S"] == "/TH":
            row = tags[_number(each["P"])]
            above = tags[_number(row["P"])]["S"]
            each["A"]["Scope"] = "/Column" if above == "/THead" else "/Row"


def _number(reference: bytes) -> int:
    return int(reference.split()[0])


def read_picture_rules(style: str) -> str:
    """The rules of a style sheet, as it is for print, that matter within a picture, variables replaced."""
    import tinycss2  # noqa: PLC0415 - comes with the extra

    rules = list(_rules_for_print(tinycss2.parse_stylesheet(style, skip_comments=True, skip_whitespace=True)))
    variables = {name: value for _, said in rules for name, value in said.items() if name.startswith("--")}
    written = []
    for selector, said in rules:
        # A halo is painted before the letters (`paint-order`), which WeasyPrint does not know: it would cover them.
        halo = "paint-order" in said
        kept = {
            name: _replace_variables(value, variables)
            for name, value in said.items()
            if name in _DRAWN and not (halo and name.startswith("stroke"))
        }
        if kept:
            written.append(f"{selector}{{{';'.join(f'{name}:{value}' for name, value in kept.items())}}}")
    return "".join(written)


def _rules_for_print(rules: list[Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Selector and declarations of each rule, in order, those for other media left out."""
    import tinycss2  # noqa: PLC0415

    for rule in rules:
        if rule.type == "qualified-rule":
            said = tinycss2.parse_declaration_list(rule.content, skip_comments=True, skip_whitespace=True)
            yield (
                tinycss2.serialize(rule.prelude).strip(),
                {each.name: tinycss2.serialize(each.value).strip() for each in said if each.type == "declaration"},
            )
        elif rule.type == "at-rule" and tinycss2.serialize(rule.prelude).strip() == "print":
            yield from _rules_for_print(
                tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            )


def _replace_variables(value: str, variables: dict[str, str]) -> str:
    for _ in range(_DEPTH):
        value = _VARIABLE.sub(lambda found: variables.get(found[1], ""), value)
    return value
