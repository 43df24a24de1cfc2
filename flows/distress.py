"""Noticing words that may mean danger or distress now, so that the bot can show care and contacts.

This is not an assessment. There is no score and no record, and nobody is told; the worst that a false alarm does is a
kind message too many. The words and their reasons are in `flows/guides/shared/distress.toml`.
"""

import re
import unicodedata
from functools import lru_cache

from flows.guide import Distress


def may_need_care(text: str, distress: Distress) -> bool:
    """Whether a message has words that call for care: a sign that no ordinary phrase covers."""
    signs, ordinary = _compiled(distress)
    plain = re.sub(r"['’`]", "", unicodedata.normalize("NFKC", text).casefold())
    harmless = [match.span() for pattern in ordinary for match in pattern.finditer(plain)]
    return any(
        not any(start <= match.start() and match.end() <= end for start, end in harmless)
        for pattern in signs
        for match in pattern.finditer(plain)
    )


@lru_cache(maxsize=32)
def _compiled(distress: Distress) -> tuple[tuple[re.Pattern[str], ...], tuple[re.Pattern[str], ...]]:
    return (
        tuple(re.compile(sign.pattern) for sign in distress.signs),
        tuple(re.compile(sign.pattern) for sign in distress.ordinary),
    )
