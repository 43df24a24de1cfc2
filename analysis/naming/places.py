"""Names of places, wards, organisations, and addresses."""

from analysis.identifiers import Kind
from analysis.naming.lexicon import Sort, word_set
from analysis.naming.line import Line
from analysis.naming.people import Spans

_IN = frozenset({"in", "near", "from", "around", "outside", "to", "via", "round"})
_AT = frozenset({"at", "for", "under", "on", "of", "with", "by", *_IN})
_FARTHEST = 4  # words of a name before the word that says what it is
_STREETS = word_set(
    "street road avenue lane court close crescent terrace drive st rd ave estate gardens grove square mews "
    "cottage cottages"
)
_ROADS = frozenset({"road", "street", "lane", "avenue", "crescent", "terrace"})
_ON = frozenset({"on", "in", "at", "off", "down", "up", "near", "by", "of", "from", "to"})
#: Words that go on a name of a place: "drayton park", "castle bromwich".
_LANDMARKS = word_set(
    "park house lodge farm point cross green hill hills view gate square cottage bridge common heath bank end "
    "bay sands road street lane hall court mill moor dale vale"
)
_BEGIN = word_set(
    "castle upper lower great little north south east west market new old high royal burton stoke newton st"
)
_OF_WHICH = frozenset({"hmp", "hmyoi", "ysbyty", "masjid", "hmp/yoi", "yoi"})
_CALLED_AFTER = word_set(
    "hospital clinic school academy college chapel church lodge surgery infirmary hospice centre center"
)
_LETTERED = 2  # letters of "Ward B", "Ward 1a"
_HOLY = frozenset({"all", "our", "holy", "christ", "sacred"})
_ROOMS = frozenset({"flat", "apartment", "room", "unit", "house", "number", "no", "block"})
_BIG = frozenset({"ward", "wing", "suite"})
_SAYS_WHICH = Sort.NAME | Sort.MAYBE_NAME | Sort.SURNAME | Sort.PLACE | Sort.MAYBE_PLACE | Sort.UNKNOWN


def addressed(line: Line) -> Spans:
    """ "27 Quarry Bank Road", "flat 12b, Connaught House", "on the Speke estate", "number 9"."""
    for at, token in enumerate(line.tokens):
        if token.text in {"flat", "apartment"} and line.word(at + 1)[:1].isdigit() and line.joined(at + 1):
            yield at, _after_room(line, at + 1), "ADDR"
        if token.text == "number" and line.word(at - 1) in {"at", "live"} and line.word(at + 1)[:1].isdigit():
            yield at, at + 1, "ADDR"
        if not token.sort & Sort.STREET or at == 0 or not line.joined(at):
            continue
        first = _first_of(line, at, loose=token.text in _STREETS)
        if first is not None:
            yield first, at, "ADDR"


def _after_room(line: Line, at: int) -> int:
    last = at
    while last + 1 < len(line.tokens) and last - at < _FARTHEST and line.between(last + 1).strip() in {"", ","}:
        after = line.tokens[last + 1]
        if not (line.proper(last + 1) or after.sort & (Sort.STREET | Sort.ORGANISATION) or after.text[0].isdigit()):
            break
        last += 1
    return last


def _first_of(line: Line, at: int, *, loose: bool) -> int | None:
    """Where an address begins that ends here. None where this is no name ("the main road")."""
    first = at - 1
    capital = line.proper(first) or (line.tokens[first].capital and line.tokens[at].capital)
    numbered = any(line.word(back)[:1].isdigit() for back in range(max(0, at - 3), at))
    if line.has(first, Sort.NEVER) or (line.has(first, Sort.PLAIN) and not numbered and not capital):
        return None
    the = line.word(first - 1) in _ON | {"the"} or line.between(first).strip() == ","
    if not (capital and (line.tokens[at].capital or loose)) and not (loose and (numbered or the)):
        return None
    here = line.word(first - 1) in _ON and line.word(at) in _ROADS and not line.has(first, Sort.AFTER)
    if loose and not capital and not numbered and not here and not line.has(first, _SAYS_WHICH):
        return None
    if not loose and not line.tokens[at].capital:
        return None
    while first > 0 and at - first < _FARTHEST + 1 and line.between(first).strip() in {"", ","}:
        before = line.tokens[first - 1]
        digits = before.text[0].isdigit()
        if not (
            digits
            or before.text in _ROOMS
            or (before.capital and not before.sort & Sort.NEVER)
            or (numbered and not before.sort & (Sort.NEVER | Sort.BEFORE))
        ):
            break
        first -= 1
        if digits and line.word(first - 1) not in _ROOMS:
            break
    return first


def wards(line: Line) -> Spans:
    """ "Juniper Ward", "on heron ward", "ward 4b", "the Juniper Suite"; "on Rowan" by its preposition."""
    for at, token in enumerate(line.tokens):
        if token.sort & Sort.WARD:
            after = line.word(at + 1)
            if (after[:1].isdigit() and line.joined(at + 1) and token.text == "ward") or (
                token.capital and line.proper(at + 1) and len(after) <= _LETTERED
            ):
                yield at, at + 1, "WARD"
            first = _named_before(line, at)
            if first is not None:
                yield first, at, "WARD"
        elif token.text == "on" and line.proper(at + 1) and line.joined(at + 1) and not line.has(at + 1, Sort.NAME):
            yield at + 1, line.name_end(at + 1), "WARD"


def organisations(line: Line) -> Spans:
    """ "Tulip House", "barnet college", "North Fylde crisis team", "St Cuthbert's", and those known by name."""
    for at, token in enumerate(line.tokens):
        if token.sort & Sort.ORGANISATION:
            first = _named_before(line, at)
            if first is not None:
                last = at
                while line.has(last + 1, Sort.ORGANISATION) and line.joined(last + 1):
                    last += 1
                yield first, last, "ORG"
        if token.text in _OF_WHICH and line.joined(at + 1) and not line.has(at + 1, Sort.NEVER):
            yield at, line.name_end(at + 1), "ORG"
        elif token.capital and token.text in _HOLY and not token.begins and line.capital(at + 1):  # "All Saints"
            last = at + 1
            while line.joined(last + 1) and (line.capital(last + 1) or line.word(last + 1) in {"of", "the"}):
                last += 1
            yield at, last, "ORG"
        if token.text in {"st", "saint"} and line.joined(at + 1) and not line.has(at + 1, Sort.NEVER):
            last = at + 1
            while line.joined(last + 1) and (
                line.has(last + 1, Sort.ORGANISATION | Sort.WARD) or line.proper(last + 1)
            ):
                last += 1
            yield at, last, "ORG"
    for hit in line.hits:
        if hit.meaning.kind == "organisation":
            first = _named_before(line, hit.first, far=True)
            if first is not None:
                yield first, hit.last - 1, "ORG"


def _named_before(line: Line, at: int, *, far: bool = False) -> int | None:
    """Where the name begins whose last word this is, or None where the words before say of which sort it is and not
    which one ("the crisis team", "a secure unit")."""
    if not line.joined(at):
        return None
    first = at
    while first > 0 and at - first < _FARTHEST and line.joined(first):
        before = line.tokens[first - 1]
        sort_word = before.sort & (Sort.PLAIN | Sort.ORGANISATION) and not line.proper(first - 1)
        if before.text in {"of", "and", "&"} and line.proper(first) and line.tokens[first - 2].capital and first > 1:
            first -= 1
            continue
        if before.sort & Sort.NEVER or before.text in _AT or before.text in {"the", "a", "an"}:
            break
        if line.tokens[first].capital and not before.capital and first < at and not before.text[0].isdigit():
            break
        if not before.capital and first < at and not sort_word and not before.sort & (_SAYS_WHICH | Sort.ENGLISH):
            break
        if not before.capital and before.sort & Sort.AFTER:
            break
        first -= 1
    words = line.tokens[first:at]
    if not words:
        return None
    tells = [
        line.proper(first + index)
        or (word.capital and line.tokens[at].capital and not word.sort & Sort.PLAIN)
        or (word.sort & _SAYS_WHICH and not word.sort & (Sort.PLAIN | Sort.COMMON))
        for index, word in enumerate(words)
    ]
    placed = line.word(first - 1) in _AT or (line.word(first - 1) == "the" and line.word(first - 2) in _AT)
    plain = all(word.sort & (Sort.PLAIN | Sort.NEVER) for word in words)
    if any(tells):
        return first if tells[0] or placed else first + tells.index(True)
    if (
        placed
        and not plain
        and not far
        and line.word(at) not in {"high", "care", "farm", "club", "pub", "homes", "project"}
    ) and (len(words) == 1 or (line.word(at) in _CALLED_AFTER and not any(each.sort & Sort.PLAIN for each in words))):
        return first
    return None


def known(line: Line) -> Spans:
    """Places and organisations that the lists have."""
    for hit in line.hits:
        kind: Kind
        if hit.meaning.kind == "PLACE":
            kind = "PLACE"
        elif hit.meaning.kind == "ORG":
            kind = "ORG"
        else:
            continue
        token = line.tokens[hit.first]
        at_it = _at(line, hit.first) in {"at", "under"} and hit.last - hit.first > 1 and kind == "ORG"
        if (
            hit.meaning.capital
            and not at_it
            and not (token.capital and (not token.begins or line.tokens[hit.last - 1].capital))
        ):
            continue
        if hit.meaning.capital and hit.last - hit.first == 1 and not line.proper(hit.first):
            continue
        yield hit.first, _tail(line, hit.last - 1), kind
    for at, token in enumerate(line.tokens):
        if token.sort & Sort.PLACE and not (token.sort & Sort.ENGLISH and not token.capital):
            first = at - 1 if at and line.word(at - 1) in _BEGIN and line.joined(at) else at
            yield first, _tail(line, at), "PLACE"
        elif (
            token.sort & (Sort.MAYBE_PLACE | Sort.PLACE)
            and line.word(at - 1) in _IN
            and (
                token.capital
                or (not token.sort & Sort.COMMON and line.word(at - 1) in {"in", "from", "near", "around"})
                or _ends_clause(line, at)
            )
        ):
            yield at, _tail(line, at), "PLACE"


def _at(line: Line, at: int) -> str:
    """The word before, or the one before that where it is "the"."""
    return line.word(at - 2) if line.word(at - 1) == "the" else line.word(at - 1)


def _tail(line: Line, at: int) -> int:
    """The last word of a place that goes on in small letters: "drayton park", "heaton moor"."""
    return at + 1 if line.joined(at + 1) and line.word(at + 1) in _LANDMARKS else at


def _ends_clause(line: Line, at: int) -> bool:
    """ "moved to reading and", "live in bath.": an ordinary word after these would go on otherwise."""
    lives = {line.word(back) for back in range(max(0, at - 4), at)} & {
        "live", "lived", "living", "moved", "move", "born", "grew", "raised", "stayed", "based", "lives", "moving",
    }  # fmt: skip
    return bool(lives) and (at + 1 >= len(line.tokens) or not line.joined(at + 1) or line.has(at + 1, Sort.NEVER))


def somewhere(line: Line) -> Spans:
    """A capital or an unknown word after "in", "near", "from": a place. After "at", "for" or "the": an organisation."""
    for at, token in enumerate(line.tokens):
        if token.text not in _AT:
            continue
        begin = at + 1
        if line.word(begin) == "the" and line.joined(begin):
            begin += 1
        if not line.joined(begin):
            continue
        kind: Kind = "PLACE" if token.text in _IN and begin == at + 1 else "ORG"
        if line.proper(begin):
            first = begin - 1 if begin == at + 2 and line.text[line.tokens[begin - 1].start].isupper() else begin
            yield first, line.name_end(begin), kind
        elif line.has(begin, Sort.UNKNOWN) and begin == at + 1 and token.text in _IN | {"at"}:
            yield begin, _tail(line, line.name_end(begin)), kind
        elif (
            token.text in {"at", "in", "under", "from"}
            and line.tokens[begin].shout
            and not line.has(begin, Sort.ENGLISH | Sort.NEVER | Sort.PROPER)
        ):  # "at QMC"
            yield begin, begin, "ORG"
