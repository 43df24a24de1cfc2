"""The log: one JSON object a line where a program reads it, plain lines where a person does. Only our own lines.

Those of libraries stay out, because they hold ids, and aiogram's warnings hold whole updates. Within one exchange every
line carries the same `exchange`: a number that is drawn anew for each and means nothing anywhere else.
"""

import logging
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

OURS = ("hearten", "storage")


def log_to_stderr(level: int) -> None:
    """From now on our own lines go to standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    end = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, timestamp_key="at")
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _without_traceback, end],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.CRITICAL, handlers=[handler], force=True)
    for ours in OURS:
        logging.getLogger(ours).setLevel(level)
    logging.captureWarnings(capture=True)


@contextmanager
def one_exchange() -> Iterator[None]:
    """The lines in here belong together."""
    with structlog.contextvars.bound_contextvars(exchange=secrets.token_hex(4)):
        yield


def _without_traceback(_: object, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A traceback's last line is the error's own text, which could hold anything: its kind is enough."""
    error = line.pop("exc_info", None)
    if isinstance(error, tuple) and error[0] is not None:
        line["error"] = error[0].__name__
    return line
