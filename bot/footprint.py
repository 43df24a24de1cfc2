"""Importing aiogram without the hundred megabytes that it would take.

aiogram has some 450 types of Telegram's, many of which hold each other, and builds a validator for each when it is
imported, with copies of all that it refers to: 120 MB and two seconds of work, of which a bot needs a few percent
(https://github.com/aiogram/aiogram/issues/1513). Here each is built when it is first used. Nothing else changes: the
same validators, from the same definitions, in the same namespace.

Whoever imports anything of `bot` imports this first.
"""

import sys
from typing import Any

from pydantic import BaseModel

_REBUILD = BaseModel.model_rebuild.__func__  # type: ignore[attr-defined]  # a class method has one


def import_aiogram() -> None:
    """Does nothing where aiogram is imported already."""
    if "aiogram" in sys.modules:
        return
    known: dict[str, Any] = {}

    def note(cls: type[BaseModel], /, **given: Any) -> None:  # noqa: ARG001 - in place of building it
        known.update(given.get("_types_namespace") or {})

    def build(
        cls: type[BaseModel],
        /,
        *,
        force: bool = False,
        raise_errors: bool = True,
        _parent_namespace_depth: int = 2,
        _types_namespace: Any = None,
    ) -> bool | None:
        namespace = known if _types_namespace is None else _types_namespace
        built: bool | None = _REBUILD(cls, force=force, raise_errors=raise_errors, _types_namespace=namespace)
        return built

    original = BaseModel.__dict__["model_rebuild"]
    type.__setattr__(BaseModel, "model_rebuild", classmethod(note))
    try:
        from aiogram.methods.base import Response, TelegramMethod  # noqa: PLC0415 - this is what it is about
        from aiogram.types.base import TelegramObject  # noqa: PLC0415
    finally:
        type.__setattr__(BaseModel, "model_rebuild", original)
    for base in (TelegramObject, TelegramMethod, Response):
        type.__setattr__(base, "model_rebuild", classmethod(build))
