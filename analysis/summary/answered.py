"""What the service answered to a summary: "you said, we did". Its words stand on the page, beside what people said.

This is the shape in which a page takes the answers. Where they are kept, and who may give them, is elsewhere.
"""

from typing import Literal

from pydantic import Field

from analysis.model import Frozen

Status = Literal["done", "planned", "cannot"]


class PointAnswer(Frozen):
    """The answer to one point. `point` is the id of a sub-theme, `title` what it is called; `until` says by when
    something is planned, in words, and is empty elsewhere."""

    point: str = Field(min_length=1)
    title: str = Field(min_length=1)
    status: Status
    text: str = Field(min_length=1)
    until: str = ""


class ServiceAnswers(Frozen):
    """All answers of a service to one summary."""

    points: tuple[PointAnswer, ...]
