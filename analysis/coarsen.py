"""Ages and dates made coarser: a band of ten years, a decade, "a day of the week".

What is left tells an analyst that somebody was a teenager, or that it was long ago, and hardly who they are.
"""

import re

from analysis.identifiers import Kind

_YEAR = re.compile(r"(?:19|20)\d\d")
_SHORT_YEAR = re.compile(r"[/.-](\d\d)$|^'?(\d\d)$")
_DECADE = re.compile(r"(fif|six|seven|eigh|nine)ties|(?:19|20)?(\d)0'?s", re.IGNORECASE)
_TENS = {"fif": 5, "six": 6, "seven": 7, "eigh": 8, "nine": 9}
_DAY = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|^(?:mon|tues?|wed|thurs?|fri)s?$", re.IGNORECASE)
_FIGURES = re.compile(r"\d+")
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_TENS_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS = {word: number for number, word in enumerate(_UNITS.split())} | {
    word: 10 * tens for tens, word in enumerate(_TENS_WORDS.split(), start=2)
}
_CHILD, _TEEN, _OLD = 13, 20, 90
_CENTURY_TURNS = 40  # years of two figures below this are of this century


def coarsen(kind: Kind, detail: str) -> str:
    """The band that a placeholder may show: `30s`, `teens`, `2010s`, `weekday`. Empty where there is none."""
    if kind == "AGE":
        return _band(detail)
    return _when(detail) if kind == "DATE" else ""


def _band(detail: str) -> str:
    figures = _FIGURES.search(detail)
    words = re.split(r"[\s-]+", detail.lower())
    age = int(figures.group()) if figures else sum(_WORDS.get(word, 0) for word in words)
    if age < _CHILD:
        return "child"
    if age < _TEEN:
        return "teens"
    return "90plus" if age >= _OLD else f"{age // 10}0s"


def _when(detail: str) -> str:
    if year := _YEAR.search(detail):
        return f"{year.group()[:3]}0s"
    if decade := _DECADE.search(detail):
        tens = _TENS[decade[1].lower()] if decade[1] else int(decade[2])
        return f"{'19' if 10 * tens >= _CENTURY_TURNS else '20'}{tens}0s"
    if short := _SHORT_YEAR.search(detail):
        number = int(short[1] or short[2])
        return f"{'19' if number >= _CENTURY_TURNS else '20'}{number // 10}0s"
    return "weekday" if _DAY.search(detail) else ""
