"""How a text reads: its grade and its sentences, words that hurt, and whether it stands on its own."""

import re
import unicodedata
from collections.abc import Iterator

from flows.lint.finding import Finding, Level
from flows.lint.rulebook import Limits, Rulebook
from flows.lint.texts import Text
from flows.reading import grade, mean_words, sentences_of, words_of

_SHORT_FORM = re.compile(r"\b[A-Z](?:&?[A-Z])+s?\b")
_ENDINGS = (".", "?", ":", ".”", "?”", '."', '?"', ".)", "}")
_SERVICE_FIRST = re.compile(r"(?:^|[.?!:]\s+|\n)\{service\}")


def check_wording(text: Text, rulebook: Rulebook, limits: Limits) -> Iterator[Finding]:
    """What is to be said about one text."""
    yield from _hard_to_read(text, limits)
    yield from _words_that_hurt(text, rulebook)
    yield from _short_forms(text, rulebook)
    yield from _signs(text)
    if text.kind == "label":
        yield from _label(text, limits)
    elif text.kind == "sentences":
        yield from _whole_sentences(text)


def _finding(text: Text, rule: str, words: str, remedy: str, level: Level = "error") -> Finding:
    return Finding(level, text.file, text.place, rule, words, remedy)


def _hard_to_read(text: Text, limits: Limits) -> Iterator[Finding]:
    value, mean = grade(text.filled), mean_words(text.filled)
    sentences = sentences_of(text.filled)
    longest = max(sentences, key=lambda each: len(words_of(each)), default="")
    if value > limits.grade:
        long_words = sorted(set(words_of(text.filled)), key=len, reverse=True)[:3]
        words = (
            f"it is grade {value:.1f}, and {limits.grade:g} is the limit; its longest words are {_list(long_words)}."
        )
        yield _finding(text, "reading grade", words, "Use shorter words and shorter sentences.")
    if mean > limits.mean_words:
        words = f"its sentences have {mean:.1f} words on average, and {limits.mean_words:g} is the limit."
        yield _finding(text, "sentence length", words, "Make two sentences out of one.")
    if len(words_of(longest)) > limits.longest_words:
        words = f"“{_shown(longest)}” has {len(words_of(longest))} words."
        yield _finding(text, "long sentence", words, "Make two sentences out of it.", "advice")


def _words_that_hurt(text: Text, rulebook: Rulebook) -> Iterator[Finding]:
    for rule in rulebook.banned:
        fine = [match.span() for match in rule.fine_pattern.finditer(text.text)] if rule.fine_pattern else []
        found = {
            match[0]
            for match in rule.pattern.finditer(text.text)
            if not any(start <= match.start() and match.end() <= end for start, end in fine)
        }
        for words in sorted(found):
            yield _finding(text, "banned words", f"“{words}”. {rule.why}", f"Better: {rule.better}.", rule.level)


def _short_forms(text: Text, rulebook: Rulebook) -> Iterator[Finding]:
    for short in sorted(set(_SHORT_FORM.findall(text.text))):
        explained = f"({short})" in text.text or f"{short} (" in text.text
        if short not in rulebook.known_short_forms and not explained:
            yield _finding(text, "short form", f"“{short}” stands there without its words.", "Write the words.")


def _signs(text: Text) -> Iterator[Finding]:
    if "!" in text.text:
        yield _finding(text, "exclamation mark", "there is a “!”.", "End with a full stop.")
    symbols = sorted({each for each in text.text if unicodedata.category(each) == "So"})
    if symbols:
        yield _finding(text, "emoji", f"there is {_list(symbols)}.", "Say it in words: not everybody sees or hears it.")


def _label(text: Text, limits: Limits) -> Iterator[Finding]:
    if len(text.text) > limits.label_characters:
        words = f"“{text.text}” has {len(text.text)} characters, and {limits.label_characters} fit on a small phone."
        yield _finding(text, "button length", words, "Say it shorter.")


def _whole_sentences(text: Text) -> Iterator[Finding]:
    """A text is whole sentences, so that it can be put into another language as it stands."""
    if not text.text.endswith(_ENDINGS):
        yield _finding(
            text, "whole sentences", f"it ends with “{text.text[-12:]}”.", "End it with a full stop or a “?”."
        )
    first = text.text.lstrip("“\"'(")[:1]
    if first.isalpha() and not first.isupper():
        yield _finding(text, "whole sentences", f"it begins with “{text.text[:12]}”.", "Begin with a capital letter.")
    if _SERVICE_FIRST.search(text.text):
        words = "a sentence begins with {service}, which may be “your service”."
        yield _finding(text, "service first", words, "Put another word first.")


def _list(words: list[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)


def _shown(text: str, longest: int = 60) -> str:
    return text if len(text) <= longest else f"{text[:longest].rsplit(' ', 1)[0]} …"
