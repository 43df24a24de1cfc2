"""Statements in SQLite's words, made once for each, and what they gave in ours.

SQLAlchemy writes the words; who runs them is `storage.database.sqlite`.
"""

from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Boolean, Executable, Select
from sqlalchemy.dialects.sqlite.aiosqlite import dialect as aiosqlite_dialect
from sqlalchemy.sql.compiler import SQLCompiler

from storage.database.transaction import One, Rows

#: What one statement gave, in the words of the driver: names of columns, rows, number of rows that it changed.
Given = tuple[tuple[str, ...], list[tuple[Any, ...]], int]

#: A statement in SQLite's words, its parameters, and which of its columns are booleans (SQLite has none).
Bound = tuple[str, Any, tuple[int, ...]]

_DIALECT = aiosqlite_dialect(paramstyle="named")

_Words = tuple[str, SQLCompiler | None, tuple[int, ...]]
_words: WeakKeyDictionary[Executable, dict[frozenset[str], _Words]] = WeakKeyDictionary()


def bind(statement: Any, parameters: One) -> Bound:
    """A statement in the words that are made once for it, and its parameters."""
    known = _words.setdefault(statement, {})
    names = frozenset(parameters)
    if names not in known:
        known[names] = _put_into_words(statement, names)
    words, compiled, booleans = known[names]
    if compiled is None:
        return words, parameters, booleans
    if not compiled.post_compile_params:
        return words, compiled.construct_params(dict(parameters)), booleans
    whole = compiled.construct_expanded_state(dict(parameters))  # with a list of values, whose length is in the words
    return whole.statement, whole.parameters, booleans


def _put_into_words(statement: Any, names: frozenset[str]) -> _Words:
    """The compiler is kept where it has to add values that stand in the statement itself."""
    compiled = statement.compile(dialect=_DIALECT, column_keys=sorted(names))
    complete = names >= set(compiled.binds) and not compiled.post_compile_params
    return str(compiled), None if complete else compiled, _booleans(statement)


def _booleans(statement: Any) -> tuple[int, ...]:
    columns = statement.selected_columns if isinstance(statement, Select) else ()
    return tuple(place for place, each in enumerate(columns) if isinstance(each.type, Boolean))


def rows_of(bound: Bound, given: Given) -> Rows:
    booleans, (keys, rows, count) = bound[2], given
    if booleans:
        rows = [tuple(bool(each) if n in booleans else each for n, each in enumerate(row)) for row in rows]
    return Rows(keys, rows, count)
