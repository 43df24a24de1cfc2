"""`python -m storage`: keys, databases, backups, checks, retention and erasure from the command line.

Exit 0: done. 1: a stated failure, one sentence on stderr. 2: wrong use. No traceback, no secret on the screen.
"""

import typer

from storage.commands import checks, copies, keeping, keys, people, returning

app = typer.Typer(
    help="Keys, databases and erasure of Hearten.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys.register(app)
copies.register(app)
checks.register(app)
people.register(app)
keeping.register(app)
returning.register(app)


if __name__ == "__main__":
    app()
