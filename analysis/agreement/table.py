"""The result of a comparison as a table that is read in a terminal."""

from typing import Any

from rich.table import Table

_KINDS = {
    ("by_text", "with_uncoded"): "whole texts, uncoded ones too",
    ("by_text", "without_uncoded"): "whole texts that at least one of the two coded",
    ("by_character", "with_uncoded"): "characters, uncoded ones too",
    ("by_character", "without_uncoded"): "characters that at least one of the two coded",
}


def as_table(result: dict[str, Any]) -> list[Table]:
    """One table for each way of counting that was possible."""
    return [_table(result[unit][kind], title) for (unit, kind), title in _KINDS.items() if result[unit][kind]]


def _table(view: dict[str, Any], title: str) -> Table:
    table = Table(title=f"{view['overall']['units']} {title}", title_justify="left")
    table.add_column("code", overflow="fold")
    for name in ("percent", "kappa", "alpha", "AC1", "used by first", "used by second"):
        table.add_column(name, justify="right")
    for code, measured in {"all, exactly": view["overall"], **view["per_code"]}.items():
        spans = measured["intervals"]
        numbers = [_show(measured[name], spans[name], name) for name in ("percent", "kappa", "alpha", "ac1")]
        table.add_row(code, *numbers, *(_rate(each) for each in measured["base_rates"]))
    pooled = view["overall"]
    kappa = _show(pooled["pooled_kappa"], pooled["intervals"]["pooled_kappa"], "kappa")
    table.add_row("all codes, pooled", "", kappa, "", "", "", "")
    return table


def _show(value: float | None, span: list[float] | None, name: str) -> str:
    if value is None:
        return "-"
    places = 0 if name == "percent" else 2
    between = f"\n{span[0]:.{places}f} to {span[1]:.{places}f}" if span else ""
    return f"{value:.{places}f}{between}"


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
