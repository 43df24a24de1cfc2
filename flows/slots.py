"""Named slots in texts, such as `{service}`. A text is a whole sentence; a slot holds a name, a date or a list."""

import string


def slots_of(text: str) -> set[str]:
    """The names of the slots in a text. Raises ValueError where a brace opens no slot."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise ValueError("a brace in this text opens no slot: write {service}, or leave the brace out") from error
