"""What a report needs to know of a service: its name, and from how many people on a count is shown.

Read from the services file (`HEARTEN_SERVICES`, TOML, `[[service]]` with `code`, `name` and more). The rest of that
file is for the conversation and is not looked at here. A service that is not in it is called by its code.
"""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analysis.disclosure import DEFAULT_THRESHOLD, LEAST_THRESHOLD
from analysis.errors import AnalysisError


class ServicesError(AnalysisError):
    """The services file cannot be used. The message is one sentence that says where and how to mend it."""


class Service(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str = Field(min_length=1)
    name: str = Field(min_length=1)
    threshold: int = Field(default=DEFAULT_THRESHOLD, ge=LEAST_THRESHOLD)


class Services:
    """The services by code. `of` answers for unknown codes too: a code that was used stays readable."""

    def __init__(self, known: tuple[Service, ...] = ()) -> None:
        self._known = {each.code: each for each in known}

    def of(self, code: str) -> Service:
        return self._known.get(code) or Service(code=code, name=code)

    def __contains__(self, code: str) -> bool:
        return code in self._known

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self._known)


def read_services(path: Path) -> Services:
    """Read the services file. Raises ServicesError."""
    try:
        rows = tomllib.loads(path.read_text("utf-8")).get("service", [])
    except OSError:
        raise ServicesError(
            "The services file (HEARTEN_SERVICES) cannot be read: check that the path is right."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ServicesError(f"The services file (HEARTEN_SERVICES) is not valid TOML: {problem}.") from None
    if not isinstance(rows, list):
        raise ServicesError("The services file (HEARTEN_SERVICES) needs [[service]] tables, one for each service.")
    return Services(tuple(_read_service(number, row) for number, row in enumerate(rows, 1)))


def _read_service(number: int, row: object) -> Service:
    try:
        return Service.model_validate(row)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ServicesError(
            f"The services file (HEARTEN_SERVICES), service {number}, {where}: {first['msg']}."
        ) from None
