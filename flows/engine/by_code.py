"""Withdrawing by code, from whatever phone: asked once, and then whoever the code belongs to is erased.

Promises: the code itself is never kept as an answer; a code that is not known changes nothing, and is told so in the
same words as one that was tried too often.
"""

from flows.engine import deleting
from flows.engine.draft import Draft
from flows.turn import Coded, EraseByCode

CODE = "code"


def hear_code(draft: Draft, coded: Coded, *, in_lobby: bool) -> None:
    help_row = (draft.button(draft.labels.help, "help"),)
    row = help_row if in_lobby else (draft.button(draft.labels.back, "back"), *help_row)
    if not coded.confirmed:
        letters = coded.code.replace("-", "").casefold()
        draft.say(
            draft.words.code_sure,
            (draft.button(draft.labels.delete_all, "delete", letters, step=CODE),),
            (draft.button(draft.labels.keep, "keep", step=CODE), *help_row),
        )
    elif coded.code == draft.progress.code:
        deleting.delete_everything(draft)
    elif coded.known:
        draft.do(EraseByCode(coded.code))
        draft.say(draft.words.code_done, row)
    else:
        draft.say(draft.words.code_unknown, row)
