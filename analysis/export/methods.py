"""Drafts for a methods section: the sample as a table, the flow of participants as a drawing, and the items of COREQ
that the system can know; the others are left open by name.

Promises: counts are of the table of people after disclosure control, so every one is of a group that may be shown; the
page and the drawing load nothing, carry no script, and can be read by eye and by ear.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from analysis.anonymity import Anonymised
from analysis.anonymity.hierarchy import NOT_TOLD, WITHHELD, hierarchy_of
from analysis.export.flow import Count

_STEPS = {
    "invited": "Invited",
    "read_the_information": "Read the information",
    "opened": "Opened the chat, in the whole study",
    "agreed": "Agreed to take part, in the whole study",
    "began": "Were asked a question",
    "finished": "Left no question open",
    "gave_answers": "Gave answers that are in this export",
}
#: Beside the step of that name: who went, and what people did there.
_ASIDE = {
    "opened": ("declined", "Declined"),
    "agreed": ("withdrew", "Withdrew, all erased"),
    "began": ("skipped_a_question", "Skipped a question"),
}
_OPEN = "not known to the system"
_TOO_FEW = "withheld: too few people"
_WIDTH, _BOX, _GAP = 652, 56, 34
_LINE_UP = 35  # of the lower line of text within a box


def write(folder: Path, manifest: dict[str, Any], people: Anonymised) -> None:
    """Write `methods.html` and `flow.svg`."""
    drawing = draw_flow(manifest["flow"])
    pages = Environment(
        loader=PackageLoader("analysis.export"), undefined=StrictUndefined, autoescape=True, trim_blocks=True
    )
    page = pages.get_template("methods.html").render(
        made=manifest["made"],
        people=manifest["people"],
        k=people.k,
        sample=sample_table(people),
        drawing=drawing,
        coreq=coreq(manifest),
    )
    (folder / "methods.html").write_text(page, "utf-8")
    (folder / "flow.svg").write_text(str(drawing), "utf-8")


def sample_table(people: Anonymised) -> list[tuple[str, list[tuple[str, int, str]]]]:
    """Each characteristic with its groups: what they are called, how many people, and their share in per cent."""
    table = []
    for at, name in enumerate(people.names):
        counts = Counter(row[at] for row in people.rows.values())
        total = counts.total() or 1
        order = sorted(counts.items(), key=lambda item: (item[0] in {NOT_TOLD, WITHHELD}, item[0]))
        rows = [(value.replace("_", " "), count, f"{100 * count / total:.0f}") for value, count in order]
        table.append((hierarchy_of(name).title, rows))
    return table


def coreq(manifest: dict[str, Any]) -> list[tuple[str, list[tuple[int, str, str]]]]:
    """The items, with what the system knows of each; empty where it does not, or where a number is not known."""
    flow = manifest["flow"]
    known = {
        "guides": " and ".join(f"{each['id']}, version {each['version']}" for each in manifest["guides"]) or "no guide",
        "framework": f"{manifest['framework']['id']}, version {manifest['framework']['version']}",
        "answers": manifest["answers"],
        "gave_answers": flow["gave_answers"],
        "withdrew": flow["withdrew"] if isinstance(flow["withdrew"], int) else None,
        "not_agreed": _difference(flow["opened"], flow["agreed"]),
        "hearten": manifest["hearten"],
        "coders": _who_coded(manifest["codings"]["coders"]),
    }
    domains = tomllib.loads(files("analysis.export").joinpath("data", "coreq.toml").read_text("utf-8"))["domain"]
    return [
        (
            domain["title"],
            [(each["number"], each["name"], _fill(each.get("known", ""), known)) for each in domain["items"]],
        )
        for domain in domains
    ]


def _difference(whole: Count, part: Count) -> int | None:
    return whole - part if isinstance(whole, int) and isinstance(part, int) else None


def _who_coded(coders: list[dict[str, Any]]) -> str:
    people = sum(not each["machine"] for each in coders)
    who = {0: "No person coded", 1: "1 person coded"}.get(people, f"{people} people coded")
    beside = ", a machine made suggestions" if len(coders) > people else ""
    return f"{who} what is in this export{beside}."


def _fill(text: str, known: dict[str, Any]) -> str:
    if any(value is None and f"{{{name}}}" in text for name, value in known.items()):
        return ""
    return text.format(**known)


def draw_flow(flow: Mapping[str, Count]) -> Markup:
    """The flow as SVG: boxes from top to bottom, others beside them, the same in words for who listens."""
    words = [f"{title}: {_number(flow[name])}" for name, title in [*_STEPS.items(), *_ASIDE.values()]]
    height = len(_STEPS) * (_BOX + _GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-labelledby="flow-title flow-words" font-family="system-ui, sans-serif" font-size="16">',
        f'<title id="flow-title">Flow of participants</title><desc id="flow-words">{escape("; ".join(words))}.</desc>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for number, (name, title) in enumerate(_STEPS.items()):
        top = number * (_BOX + _GAP) + 1
        parts.append(_box(20, top, 360, title, _number(flow[name])))
        if number + 1 < len(_STEPS):
            foot = top + _BOX
            parts.append(
                f'<path d="M200 {foot}v{_GAP - 8}m-6 -6l6 8l6 -8" fill="none" stroke="#1d2733" stroke-width="2"/>'
            )
        if name in _ASIDE:
            beside, said = _ASIDE[name]
            parts.append(f'<path d="M380 {top + _BOX // 2}h32" fill="none" stroke="#1d2733" stroke-width="2"/>')
            parts.append(_box(412, top, 220, said, _number(flow[beside])))
    return Markup("\n".join([*parts, "</svg>"]))  # noqa: S704 - all text in it was escaped or is ours


def _box(left: int, top: int, width: int, title: str, number: str) -> str:
    return (
        f'<rect x="{left}" y="{top}" width="{width}" height="{_BOX}" rx="6" fill="#eef1ee" stroke="#1d2733"/>'
        f'<text x="{left + 14}" y="{top + 23}" fill="#1d2733">{escape(title)}</text>'
        f'<text x="{left + 14}" y="{top + 10 + _LINE_UP}" fill="#1d2733" font-weight="bold">{escape(number)}</text>'
    )


def _number(count: Count) -> str:
    return _OPEN if count is None else _TOO_FEW if count == WITHHELD else str(count)
