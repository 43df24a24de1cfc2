"""A first draft of a service's answers: the points that its page shows, each waiting for its words.

A draft is no answer yet: as it is written, the check refuses it and says what is missing.
"""

from analysis.disclosure import COLUMNS
from analysis.publishing.answers import shown_points
from analysis.summary.numbers import Summary

_TOLD = {"help": "helped", "harm": "harmed", "wish": "wished for"}

_HEAD = """\
# What you did with what people told you: {service_name}, {period_title}.
#
# The points below are those that the page shows. Answer those that you can, and delete the others.
#   status = "done", "planned" (then also: until = "March 2027") or "cannot" (then say why)
#   text   = one or two sentences. They stand on the page, and anybody may read them.
# Write about what you do, never about one person: not who said it, not whom it was about.
#
# `message` is sent to the people who spoke and asked to hear back. Write to them, in plain words and short sentences:
# what you heard, what you will do, what you cannot do and why. No thanks for their pain, no promises that you cannot
# keep. It is sent once.

service = {service}
period = {period}
# link = "https://..."    # where there is more, such as the page itself

[message]
en = \"\"\"
\"\"\"
"""

_POINT = """
# {title}: {people} people. {columns}
[[point]]
id = {id}
status = ""
text = ""
"""


def draft_of(summary: Summary) -> str:
    """The text of the file."""
    head = _HEAD.format(
        service_name=_line(summary.service_name),
        period_title=summary.period_title,
        service=_quoted(summary.service),
        period=_quoted(summary.period),
    )
    return head + "".join(_point(summary, each, title) for each, title in shown_points(summary).items())


def _point(summary: Summary, subtheme: str, title: str) -> str:
    counts = [(_TOLD[column], summary.count(subtheme, column)) for column in COLUMNS]
    columns = ", ".join(f"{name}: {'few' if count is None else count}" for name, count in counts)
    return _POINT.format(
        title=_line(title), people=summary.count(subtheme), columns=f"{columns}.", id=_quoted(subtheme)
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_line(escaped)}"'


def _line(text: str) -> str:
    return " ".join(text.split())
