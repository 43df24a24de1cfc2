"""Identifying details that have a shape: numbers, addresses of the net, dates, ages, postcodes of the United Kingdom.

Spans are code points. Sources: NHS number check digit (NHS Data Dictionary, modulus 11); national insurance number
(HMRC, prefix rules in short); postcodes (Royal Mail, general form).
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal[
    "STAFF", "FAMILY", "PLACE", "ORG", "WARD", "ADDR", "DATE", "AGE", "PHONE", "EMAIL", "URL", "HANDLE", "POSTCODE",
    "NHS_NUMBER", "NI_NUMBER", "CASE",
]  # fmt: skip


class Found(NamedTuple):
    """A detail, where it stands, and why. Where two overlap, the one of the lower rank stays. `entry`: of the study's
    own list."""

    start: int
    end: int
    kind: Kind
    rank: int
    reason: str
    entry: str = ""


def _after(*words: str) -> str:
    """A place right after one of these (a look behind, each of its own length). That a space comes before is looked at
    first, since most places have none."""
    return "(?<= )(?:" + "|".join(f"(?<={word} )" for word in words) + ")"


class _Shape(NamedTuple):
    """One form of a detail. `needs`: it is only looked for where one of these is in the text, which saves most of the
    time. Where the pattern has a group `detail`, only that is the detail."""

    kind: Kind
    reason: str
    needs: tuple[str, ...]
    pattern: str


_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_SURE_MONTH = r"(?:january|february|april|june|july|august|sept(?:ember)?|october|november|december)"
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_SHORT_DAY = r"(?:mon|tues?|wed|thurs?|thur|fri|sat|sun)"
_YEAR = r"(?:19|20)\d\d"
_TENS = r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_ONES = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_NUMBER = (
    rf"(?:1[0-1]\d|[1-9]?\d|{_TENS}(?:[- ]{_ONES})?|ten|eleven|twelve"
    rf"|(?:thir|four|fif|six|seven|eigh|nine)teen|{_ONES})"
)
# What follows a number that is no age.
_UNIT = (
    r"(?![\w:.-]*\d|\s?(?:%|percent|mg|ml|mcg|g\b|kg|st\b|stone|lbs?|am\b|pm\b|a\.m|p\.m|o'?clock"
    r"|min|mins|minute|hour|hrs?\b"
    r"|day|week|wk|month|mth|year(?!s?[ -]old)|yr(?!s?[ -]old)|session|time|mile|quid|pound|people"
    r"|of\b|in\b|on\b|for\b|"
    r"different|more|other|good|bad|new|and a half|hundred|thousand|points?|out\b|to\b|or\b|down|up\b))"
)
# Small numbers in words are seldom ages ("when i was one of them").
_SMALL = r"(?!one\b|(?:two|three|four|five|six|seven|nine)\b(?! (?:and|now|when|he|she|,)))"
_CHILD = (
    r"(?:son|daughter|boy|girl|baby|child|brother|sister|niece|nephew|grandson|granddaughter|mum|dad|nan|one|twins?)"
    r"(?:,? [a-z][\w'-]{1,20},?)?"
)
_I_AM = (
    _after(
        "i am",
        "i'm",
        "i’m",
        "im",
        "im only",
        "i was",
        "i was only",
        "i was about",
        "being",
        "she is",
        "he is",
        "she's",
        "he's",
        "shes",
        "hes",
        "now",
    )
    .replace("(?<=im )", r"(?<=\bim )")
    .replace("(?<=now )", r"(?<=\bnow )")
)
_NUMBERS = (
    *"0123456789",
    "teen",
    "ty",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIGURES = tuple("0123456789")

_SHAPES: tuple[_Shape, ...] = (
    _Shape("URL", "an address of the net", ("http", "www."),
        r"\bhttps?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]|\bwww\.[^\s<>\"']+[^\s<>\"'.,;:!?)\]]"),
    _Shape("URL", "an address of the net", (".com", ".org", ".net", ".uk", ".wales", ".scot"),
        r"(?<![@\w.-])[a-z0-9-]{2,63}(?:\.[a-z0-9-]{2,63}){0,3}"
        r"\.(?:com|org|net|co\.uk|org\.uk|nhs\.uk|ac\.uk|wales|scot)\b(?:/[^\s<>\"']*)?"),
    _Shape("EMAIL", "an email address", ("@",), r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"),
    _Shape("HANDLE", "a name in a social network", ("@",), r"(?<![\w@.])@\w[\w.]{1,40}\b"),
    _Shape("NI_NUMBER", "a national insurance number", _FIGURES,
        r"\b[a-ceghj-prstw-z][a-ceghj-nprstw-z] ?\d\d ?\d\d ?\d\d ?[a-d]\b"),
    _Shape("NHS_NUMBER", "said to be an NHS number", ("nhs",),
        r"(?<=nhs)(?: number| no\.?| num)?(?: is|:)? ?(?P<detail>\d{3}[ -]?\d{3}[ -]?\d{4})\b"),
    _Shape("POSTCODE", "a postcode", _FIGURES, r"\b[a-z]{1,2}\d[a-z\d]? ?\d[abd-hjlnp-uw-z]{2}\b"),
    _Shape("POSTCODE", "the first half of a postcode", _FIGURES,
        r"(?:(?<=postcode )|(?<=postcode is ))[a-z]{1,2}\d[a-z\d]?\b"
        rf"|{_after('from', 'to', 'in')}(?:[bglmnsew]|[a-z]{{2}})\d{{1,2}}(?!\w| ?(?:mg|ml))"),
    _Shape("DATE", "a date", _FIGURES, rf"\b\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{2,4}}\b|\b{_YEAR}-\d\d-\d\d\b"),
    _Shape("CASE", "a number of a case or a file", _FIGURES,
        r"\b(?=[a-z/-]{0,9}\d)(?:[a-z]{1,4}[/-]?)?\d{2,6}(?:[/-]\d{2,6})+\b|\b[a-z]{2,5}[/-](?:\d{2,4}[/-])\d{2,6}\b"
        r"|\b[a-z]{1,3}\d{5,10}[a-z]?\b|\b[a-z]{1,3}\d{1,2}-\d{4,8}\b"
        rf"|{_after('number is', 'number was', 'no is', 'no', 'ref', 'ref:', 'reference', 'number')}"
        r"(?=[a-z/-]{0,9}\d[a-z/-]{0,9}\d[a-z/-]{0,9}\d)[a-z\d][a-z\d/-]{3,19}\b"),
    _Shape("DATE", "a date", _MONTHS,
        rf"(?:\b(?:{_DAY}|{_SHORT_DAY}),? (?:the )?)?\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}\b(?:,? {_YEAR}\b)?"
        rf"|\b{_MONTH} (?:the )?\d{{1,2}}(?:st|nd|rd|th)?\b(?:,? {_YEAR}\b)?|\b{_MONTH},? (?:of )?{_YEAR}\b"),
    _Shape("DATE", "a day of the year", (" eve", " day", " night", "19", "20"),
        r"\b(?:christmas|xmas|boxing|new year'?s|bonfire|pancake|valentine'?s|st patrick'?s|mother'?s|father'?s)"
        rf" (?:eve|day|night)\b(?:,? {_YEAR}\b)?"
        rf"|\b(?:spring|summer|autumn|winter|christmas|easter|xmas) (?:of )?{_YEAR}\b"),
    _Shape("DATE", "a decade", ("ties", "0s", "0's"),
        r"\b(?:the )?(?:early|mid|late)[ -](?:fif|six|seven|eigh|nine)ties\b|\bthe (?:fif|six|seven|eigh|nine)ties\b"
        r"|\b(?:the )?(?:early|mid|late)?[ -]?(?:19|20)?\d0'?s\b(?! and )"),
    _Shape("DATE", "a month", _MONTHS,
        rf"\b(?:(?:last|next|this|early|late|mid)[ -])?{_SURE_MONTH}\b"
        rf"|{_after('in', 'since', 'died', 'by')}last (?:mar(?:ch)?|may)\b"
        rf"|{_after('in', 'since', 'last', 'until', 'till', 'by', 'this', 'next', 'every', 'from')}"
        r"(?:mar(?:ch)?|may|jan|feb|apr|jun|jul|aug|sep|oct|nov|dec)\b"
        r"(?! (?:be|have|not|never|help|as|i|well|take|need|come)\b)"),
    _Shape("DATE", "a day of a month", ("the ",), rf"{_after('on', 'by', 'since')}the \d{{1,2}}(?:st|nd|rd|th)\b"),
    _Shape("DATE", "a year", _FIGURES,
        rf"\b(?:19[3-9]|20[0-4])\d\b(?!\s?(?:mg|ml|pounds|quid))"
        rf"|{_after('since', 'back in', 'born in')}'?[5-9]\d\b(?! (?:days|weeks|hours))"),
    _Shape("DATE", "a day of the week", ("day", "mon", "tue", "wed", "thu", "fri"),
        rf"\b(?:(?:last|next|this) )?{_DAY}\b|{_after('on', 'every', 'next', 'last')}(?:mon|tues?|wed|thurs?|fri)s?\b"),
    _Shape("AGE", "an age", (" is ",),
        rf"\b(?:{_CHILD}) (?:who )?is (?:only |just |now )?(?P<detail>{_NUMBER})\b"
        r"(?= (?:and|now|he|she|but|so|years)\b|[.,;!)]|$)"),
    _Shape("AGE", "an age", ("old", "yo", "y/o", "age", "turn"),
        rf"\b(?=[\dtfseno]){_NUMBER}(?: |-)?(?:years?|yrs?|yr|yo)(?: |-)?olds?\b|\b{_NUMBER} ?y/?o\b"
        rf"|{_after('aged', 'age of', 'age')}{_NUMBER}\b"
        rf"|{_after('turned', 'turning')}{_NUMBER}\b(?! (?:people|of))"),
    _Shape("AGE", "an age", _NUMBERS, rf"{_I_AM}{_SMALL}{_NUMBER}\b{_UNIT}"),
)  # fmt: skip
_PATTERNS = tuple((each, re.compile(each.pattern, re.IGNORECASE)) for each in _SHAPES)
_DIGITS = re.compile(r"(?<![\w/.-])(?:\+|\()?\d(?:[ ()-]{0,2}\d){6,14}(?![\w/]|[.-]\d)")
_FIGURE = re.compile(r"\d")

_NHS_DIGITS = 10
_NEVER_GIVEN = 10  # numbers whose check digit would be 10 are not given out
_SHORTEST, _LONGEST = 9, 13  # digits of a phone number, the code of the country included


def find_identifiers(text: str) -> Iterator[Found]:
    """Every detail with a shape. They may overlap; earlier kinds have lower ranks."""
    small = text.lower()
    if _FIGURE.search(text):
        for match in _DIGITS.finditer(text):
            kind = _number_kind(re.sub(r"\D", "", match.group()), plus="+" in match.group())
            if kind:
                yield Found(match.start(), match.end(), kind, 1, "a number of its form")
    for rank, (shape, pattern) in enumerate(_PATTERNS, start=2):
        for need in shape.needs:  # a loop, because `any` would take most of the time that there is
            if need in small:
                break
        else:
            continue
        for match in pattern.finditer(text):
            start, end = match.span("detail") if pattern.groups else match.span()
            yield Found(start, end, shape.kind, rank, shape.reason)


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
