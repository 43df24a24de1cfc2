"""Two mirrors: what service users and what staff of one service see, part by part of relational practice.

Staff reflect with a guide of their own, on the framework of the clinicians' synthesis; a crosswalk says which of its
sub-themes meet which part. Promises: people are counted, on both sides, with the same threshold; no number of staff is
shown below it, nor any from which one could be worked out: staff count for a part if they spoke about one of its
counterparts *whose own number may be shown*, so that what is withheld changes nothing. Fewer staff than the threshold
look the same as none. No team, role or person of staff is told apart, and nothing is ranked.
"""

from typing import Literal

from analysis.disclosure import Counts, Tally, publish
from analysis.frames import counterparts
from analysis.frameworks import DEFAULT, read_crosswalk
from analysis.model import Framework, Frozen

#: The framework of the guide with which staff reflect.
STAFF = "clinician_synthesis"

SeenBy = Literal["both", "service users only", "staff only", "neither", "withheld"]


class MirrorRow(Frozen):
    """A part of the map. Numbers of people; None is withheld."""

    subtheme: str
    service_users: int | None
    staff: int | None
    seen_by: SeenBy


class BeyondRow(Frozen):
    """What staff spoke about that has no place on the map."""

    id: str
    title: str
    staff: int | None


class Mirrors(Frozen):
    """`staff_answered` is None, and there are no rows, where fewer staff than the threshold answered. `not_asked` are
    the parts that the guide for staff has nothing to hold beside."""

    staff_answered: int | None
    rows: tuple[MirrorRow, ...] = ()
    beyond: tuple[BeyondRow, ...] = ()
    not_asked: tuple[str, ...] = ()


def hold_mirrors(counts: Counts, framework: Framework, staff: Tally, reflected: Framework) -> Mirrors | None:
    """Published counts of service users beside a tally of staff on their framework. None where the crosswalk does not
    lead from the one framework to the other."""
    if framework.id != DEFAULT or reflected.id not in read_crosswalk().root:
        return None
    shown = publish(staff, reflected, counts.threshold)
    if not (shown.enough and counts.enough):
        return Mirrors(staff_answered=None)
    said = {name: row.people for theme in counts.themes.values() for name, row in theme.subthemes.items()}
    theirs = {name: row.people for theme in shown.themes.values() for name, row in theme.subthemes.items()}
    met = counterparts(reflected.id)
    rows = []
    for name, those in met.items():
        if those and name in said:
            heard = _union(staff, {each: theirs[each] for each in those})
            rows.append(
                MirrorRow(subtheme=name, service_users=said[name], staff=heard, seen_by=_seen_by(said[name], heard))
            )
    lonely = [name for name, others in read_crosswalk().root[reflected.id].items() if not others]
    titles = {each.id: each.title for each in reflected.subthemes}
    return Mirrors(
        staff_answered=shown.answered,
        rows=tuple(rows),
        beyond=tuple(BeyondRow(id=name, title=titles[name], staff=theirs[name]) for name in lonely),
        not_asked=tuple(name for name, those in met.items() if not those and name in said),
    )


def _union(staff: Tally, counts: dict[str, int | None]) -> int | None:
    """People who spoke about any of these whose count is shown. None where all that there is, is withheld."""
    shown = [staff.heard(name).people for name, count in counts.items() if count]
    if not shown and None in counts.values():
        return None
    return len(set().union(*shown))


def _seen_by(service_users: int | None, staff: int | None) -> SeenBy:
    if service_users is None or staff is None:
        return "withheld"
    if service_users and staff:
        return "both"
    if service_users:
        return "service users only"
    return "staff only" if staff else "neither"
