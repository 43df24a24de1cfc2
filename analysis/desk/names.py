"""Who is at work. A name tells two people apart in the book; it is no lock: whoever holds the key can give any."""

import getpass

from analysis.desk.errors import DeskError

_LONGEST = 60


def read_name(given: str) -> str:
    """The name to write down: the one given, or else the login name. Raises DeskError where it is no plain name."""
    name = given.strip() or _login()
    if not name or len(name) > _LONGEST or not name.isprintable():
        raise DeskError(f"Say who is at work with --as NAME, in at most {_LONGEST} plain characters.")
    return name


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
