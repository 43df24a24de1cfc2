"""What the parts of a guide are made of: ids, labels, and texts with the slots that may stand anywhere."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from flows.slots import slots_of

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,23}$")]


def _only_service(text: str) -> str:
    unknown = slots_of(text) - {"service", "minutes", "withdraw_days"}
    if unknown:
        raise ValueError(
            f"this text has the slot {{{min(unknown)}}}, which nothing fills; "
            "the slots here are {service}, {minutes} and {withdraw_days}"
        )
    return text


Text = Annotated[
    str, StringConstraints(min_length=1, max_length=3500, strip_whitespace=True), AfterValidator(_only_service)
]
Label = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
