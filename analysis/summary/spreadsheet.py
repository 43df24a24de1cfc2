"""The numbers of a summary as CSV, for whoever works with spreadsheets: one number a line, the same as in the JSON.

Promises: RFC 4180 in UTF-8; no text is taken for a formula; a withheld number is an empty cell beside the word
"withheld", so that nobody adds it up as nought. Files of several periods can be put one below the other.
"""

from collections.abc import Iterator

from analysis.disclosure import COLUMNS
from analysis.export.rows import clean, csv_line, safe
from analysis.summary.numbers import Summary

#: `section` says which table of the page a line belongs to, `measure` what is counted. `value` is a number of people,
#: or for changes a share of those who answered, from -1 to 1.
HEAD = ("service", "period", "section", "theme", "part", "measure", "value", "shown")

Line = tuple[str, str, str, str, float | int | None]


def write_csv(summary: Summary) -> bytes:
    """The whole file."""
    lines = [csv_line(list(HEAD))]
    for *words, value in _lines(summary):
        texts = (summary.service, summary.period, *words)
        number = "" if value is None else str(value)  # ours, and a number: it needs no apostrophe before a minus
        lines.append(csv_line([*(safe(clean(each)) for each in texts), number, "withheld" if value is None else "yes"]))
    return b"".join(lines)


def _lines(summary: Summary) -> Iterator[Line]:
    counts = summary.counts
    for name in ("asked", "answered", "skipped"):
        yield "people", "", "", name, getattr(counts, name)
    if not counts.enough:
        return
    for theme in summary.framework.themes:
        row = counts.themes[theme.id]
        yield "map", theme.title, "", "people in the parts that are shown", row.people
        for each in theme.subthemes:
            for column in (None, *COLUMNS):
                yield "map", theme.title, each.title, column or "people", summary.count(each.id, column)
    yield from _sample(summary)
    yield from _change(summary)
    yield from _mirrors(summary)


def _sample(summary: Summary) -> Iterator[Line]:
    if summary.sample is not None:
        for each in summary.sample.characteristics:
            for row in each.rows:
                yield "who answered", each.title, row.title, "people", row.people


def _change(summary: Summary) -> Iterator[Line]:
    if summary.change is not None:
        themes, parts = _titles(summary)
        for row in summary.change.rows:
            place = ("change", themes[row.theme], parts[row.subtheme] if row.subtheme else "")
            yield *place, "difference", row.difference
            yield *place, "low", row.low
            yield *place, "high", row.high


def _mirrors(summary: Summary) -> Iterator[Line]:
    if summary.mirrors is not None and summary.mirrors.staff_answered is not None:
        _, parts = _titles(summary)
        yield "staff", "", "", "answered", summary.mirrors.staff_answered
        for row in summary.mirrors.rows:
            yield "staff", "", parts[row.subtheme], "people", row.staff
        for each in summary.mirrors.beyond:
            yield "staff", "", each.title, "people", each.staff


def _titles(summary: Summary) -> tuple[dict[str, str], dict[str, str]]:
    themes = {each.id: each.title for each in summary.framework.themes}
    return themes, {each.id: each.title for each in summary.subthemes}
