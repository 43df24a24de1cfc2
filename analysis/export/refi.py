"""What writing and reading of REFI-QDA (version 1.0, www.qdasoftware.org) have in common: names, ids, texts.

Ids of codes are made of the framework's and the code's own id, so that a project that comes back from another tool,
under whatever names, still says which sub-theme is meant.
"""

import hashlib
from uuid import UUID, uuid5

from analysis.export.rows import clean
from analysis.model import Framework, Stance

NAMESPACE = "urn:QDA-XML:project:1.0"
CODEBOOK_NAMESPACE = "urn:QDA-XML:codebook:1.0"
STANCES: dict[Stance, str] = {
    "help": "helped", "harm": "harmed", "wish": "wished for", "mixed": "helped and harmed", "neither": "neither",
}  # fmt: skip
STANCE_THEME = "How it went"
SETTLED = {True: "settled: stands", False: "settled: does not stand"}
SETTLING = "Settled"
#: The variable of a source that names who finished it, apart by "; ".
FINISHED_BY = "coders"

_OURS = UUID("5b0d8f6e-6b0a-5b7e-9b57-7f6f2d0c3a41")
_WIDE = 0xFFFF
_MARK = "\ufeff"
_SQUARE = "\ufffd"


def guid(*names: str) -> str:
    """The id of something, from its names; the same names give the same id."""
    return str(uuid5(_OURS, "\x1f".join(names)))


def code_guid(framework: Framework, code: str) -> str:
    return guid("code", framework.id, code)


def stance_guid(stance: str) -> str:
    return guid("stance", stance)


def settled_guid(stands: bool) -> str:
    return guid("settled", "yes" if stands else "no")


def user_guid(coder: str) -> str:
    return guid("user", coder)


def source_text(text: str, *, narrow: bool = False) -> str:
    """A text as a source has it: no character that XML or the format forbids, and as long as before, so that positions
    stay right. `narrow` replaces what needs two units in UTF-16, for tools that count those."""
    text = clean(text)
    if text.startswith(_MARK):  # at the beginning it would be taken for a byte-order mark
        text = _SQUARE + text[1:]
    return "".join(_SQUARE if ord(each) > _WIDE else each for each in text) if narrow else text


def text_hash(text: str) -> str:
    """What a text is known by when a project comes back."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
