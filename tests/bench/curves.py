"""Growth drawn: what a long operation costs as its input grows. SVG with title and description, the numbers beside."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import log10
from xml.sax.saxutils import escape

from tests.bench.rows import Row, figure

_WIDTH, _HEIGHT, _LEFT, _TOP, _FOOT, _RIGHT = 720, 340, 90, 60, 60, 190
_STYLE = (
    "<style>svg{background:#fff}text{font:14px system-ui,sans-serif;fill:#1b1b1b}.h{font-weight:600}"
    ".e{text-anchor:end}.m{text-anchor:middle}path{stroke:#1d4e89;stroke-width:2;fill:none}"
    ".g{stroke:#c9ccd1;stroke-width:1}circle{fill:#1d4e89}</style>"
)


def curves_of(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows that make a curve, by name, from the smallest count to the largest."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.count is not None:
            found[row.name].append(row)
    ordered = {name: sorted(points, key=lambda row: row.count or 0) for name, points in found.items()}
    return {name: points for name, points in ordered.items() if len(points) > 1}


def draw(name: str, points: Sequence[Row]) -> str:
    """Scales of ten both ways, so that a line at 45 degrees is growth in step; every point has its number."""
    across = [log10(point.count or 1) for point in points]
    up = [log10(max(point.ours, 1e-9)) for point in points]
    low, high = min(up), max(up)
    middle, half = (low + high) / 2, max((high - low) / 2, (across[-1] - across[0]) / 2) or 1.0
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _FOOT

    def place(x: float, y: float) -> tuple[float, float]:
        share = (x - across[0]) / ((across[-1] - across[0]) or 1.0)
        return _LEFT + share * width, _TOP + height - (y - middle + half) / (2 * half) * height

    places = [place(*each) for each in zip(across, up, strict=True)]
    said = "; ".join(f"{point.count:,}: {figure(point.ours)} {point.unit}" for point in points)
    line = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    parts = [f'<text x="20" y="30" class="h">{escape(name)}, {escape(points[0].unit)}</text>']
    for (x, y), point in zip(places, points, strict=True):
        parts.append(f'<path class="g" d="M{x:.1f} {_TOP} V{_TOP + height}"/>')
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
        parts.append(f'<text x="{x + 9:.1f}" y="{y - 9:.1f}">{figure(point.ours)} {escape(point.unit)}</text>')
        parts.append(f'<text x="{x:.1f}" y="{_TOP + height + 24}" class="m">{point.count:,}</text>')
    parts.insert(1, f'<path d="{line}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="t d">'
        f'<title id="t">{escape(name)}</title><desc id="d">{escape(said)}</desc>{_STYLE}{"".join(parts)}</svg>\n'
    )
