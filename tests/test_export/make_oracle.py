"""Measures tables with pyCANON and writes oracle.json. pyCANON wants versions of its own of numpy and pandas, so it is
installed somewhere else:

    python -m venv oracle && oracle/bin/pip install pycanon==1.3.6
    python -m tests.test_export.make_oracle tables > tables.json
    oracle/bin/python tests/test_export/make_oracle.py measure < tables.json > tests/test_export/oracle.json
"""

import json
import sys

CASES = [(1, 60, 5), (2, 200, 5), (3, 400, 8), (4, 1000, 3), (5, 90, 10), (6, 700, 4)]


def tables() -> None:
    from analysis.anonymity import anonymise  # noqa: PLC0415 - not there where pyCANON is
    from tests.test_export.test_anonymity import HIERARCHIES, population  # noqa: PLC0415

    made = []
    for seed, size, k in CASES:
        table = anonymise(population(seed, size), HIERARCHIES, k, 2)
        made.append({"seed": seed, "size": size, "asked_k": k, "names": table.names, "rows": list(table.rows.values())})
    json.dump(made, sys.stdout)


def measure() -> None:
    import pandas as pd  # type: ignore[import-untyped,import-not-found,unused-ignore]  # noqa: PLC0415
    from pycanon import anonymity  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415

    found = []
    for case in json.load(sys.stdin):
        table = pd.DataFrame(case.pop("rows"), columns=case["names"])
        names = case.pop("names")
        others = [name for name in names if name != "sexuality"]
        case["k"] = int(anonymity.k_anonymity(table, names))
        case["l"] = int(anonymity.l_diversity(table, others, ["sexuality"]))
        found.append(case)
    json.dump(found, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    {"tables": tables, "measure": measure}[sys.argv[1]]()
