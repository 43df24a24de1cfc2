"""Reading on several processes, here or on a cluster (`analysis.cluster`): a hundred thousand answers keep every core
busy, many millions many machines.

Finding details and coding remember nothing from one answer to the next, so processes share them. What does remember
(the placeholders of a person, the desk's book, the research key) stays in the one process that opens the answers; the
others see texts and nothing else, no key, no file and no id. They are copies of this process, made once everything is
learned and before a key is opened: so all of them together hold lists and models once (copy on write).

Promises: answers come in the order of the source, and every one as `Reading` gives it, however many processes there
are; only some batches for each process wait at a time, so memory does not grow with the answers; few answers wait for
no other process; a process that dies ends the reading with a sentence.
"""

from analysis.sharing.crew import Crew, usual_processes
from analysis.sharing.reading import SharedReading, code_shared
from analysis.sharing.tools import Tools

__all__ = ["Crew", "SharedReading", "Tools", "code_shared", "usual_processes"]
