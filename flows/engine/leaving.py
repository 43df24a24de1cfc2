"""Ending here: with what was given kept, or without a trace before anybody took part."""

from flows.engine import rounds
from flows.engine.draft import Draft
from flows.engine.present import after_rows, say_how_to_withdraw
from flows.turn import ForgetEverything


def stop(draft: Draft) -> None:
    """End here, without a question why. Before consent nothing is remembered; after it, the answers so far are kept."""
    if draft.progress.state == "finished":
        draft.say(draft.words.after_end, *after_rows(draft))
        return
    if not draft.progress.taking_part:
        leave(draft, draft.words.stopped_before)
        return
    draft.change(state="stopped", aside=None)
    draft.say(draft.words.stopped)
    say_how_to_withdraw(draft)


def leave(draft: Draft, words: str) -> None:
    """Go before taking part: whatever was remembered is forgotten. Somebody who takes part already, and is asked again
    because something has changed, stops instead: only their own wish deletes what they said. Whoever leaves a later
    round keeps all that they gave before it."""
    if draft.progress.taking_part:
        stop(draft)
    elif draft.progress.before is not None:
        rounds.return_to_before(draft, draft.progress.before)
        ours = (draft.words.declined, draft.words.stopped_before, draft.words.nothing_kept_exit)
        draft.say(draft.words.left_round if words in ours else words, *after_rows(draft))
    else:
        forget(draft, words)


def forget(draft: Draft, words: str) -> None:
    """Without a trace."""
    draft.do(ForgetEverything())
    draft.forget_person()
    draft.say(words, (draft.button(draft.labels.help, "help", step="lobby"),))
