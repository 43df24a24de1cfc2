"""What a stated refusal of a command looks like."""

from click.testing import Result


def refused(outcome: Result, *words: str) -> bool:
    """Exit 1, nothing on standard output, one line on standard error that says all of this."""
    assert outcome.exit_code == 1, outcome.output
    assert outcome.stdout == ""
    assert outcome.stderr.count("\n") == 1
    assert all(word in outcome.stderr for word in words), outcome.stderr
    return True
