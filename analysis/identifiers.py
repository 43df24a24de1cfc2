"""Identifying details that have a shape: numbers, addresses of the net, dates, postcodes of the United Kingdom.

Spans are code points. Sources: NHS number check digit (NHS Data Dictionary, modulus 11); national insurance number
(HMRC, prefix rules in short); postcodes (Royal Mail, general form).
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal[
    "STAFF", "FAMILY", "PLACE", "ORG", "WARD", "ADDR", "DATE", "PHONE", "EMAIL", "URL", "HANDLE", "POSTCODE",
    "NHS_NUMBER", "NI_NUMBER",
]  # fmt: skip


class Found(NamedTuple):
    """A detail, where it stands. Where two overlap, the one of the lower rank stays."""

    start: int
    end: int
    kind: Kind
    rank: int


_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_SHAPES: tuple[tuple[Kind, str], ...] = (
    ("URL", r"\bhttps?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]|\bwww\.[^\s<>\"']+[^\s<>\"'.,;:!?)\]]"),
    ("EMAIL", r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"),
    ("HANDLE", r"(?<![\w@.])@\w[\w.]{1,40}\b"),
    ("NI_NUMBER", r"\b[a-ceghj-prstw-z][a-ceghj-nprstw-z] ?\d\d ?\d\d ?\d\d ?[a-d]\b"),
    ("POSTCODE", r"\b[a-z]{1,2}\d[a-z\d]? ?\d[abd-hjlnp-uw-z]{2}\b"),
    ("DATE", r"\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b|\b(?:19|20)\d\d-\d\d-\d\d\b"),
    (
        "DATE",
        rf"(?:\b{_DAY},? (?:the )?)?\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}\b(?:,? (?:19|20)\d\d\b)?"
        rf"|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? (?:19|20)\d\d\b)?|\b{_MONTH},? (?:of )?(?:19|20)\d\d\b",
    ),
    ("DATE", r"\b(?:the )?(?:early|mid|late)[ -](?:fif|six|seven|eigh|nine)ties\b|\bthe (?:seven|eigh|nine)ties\b"),
    ("DATE", rf"\b(?:19[3-9]|20[0-4])\d\b(?!\s?(?:mg|ml|pounds|quid))|\b{_DAY}\b"),
)
_PATTERNS = tuple((kind, re.compile(shape, re.IGNORECASE)) for kind, shape in _SHAPES)
_DIGITS = re.compile(r"(?<![\w/.-])(?:\+|\()?\d(?:[ ()-]{0,2}\d){6,14}(?![\w/]|[.-]\d)")

_NHS_DIGITS = 10
_NEVER_GIVEN = 10  # numbers whose check digit would be 10 are not given out
_SHORTEST, _LONGEST = 9, 13  # digits of a phone number, the code of the country included


def find_identifiers(text: str) -> Iterator[Found]:
    """Every detail with a shape. They may overlap; earlier kinds have lower ranks."""
    for match in _DIGITS.finditer(text):
        kind = _number_kind(re.sub(r"\D", "", match.group()), plus="+" in match.group())
        if kind:
            yield Found(match.start(), match.end(), kind, 0)
    for rank, (kind, pattern) in enumerate(_PATTERNS, start=1):
        for match in pattern.finditer(text):
            yield Found(match.start(), match.end(), kind, rank)


def is_nhs_number(digits: str) -> bool:
    """Ten digits whose last is the check digit of the nine before (modulus 11)."""
    if len(digits) != _NHS_DIGITS or not digits.isascii() or len(set(digits)) == 1:
        return False
    check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return check % 11 == int(digits[9]) and check != _NEVER_GIVEN


def _number_kind(digits: str, *, plus: bool) -> Kind | None:
    if is_nhs_number(digits):
        return "NHS_NUMBER"
    if (plus and len(digits) >= _SHORTEST) or (digits.startswith(("0", "44")) and _SHORTEST < len(digits) <= _LONGEST):
        return "PHONE"
    return None
