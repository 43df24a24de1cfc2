"""Reading of content files: TOML and JSON Lines, checked against a schema.

Promise: whatever is wrong with such a file becomes one ContentError that says where, which rule, and how to mend it.
"""

import tomllib
from importlib.resources.abc import Traversable
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from analysis.errors import ContentError

Schema = TypeVar("Schema", bound=BaseModel)


def read_bytes(file: Traversable) -> bytes:
    """The bytes of a content file."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise ContentError(f"Cannot read {file.name}: check that it exists and that you may read it.") from error


def read_toml(file: Traversable, schema: type[Schema]) -> Schema:
    """A TOML file as the schema has it."""
    try:
        tree = tomllib.loads(read_bytes(file).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ContentError(f"{file.name} is not UTF-8 text: save it again as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ContentError(f"{file.name} is not valid TOML ({error}): mend that place.") from error
    try:
        return schema.model_validate(tree)
    except ValidationError as error:
        raise ContentError(f"{file.name}: {explain(error)}") from error


def read_lines(file: Traversable, schema: type[Schema]) -> list[Schema]:
    """A JSON Lines file, one record of the schema a line; empty lines are passed over."""
    records = []
    for number, line in enumerate(read_bytes(file).decode("utf-8-sig").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            records.append(schema.model_validate_json(line))
        except ValidationError as error:
            raise ContentError(f"{file.name}, line {number}: {explain(error)}") from error
    return records


def explain(error: ValidationError) -> str:
    """The first thing that breaks a schema, as place, rule and remedy. Never shows the value that broke it."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the whole"
    match first["type"]:
        case "missing":
            return f"{place} is missing: add it."
        case "extra_forbidden":
            return f"{place} is not known here: take it out or correct its spelling."
        case "value_error":
            return f"{place}: {first['msg'].removeprefix('Value error, ')}"
        case _:
            rule = first["msg"][:1].lower() + first["msg"][1:]
            return f"{place} breaks a rule ({rule}): correct it."
