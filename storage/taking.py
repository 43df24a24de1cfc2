"""Taking in a bundle on the bot's host: who signed it, whether it is for us, and what follows from it.

The promises: nothing is opened whose signature was not checked; a bundle that came before does nothing; one transaction
holds all that follows, so that a machine that stops has done all of it or nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import ValidationError

from storage.bundles import COPY_FILE, TIDINGS_FILE, TidingsText
from storage.errors import NotTaken
from storage.seal.bundle import Bundle, open_bundle
from storage.unit import Unit
from storage.write import Store

#: A bundle is taken for so long after its day. Its id is remembered for good, but a database that was restored from
#: before does not know it.
LONGEST = timedelta(days=30)
#: Clocks differ.
_EARLY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Taken:
    """`people`: how many will be told, or asked if it is a good time. `again`: it came before, and does nothing."""

    kind: Literal["tidings", "copy"]
    people: int
    again: bool = False


async def take(store: Store, data: bytes, now: datetime) -> Taken:
    """Raises SealError where it does not open here, NotTaken where it is of no use, Unavailable."""
    bundle = open_bundle(data, store.bundle_key, store.signers)
    today = now.date()
    if not today - LONGEST <= bundle.day <= today + _EARLY:
        raise NotTaken(f"The bundle is of {bundle.day}, and is taken within {LONGEST.days} days only: make it anew.")
    async with store.unit() as unit:
        is_new = await unit.see_bundle(bundle.id, today)
        match bundle.kind:
            case "tidings":
                return await _take_tidings(unit, bundle, now) if is_new else Taken("tidings", 0, again=True)
            case "copy":
                return await _take_copy(unit, bundle, now) if is_new else Taken("copy", 0, again=True)
        raise NotTaken("The bundle holds something that this version does not know: update Hearten.")


async def _take_tidings(unit: Unit, bundle: Bundle, now: datetime) -> Taken:
    try:
        text = TidingsText.model_validate_json(_file(bundle, TIDINGS_FILE))
    except ValidationError:
        raise NotTaken("The tidings in the bundle are not laid out as they should be: make it anew.") from None
    people = await unit.tell(bundle.id, bundle.about, text, now)
    unit.note("tidings taken", people=people)
    return Taken("tidings", people)


async def _take_copy(unit: Unit, bundle: Bundle, now: datetime) -> Taken:
    try:
        pseudonym = bytes.fromhex(bundle.about)
    except ValueError:
        raise NotTaken("The copy in the bundle is for nobody: make it anew.") from None
    closed = _file(bundle, COPY_FILE)
    count = await unit.copy_count(pseudonym, bundle.id, closed)
    if count == 0 or not await unit.put_copy(pseudonym, bundle.id, count, closed, now):
        raise NotTaken(
            "The copy is for somebody who did not ask for one here, has got it, or withdrew: delete the file."
        )
    unit.note("copy taken")
    return Taken("copy", 1)


def _file(bundle: Bundle, name: str) -> bytes:
    found = next((each.data for each in bundle.files if each.name == name), None)
    if found is None:
        raise NotTaken("The bundle does not hold what its kind says: make it anew.")
    return found
