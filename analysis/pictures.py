"""Pictures as SVG: what was taken for what, and how frameworks meet. Title and description inside, text as text.

Promise: colour never carries anything alone (every cell shows its number, every line joins two names), and whatever is
written into a picture is escaped.
"""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from analysis.evaluate import Evaluation
from analysis.model import Framework

_CELL, _LABELS, _FOOT = 34, 400, 20
_DARK = 0.8  # share from which white words are easier to read
_ROW, _GAP, _SIDE = 26, 260, 500
_STYLE = (
    "<style>text{font:13px system-ui,sans-serif;fill:#1b1b1b}.q{font-size:11px;text-anchor:middle}"
    ".w{fill:#fff}.r{text-anchor:end}.h{font-weight:600}line,path{stroke:#3d5a80;fill:none}</style>"
)


def draw_confusion(result: Evaluation, framework: Framework) -> str:
    """Rows are what people said, columns what the machine put first, in the framework's order."""
    ids = [each.id for each in framework.subthemes]
    titles = {each.id: each.title for each in framework.subthemes}
    size = len(ids) * _CELL
    total = {each: sum(result.confusion.get(each, {}).values()) for each in ids}
    said = "; ".join(
        f"{titles[gold]}: {count} of {total[gold]} taken for {titles[chosen]}"
        for gold in ids
        for chosen, count in result.confusion.get(gold, {}).items()
        if chosen != gold
    )
    parts = []
    for row, gold in enumerate(ids):
        top = (row + 1) * _CELL + _CELL
        parts.append(_text(_LABELS - 8, top + 22, f"{row + 1}. {titles[gold]}", "r"))
        parts.append(_text(_LABELS + row * _CELL + _CELL / 2, top - row * _CELL - 8, str(row + 1), "q"))
        for column, chosen in enumerate(ids):
            count = result.confusion.get(gold, {}).get(chosen, 0)
            parts.append(_cell(_LABELS + column * _CELL, top, count, total[gold], gold == chosen))
    width, height = _LABELS + size + _FOOT, size + 3 * _CELL + _FOOT
    head = _text(10, 22, f"What people said (rows) and what the machine put first (columns), {result.n} texts", "h")
    return _frame(
        width, height, "What was taken for what", said or "Nothing was taken for anything else.", [head, *parts]
    )


def draw_crosswalk(left: Framework, right: Framework, meets: Mapping[str, Sequence[str]]) -> str:
    """Sub-themes of two frameworks side by side, a line where they meet; the strongest of each is the thickest."""
    places = {each.id: at for at, each in enumerate(right.subthemes)}
    titles = {each.id: each.title for each in right.subthemes}
    parts = [_text(_SIDE - 10, 50, left.title, "r h"), _text(_SIDE + _GAP + 10, 50, right.title, "h")]
    said = []
    for row, each in enumerate(left.subthemes):
        high = 76 + row * _ROW
        met = meets[each.id]
        parts.append(_text(_SIDE - 10, high, each.title + ("" if met else " (no counterpart)"), "r"))
        said.append(f"{each.title}: {', '.join(titles[other] for other in met) or 'no counterpart'}")
        for rank, other in enumerate(met):
            low = 72 + places[other] * _ROW
            middle = _SIDE + _GAP / 2
            parts.append(
                f'<path d="M{_SIDE} {high - 4}C{middle} {high - 4} {middle} {low} {_SIDE + _GAP} {low}" '
                f'stroke-width="{3 - min(rank, 2)}"/>'
            )
    reached = {other for met in meets.values() for other in met}
    for row, each in enumerate(right.subthemes):
        alone = "" if each.id in reached else " (no counterpart)"
        parts.append(_text(_SIDE + _GAP + 10, 76 + row * _ROW, each.title + alone, ""))
    height = 76 + max(len(left.subthemes), len(right.subthemes)) * _ROW + _FOOT
    return _frame(2 * _SIDE + _GAP, height, f"{left.title} beside {right.title}", "; ".join(said), parts)


def _cell(left: float, top: float, count: int, total: int, agreed: bool) -> str:
    share = count / total if total else 0.0
    hue = "61,90,128" if agreed else "166,70,30"
    word = _text(left + _CELL / 2, top + 21, str(count), "q w" if share > _DARK else "q") if count else ""
    return (
        f'<rect x="{left}" y="{top}" width="{_CELL - 1}" height="{_CELL - 1}" fill="rgba({hue},{share:.2f})" '
        f'stroke="{"#1b1b1b" if agreed else "#c8c8c8"}"/>{word}'
    )


def _text(left: float, top: float, words: str, kind: str) -> str:
    return f'<text x="{left:g}" y="{top:g}" class="{kind}">{escape(words)}</text>'


def _frame(width: float, height: float, title: str, said: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-labelledby="title said"><title id="title">{escape(title)}</title><desc id="said">{escape(said)}</desc>'
        f'{_STYLE}<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )
