"""The table of pitfalls names tests that exist, at least one in every row."""

import re
from pathlib import Path

HERE = Path(__file__).parent
ROWS = [
    line
    for line in (HERE.parents[1] / "docs" / "pitfalls.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| what goes wrong")
]
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def test_every_row_names_tests_that_exist() -> None:
    assert len(ROWS) > 30
    for row in ROWS:
        named = NAMED.findall(row)
        assert named, row
        for file, test in named:
            assert re.search(rf"def {test}\(", (HERE / file).read_text()), f"{file}::{test}"
