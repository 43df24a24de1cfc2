"""Names of people: after titles, roles and relations, before them, after "called", by capitals, and alone."""

from collections.abc import Iterator

from analysis.identifiers import Kind
from analysis.naming.lexicon import Sort, word_set
from analysis.naming.line import Line

#: The first and the last token of a name, and what it is.
Spans = Iterator[tuple[int, int, Kind]]

_ALWAYS_NAMED = frozenset(
    {"dr", "mr", "mrs", "ms", "prof", "cllr", "rev"}
)  # what follows these is a name, whatever it is
_TITLES = 3  # in a row, as in "Consultant Dr"
_ABBREVIATED = _ALWAYS_NAMED | {"sr", "fr", "st", "sgt", "mx"}
_TOLD = word_set(
    "tell told telling ask asked asking thank thanked met phoned rang texted emailed with saw seen hi dear"
)
_KIN = word_set("sister father brother auntie aunty uncle aunt granny grandma nana nanna judge major lady")
_OWNERS = frozenset({"my", "me", "his", "her", "their", "our", "your"})
_POINTERS = frozenset({"called", "named"})
_SAID_TO_BE = frozenset({"is", "was", "are", "were", "being"})
_SOMEBODY = word_set(
    "lad girl guy man woman bloke someone somebody lady boy person one fella chap nurse worker doctor friend"
)
_FAMILIAR = word_set("auntie aunty uncle aunt granny grandma nana nanna")
_BEFORE_ROLE = frozenset({"the", "my", "our", "his", "her", "their", "a", "me", "who's", "is", "was"})


def titled(line: Line) -> Spans:
    for at, token in enumerate(line.tokens):
        if not token.sort & Sort.TITLE or not line.joined(at + 1) or token.shout:
            continue
        if "." in line.between(at + 1) and token.text not in _ABBREVIATED:
            continue
        owned = at > 0 and line.word(at - 1) in _OWNERS
        if token.text in _KIN and owned and not token.capital:  # kin, not a title; relations see to them
            continue
        after = at + 1
        while (
            after < at + _TITLES
            and line.has(after, Sort.TITLE)
            and line.joined(after + 1)
            and not line.has(after, Sort.NAME)
        ):
            after += 1
        initial = len(line.word(after)) == 1 and line.word(after) not in {"a", "i"}
        strong = token.text in _ALWAYS_NAMED and not line.has(after, Sort.NEVER)
        if (
            strong
            or initial
            or line.named(after, sure=token.capital or token.text in _FAMILIAR)
            or (token.text in _FAMILIAR and line.has(after, Sort.MAYBE_NAME))
        ):
            kind: Kind = "FAMILY" if token.text in _FAMILIAR else "STAFF"
            yield at, line.name_end(after), kind


def pointed_to(line: Line) -> Spans:
    """After a role or a relation, with or without "called" between; and before it ("Gaz the support worker")."""
    for hit in line.hits:
        kind: Kind = "STAFF"
        if hit.meaning.kind == "relation":
            kind = "FAMILY"
        elif hit.meaning.kind != "role":
            continue
        yield from _after(line, hit.last, kind)
        yield from _ahead_of(line, hit.first, kind)


def _after(line: Line, at: int, kind: Kind) -> Spans:
    if at >= len(line.tokens):
        return
    begin, sure = at, False
    if line.word(begin) in {"name", "names"} and line.joined(begin):
        begin, sure = begin + 1, True
    if line.word(begin) in _SAID_TO_BE and (
        sure or line.word(begin + 1) in _POINTERS or line.has(begin + 1, Sort.TITLE)
    ):
        begin += 1
    if line.word(begin) in _POINTERS:
        begin, sure = begin + 1, True
    if begin >= len(line.tokens):
        return
    gap = line.between(begin)
    if not (line.joined(begin) or gap.strip() in {",", "(", "-", "–", ":", ", (", "called"}):
        return
    if gap.strip() and not line.proper(begin) and not line.has(begin, Sort.NAME | Sort.UNKNOWN):
        return
    if line.word(begin) in {"is", "was"}:  # "my social worker is Kwabena": only what can be nothing else
        begin += 1
        if not (line.proper(begin) or line.has(begin, Sort.NAME)) or not line.joined(begin):
            return
    if line.named(begin, sure=sure):
        yield from _listed(line, begin, kind)


def _listed(line: Line, at: int, kind: Kind) -> Spans:
    """One name, and those that stand beside it: "my kids Ana, Bo and Cy"."""
    last = line.name_end(at)
    yield at, last, kind
    while last + 1 < len(line.tokens):
        begin = last + 1
        if line.word(begin) in {"and", "n", "&"}:
            begin += 1
        elif line.between(begin).strip() != ",":
            return
        if not line.named(begin):
            return
        last = line.name_end(begin)
        yield begin, last, kind


def _ahead_of(line: Line, first: int, kind: Kind) -> Spans:
    """ "sue my cpn", "Tomasz (my husband", "Mandeep the pharmacist"."""
    at = first - 1
    if line.word(at) not in _BEFORE_ROLE or line.word(at) in {"is", "was"}:
        at += 1
        if not (line.has(at - 1, Sort.NAME) and line.joined(at)):
            return
    before = at - 1
    if before < 0 or line.between(at).strip() not in {"", ",", "(", "-", "–"}:
        return
    if line.has(before, Sort.NAME | Sort.UNKNOWN) or line.proper(before):
        if line.between(at).strip() == "" and line.has(before, Sort.UNKNOWN) and not _set_off(line, before):
            return
        begin = before
        if (
            before
            and line.joined(before)
            and line.has(before - 1, Sort.NAME)
            and not line.has(before - 1, Sort.ENGLISH)
        ):
            begin -= 1
        yield begin, before, kind


def _set_off(line: Line, at: int) -> bool:
    """Whether an unknown word stands where a name would: at the beginning, or after a word that goes with names."""
    return line.tokens[at].begins or line.has(at - 1, Sort.BEFORE)


def called(line: Line) -> Spans:
    """ "a lad called Stevo", "her name is", "she goes by", "i think its"."""
    for at, token in enumerate(line.tokens):
        begin = -1
        if token.text in _POINTERS and at > 0:
            near = {line.word(back) for back in range(max(0, at - 4), at)}
            if near & _SOMEBODY or near & {"is", "was", "hes", "shes", "she's", "he's", "they're", "its", "it's"}:
                begin = at + 1
        elif (token.text in {"name", "names"} and line.word(at + 1) in _SAID_TO_BE | {"of"}) or (
            token.text in {"goes", "went"} and line.word(at + 1) == "by"
        ):
            begin = at + 2
        elif token.text in _SOMEBODY and (line.proper(at + 1) or line.has(at + 1, Sort.NAME)) and line.joined(at + 1):
            begin = at + 1
        while line.has(begin, Sort.TITLE) and line.joined(begin + 1):
            begin += 1
        if begin > 0 and line.named(begin, sure=token.text not in _SOMEBODY):
            yield begin, line.name_end(begin), "STAFF"
        elif begin > 0 and line.has(begin, Sort.NEVER) is False and 0 < begin < len(line.tokens):
            after_call = token.text in _POINTERS and not line.has(begin, Sort.COMMON)
            if after_call:
                yield begin, begin, "STAFF"


def alone(line: Line) -> Spans:
    """First names that are nothing else, and unknown words where a name would stand."""
    for at, token in enumerate(line.tokens):
        if token.sort & Sort.NEVER:
            continue
        if token.sort & Sort.NAME:
            if token.sort & Sort.ENGLISH and not token.capital and not _beside(line, at):
                continue
            yield at, line.name_end(at), "STAFF"
        elif token.sort & Sort.UNKNOWN and not token.shout and (_beside(line, at) or line.word(at - 1) in _TOLD):
            yield at, line.name_end(at), "STAFF"
        elif token.sort & Sort.MAYBE_NAME and line.word(at - 1) in _TOLD:
            if token.sort & Sort.COMMON and line.word(at + 1) not in {"she", "he"}:
                continue
            if token.capital or line.word(at + 1) in {"she", "he", "to", "that", "about", "i", "at", "from", "and", ""}:
                yield at, line.name_end(at), "STAFF"
        elif _in_a_row(line, at):
            yield at, line.name_end(at), "STAFF"


def _in_a_row(line: Line, at: int) -> bool:
    """ "moira n jean", "desmond, faith and paul": beside a sure name, what may be one is one."""
    token = line.tokens[at]
    if not token.sort & (Sort.MAYBE_NAME | Sort.UNKNOWN) or (token.sort & Sort.COMMON and not token.capital):
        return False
    joins = {"and", "n", "&", "or"}
    return (line.word(at - 1) in joins and line.has(at - 2, Sort.NAME)) or (
        line.word(at + 1) in joins and line.has(at + 2, Sort.NAME) and not line.has(at + 2, Sort.ENGLISH)
    )


def _beside(line: Line, at: int) -> bool:
    """Whether the neighbours of a word are those of a name."""
    token = line.tokens[at]
    before = token.begins or line.has(at - 1, Sort.BEFORE)
    after = at + 1 >= len(line.tokens) or line.has(at + 1, Sort.AFTER) or not line.joined(at + 1)
    if token.capital:
        return not token.begins or after
    if line.word(at - 1) in {"a", "an", "the", "my", "your", "some", "any", "no", "this", "that", "more", "very", "so"}:
        return False
    return before and after


def capitals(line: Line) -> Spans:
    """A capital inside a sentence: a name, of what its neighbours say."""
    at = 0
    while at < len(line.tokens):
        token = line.tokens[at]
        if line.proper(at) or (token.begins and token.capital and _names_at_beginning(line, at)):
            last = line.name_end(at)
            yield at, last, "STAFF"
            at = last + 1
        else:
            at += 1


def _names_at_beginning(line: Line, at: int) -> bool:
    """Any word has a capital at the beginning, so only what is no ordinary word, or what is a name as well and is
    followed by what goes with names."""
    token = line.tokens[at]
    if token.sort & (Sort.NEVER | Sort.PROPER | Sort.TITLE):
        return False
    if token.sort & Sort.UNKNOWN:
        return True
    named = token.sort & (Sort.MAYBE_NAME | Sort.SURNAME) and not token.sort & Sort.PLAIN
    after = line.word(at + 1)
    return (
        bool(named)
        and line.joined(at + 1)
        and (
            (
                after
                in {
                    "is",
                    "was",
                    "has",
                    "from",
                    "told",
                    "rang",
                    "says",
                    "said",
                    "left",
                    "and",
                    "at",
                    "who",
                    "always",
                    "never",
                }
                and not (token.sort & Sort.COMMON and after in {"is", "was", "and", "at", "from", "has"})
            )
            or line.proper(at + 1)
        )
    )
