"""Stance: negation, wishes and irony-free plain speech."""

import pytest

from analysis.stance import stance_reader


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("My nurse really listened and it helped so much", "help"),
        ("Nobody listened to me and they were not helpful", "harm"),
        ("They should train everybody who answers the phone", "wish"),
        ("I wish they would ring when I miss an appointment", "wish"),
        ("It would be nice if there was a choice of therapies", "wish"),
        ("I was refused and told I was attention seeking", "harm"),
        ("She never judged me", "help"),
        ("not sure", "neither"),
    ],
)
def test_plain_cases(text: str, stance: str) -> None:
    assert stance_reader().tell(text) == stance


def test_the_empty_text_has_some_stance_and_no_error() -> None:
    assert stance_reader().tell("") in {"help", "harm", "wish", "mixed", "neither"}
