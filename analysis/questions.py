"""What the analysis knows of the guides' questions: their words, and the sub-themes that each invites.

An invitation is a weak hint for the coder, never a label. Guides that cannot be read here (a service's own, on another
machine) tell nothing, and coding goes on without.
"""

from functools import lru_cache

from analysis.frameworks import DEFAULT
from flows.errors import GuideError
from flows.guide import Guide
from flows.library import guide_names, load_guide
from flows.plan import question_texts


@lru_cache(maxsize=1024)
def invites_of(framework: str, question: str) -> tuple[str, ...]:
    """The sub-themes of that framework which a question invites, whichever of our guides asks it."""
    for guide in _guides():
        if guide.framework != framework:
            continue
        for topic in guide.topics:
            for each in topic.questions:
                if each.id == question:
                    return each.invites
                for follow_up in each.follow_ups:
                    if follow_up.id == question:
                        return follow_up.invites or each.invites
    return ()


@lru_cache(maxsize=1024)
def words_of(guide_id: str, question: str) -> str:
    """The question as it was asked, or its id where the guide is not known here."""
    return next(
        (question_texts(guide).get(question, question) for guide in _guides() if guide.id == guide_id), question
    )


@lru_cache(maxsize=1024)
def content_note(guide_id: str, question: str) -> str:
    """The name of the sensitive topic that a question belongs to; empty where its topic is not marked as one."""
    for guide in _guides():
        if guide.id != guide_id:
            continue
        for topic in guide.topics:
            ids = {each.id for each in topic.questions}
            ids |= {more.id for each in topic.questions for more in each.follow_ups}
            if topic.sensitive and question in ids:
                return topic.title
    return ""


@lru_cache(maxsize=8)
def options_of(framework: str) -> dict[str, dict[str, str]]:
    """The questions about the person in the guides of a framework, each with its options: ids, and words for people."""
    asked: dict[str, dict[str, str]] = {}
    for guide in _guides():
        if guide.framework == framework:
            for choice in guide.about:
                asked.setdefault(choice.id, {}).update({each.id: each.label for each in choice.options})
    return asked


def guides_of(framework: str) -> tuple[str, ...]:
    """The ids of our guides that were written on a framework."""
    return tuple(guide.id for guide in _guides() if guide.framework == framework)


def framework_of(guide_id: str) -> str:
    """The framework that a guide was written on; that of service users' guides where the guide is not known here."""
    return next((guide.framework for guide in _guides() if guide.id == guide_id), DEFAULT)


@lru_cache(maxsize=1)
def _guides() -> tuple[Guide, ...]:
    known = []
    for name in guide_names():
        try:
            known.append(load_guide(name))
        except GuideError:
            continue
    return tuple(known)
