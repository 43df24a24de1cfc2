"""What a report needs to know of a service: its name, from how many people on a count is shown, and how often a summary
is due.

Read from the services file (`HEARTEN_SERVICES`), which `flows.services` describes and checks. A service that is not in
it is called by its code: a code that was used stays readable.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

import flows.services
from analysis.disclosure import DEFAULT_THRESHOLD, LEAST_THRESHOLD


class Service(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(min_length=1)
    name: str = Field(min_length=1)
    threshold: int = Field(default=DEFAULT_THRESHOLD, ge=LEAST_THRESHOLD)
    summary: flows.services.HowOften | None = None
    first_period: str | None = None


class Services:
    """The services by code. `of` answers for unknown codes too."""

    def __init__(self, known: tuple[Service, ...] = ()) -> None:
        self._known = {each.code: each for each in known}

    def of(self, code: str) -> Service:
        return self._known.get(code) or Service(code=code, name=code)

    def __contains__(self, code: str) -> bool:
        return code in self._known

    @property
    def with_summaries(self) -> tuple[Service, ...]:
        """Those that get a summary each month or quarter."""
        return tuple(each for each in self._known.values() if each.summary is not None)

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self._known)


def read_services(path: Path) -> Services:
    """The services of a file. Raises flows.errors.ServicesError, which lists every problem."""
    listed = flows.services.read_services(path).service
    return Services(
        tuple(
            Service(
                code=each.code,
                name=each.name,
                threshold=each.threshold,
                summary=each.summary,
                first_period=each.first_period,
            )
            for each in listed
        )
    )
