"""The check of a guide: how it reads, what it asks, and whether the way through it keeps its promises.

Promises: everything that is wrong comes at once, each with its file, its place, the rule, the words and the remedy.
Nothing here has a clock (today is handed in), and nothing is changed. The rules of language are in
`flows/guides/shared/language.toml`, with the reason for each and the exceptions by name.
"""

from datetime import date

from flows.guide import Guide
from flows.library import guide_names
from flows.lint.content import (
    check_contacts,
    check_openings,
    check_patterns,
    check_phrases,
    check_questions,
    check_rounds,
    check_subthemes,
)
from flows.lint.finding import Finding
from flows.lint.rulebook import Frameworks, Rulebook, read_frameworks, read_rulebook
from flows.lint.texts import texts_of
from flows.lint.way import check_way
from flows.lint.wording import check_wording

__all__ = ["Finding", "check_guide"]


def check_guide(
    guide: Guide, today: date, rulebook: Rulebook | None = None, frameworks: Frameworks | None = None
) -> list[Finding]:
    """What there is to mend in a guide, errors first. Without rules of your own, those that come with Hearten."""
    rulebook = rulebook or read_rulebook()
    findings = check_content(guide, today, rulebook, frameworks or read_frameworks())
    if not any(each.rule in _STOPS_THE_WALK for each in findings):
        findings += check_way(guide, today, rulebook.limits_of(guide.id))
    kept = [each for each in findings if not any(rule.covers(guide.id, each) for rule in rulebook.exceptions)]
    kept += _idle_exceptions(guide, findings, rulebook)
    return sorted(dict.fromkeys(kept), key=lambda each: (each.level != "error", each.file, each.rule))


def check_content(guide: Guide, today: date, rulebook: Rulebook, frameworks: Frameworks) -> list[Finding]:
    """All that can be seen without walking the way; exceptions are not taken out yet."""
    limits = rulebook.limits_of(guide.id)
    return [
        *(each for text in texts_of(guide) for each in check_wording(text, rulebook, limits)),
        *check_openings(guide, rulebook.openings),
        *check_questions(guide),
        *check_rounds(guide, guide_names()),
        *check_subthemes(guide, frameworks),
        *check_contacts(guide.contacts, today),
        *check_patterns(guide),
        *check_phrases(guide),
    ]


#: What the engine cannot read, it cannot walk.
_STOPS_THE_WALK = frozenset({"pattern", "no such day"})


def _idle_exceptions(guide: Guide, findings: list[Finding], rulebook: Rulebook) -> list[Finding]:
    """An exception that excepts nothing hides the next mistake."""
    return [
        Finding(
            "advice", "language.toml", each.place, each.rule, "this exception is not needed any more.", "Take it out."
        )
        for each in rulebook.exceptions
        if each.guide == guide.id and not any(each.covers(guide.id, finding) for finding in findings)
    ]
