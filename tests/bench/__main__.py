"""Everything that is measured, in one run and one table: `make bench`.

    python -m tests.bench [NAME ...] [-o DIR]     measures (all, or these modules), prints the table, and writes
                                                  bench.json and the curves as SVG into DIR (bench-results)
    python -m tests.bench compare [FILE]          1 where a ratio of that run fell by more than noise
    python -m tests.bench store FILE ...          makes stored.json of several runs

Each module runs in a process of its own, one after the other. Seconds are this machine's, as busy as it is; the ratios
are what can be compared.
"""

import argparse
import dataclasses
import importlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.compare import ratios, regressions, store
from tests.bench.curves import curves_of, draw
from tests.bench.rows import MEASURED, Row, show

RESULTS = Path("bench-results")


def main(arguments: list[str]) -> int:
    match arguments:
        case ["one", name, target]:
            found = [dataclasses.asdict(row) for row in importlib.import_module(f"tests.bench.{name}").rows()]
            Path(target).write_text(json.dumps(found), "utf-8")
            return 0
        case ["compare", *files]:
            return compare(Path(files[0]) if files else RESULTS / "bench.json")
        case ["store", *files] if files:
            store([ratios(read_rows(Path(each))) for each in files])
            return 0
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURED))
    parser.add_argument("-o", "--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(MEASURED):
        parser.error(f"nothing here measures {', '.join(sorted(unknown))}")
    return measure(options.names or list(MEASURED), options.out)


def measure(names: list[str], out: Path) -> int:
    rows: list[Row] = []
    for name in names:
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            if subprocess.run([sys.executable, "-m", "tests.bench", "one", name, file.name], check=False).returncode:
                sys.stderr.write(f"The module {name} did not come to its end; nothing was written.\n")
                return 1
            rows += [Row(**each) for each in json.loads(Path(file.name).read_text("utf-8"))]
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    show(rows, f"{os.cpu_count()} cores, Python {platform.python_version()}, load of the last minutes {load}")
    out.mkdir(parents=True, exist_ok=True)
    content = {"cores": os.cpu_count(), "python": platform.python_version(), "load": load}
    content |= {"rows": [dataclasses.asdict(row) for row in rows]}
    (out / "bench.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
    for name, points in curves_of(rows).items():
        (out / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.svg").write_text(draw(name, points), "utf-8")
    sys.stdout.write(f"Numbers and curves are in {out}.\n")
    return 0


def read_rows(path: Path) -> list[Row]:
    return [Row(**each) for each in json.loads(path.read_text("utf-8"))["rows"]]


def compare(path: Path) -> int:
    if not path.is_file():
        sys.stderr.write(f"There is no {path}: measure first, with `python -m tests.bench`.\n")
        return 2
    found = regressions(ratios(read_rows(path)))
    sys.stdout.write("\n".join(found) + "\n" if found else "No ratio fell by more than noise.\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
