"""The door of the analysis: `python -m analysis COMMAND`.

Exit status 0: done; 1: a stated failure, one sentence on standard error; 2: wrong use. Never a traceback for these.
"""

import sys

import typer

from analysis.commands import (
    access,
    agreement,
    bringing,
    coding,
    desk,
    evaluation,
    export,
    frames,
    learning,
    models,
    people,
    publishing,
    reports,
    voices,
)
from analysis.errors import AnalysisError

app = typer.Typer(
    name="analysis",
    help="Theme maps, de-identification and summaries, on the researcher's machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
coding.register(app)
evaluation.register(app)
frames.register(app)
agreement.register(app)
reports.register(app)
export.register(app)
bringing.register(app)
learning.register(app)
app.add_typer(models.app)
desk.register(app)
people.register(app)
voices.register(app)
access.register(app)
publishing.register(app)


def main() -> None:
    """Runs a command; stated failures become one sentence and exit status 1."""
    try:
        app()
    except AnalysisError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        sys.stderr.close()
        sys.exit(1)


if __name__ == "__main__":
    main()
