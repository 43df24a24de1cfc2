"""Which sub-themes a question of a guide invites: a weak hint for the coder, never a label.

Guides that cannot be read here (a service's own, on another machine) hint at nothing, and coding goes on without.
"""

from functools import lru_cache

from flows.errors import GuideError
from flows.library import guide_names, load_guide


def invites_of(framework: str, question: str) -> tuple[str, ...]:
    """The sub-themes of that framework which a question invites, whichever of our guides asks it."""
    return _invites().get((framework, question), ())


@lru_cache(maxsize=1)
def _invites() -> dict[tuple[str, str], tuple[str, ...]]:
    known: dict[tuple[str, str], tuple[str, ...]] = {}
    for name in guide_names():
        try:
            guide = load_guide(name)
        except GuideError:
            continue
        for topic in guide.topics:
            for question in topic.questions:
                known[guide.framework, question.id] = question.invites
                for follow_up in question.follow_ups:
                    known[guide.framework, follow_up.id] = follow_up.invites or question.invites
    return known
