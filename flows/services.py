"""The services that people are asked about: a TOML file with one `[[service]]` each.

```toml
[[service]]
code = "RIVERSIDE"                # in the link that people open: https://t.me/<bot>?start=RIVERSIDE
name = "the Riverside community team"   # as it stands within a sentence
locality = "Northtown"
contact = "feedback@riverside.example"   # optional
threshold = 8                     # optional: counts of fewer people than this are withheld
time_to_think_hours = 24          # optional, 0 where it is left out
nation = "wales"                  # optional: england, scotland, wales or northern_ireland; only its contacts are shown
summary = "quarterly"             # optional: monthly or quarterly, for summaries that are made when they are due
first_period = "2026-Q3"          # optional: the first of them; without it, the first in which somebody was asked

[service.contacts]                # optional: the service's own crisis contacts, with the day they were checked
checked = "2026-11-22"
people = [{ name = "Riverside crisis line", reach = "Call 01632 960 001", when = "day and night" }]
```
"""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from flows.contacts import Contacts, Nation
from flows.errors import ServicesError, problems_of, read_toml
from flows.guide import Guide

#: Telegram passes on at most 64 of these characters from a link.
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]

#: How often a service gets a summary, with what its periods look like.
HowOften = Literal["monthly", "quarterly"]
_PERIODS: dict[HowOften, tuple[str, str]] = {
    "monthly": (r"[12][0-9]{3}-(0[1-9]|1[0-2])", "a month such as 2026-07"),
    "quarterly": (r"[12][0-9]{3}-Q[1-4]", "a quarter such as 2026-Q3"),
}


class Service(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Code
    name: Line
    locality: Line
    contact: str = ""
    threshold: int = Field(default=8, ge=5, description="Below 5, what is withheld would be all but told.")
    time_to_think_hours: int = Field(default=0, ge=0, le=24 * 14)
    nation: Nation | None = None
    contacts: Contacts | None = None
    summary: HowOften | None = None
    first_period: str | None = None

    @model_validator(mode="after")
    def _begins_with_a_period_of_its_kind(self) -> Self:
        if self.first_period is not None:
            if self.summary is None:
                raise ValueError('first_period needs summary = "monthly" or "quarterly" beside it')
            pattern, example = _PERIODS[self.summary]
            if not re.fullmatch(pattern, self.first_period, re.ASCII):
                raise ValueError(f"first_period of a {self.summary} summary is {example}")
        return self

    def guide(self, guide: Guide) -> Guide:
        """The guide as this service uses it. The longer time to think wins: the guide's own is a minimum."""
        hours = max(self.time_to_think_hours, guide.time_to_think_hours)
        return guide.for_service(self.name, self.contacts, hours, self.nation)


class Services(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    service: tuple[Service, ...] = Field(min_length=1)

    @field_validator("service")
    @classmethod
    def _codes_differ(cls, services: tuple[Service, ...]) -> tuple[Service, ...]:
        codes = [service.code for service in services]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise ValueError(f"two services have the code {twice[0]}; give each its own")
        return services

    def find(self, code: str) -> Service | None:
        """The service with exactly this code."""
        return next((service for service in self.service if service.code == code), None)


def read_services(path: Path) -> Services:
    """The services of a file. Raises ServicesError, which lists every problem."""
    content = read_toml(path, ServicesError)
    try:
        return Services.model_validate(content)
    except ValidationError as error:
        raise ServicesError(problems_of(error, {}, str(path))) from None
