"""What came back from the researchers, as the engine hears it: looked up in the store within the same exchange.

Promises: what is no longer there is not heard, and a copy is promised only where it still waits. Names of reminders are
the store's (`storage.parcels`).
"""

from datetime import timedelta

from flows.turn import CopyCame, CopyWanted, Due, Heard, Pressed, Told
from storage.parcels import COPY, TIDINGS
from storage.unit import Unit

#: The button under the question whether now is a good time.
_YES = "yes:copy"


async def look_up(unit: Unit, pseudonym: bytes, heard: Heard, copy_days: int) -> Heard:
    """`copy_days`: for how many days a copy waits."""
    match heard:
        case Due(name) if name.startswith(TIDINGS):
            text = await unit.tidings(bytes.fromhex(name.removeprefix(TIDINGS)))
            if text is not None:
                return Told(name, text.messages, text.link or "")
        case Due(name) if name == COPY:
            waiting = await unit.copy_waiting(pseudonym)
            if waiting is not None:
                return CopyCame(name, waiting[1] + timedelta(days=copy_days))
        case Pressed(data) if data == _YES:
            return CopyWanted(here=await unit.copy_waiting(pseudonym) is not None)
    return heard
