"""How many small mistakes in the engine and in the sealing the tests would notice (`make mutants`).

mutmut writes thousands of copies of `flows/engine` and `storage/seal` with one change each (`[tool.mutmut]` says what
is changed, and which tests are run: those that take seconds). A change that fails no test has survived. The whole takes
hours; a sample, drawn by a seed, says the same within a few points:

    python -m tests.mutants [--sample 500] [--seed 1] [--processes 2]

prints the share that was noticed, module by module, and the survivors, which `mutmut show NAME` shows. It exits with 1
where less than 85 % were noticed.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from math import sqrt
from pathlib import Path

#: Where mutmut keeps its copies, and the results of each file beside the copy.
MUTANTS = Path("mutants")
NOTICED = 0.85
#: The exit codes of a run that failed, ended in an error of pytest's own, or never ended.
KILLED = {1, 3, 36, 24, -24, 152, 255}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--sample", type=int, default=0, help="how many, drawn at random; all of them without it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    shutil.rmtree(MUTANTS, ignore_errors=True)  # unchanged sources would stay as they were
    mutmut = [sys.executable, "-m", "mutmut", "run", "--max-children", str(options.processes)]
    # Makes all of them, sees that the tests pass as things are, and tries a few.
    subprocess.run([*mutmut, "storage.seal.stream*__mutmut_1"], check=True)
    chosen = sorted(results())
    if options.sample:
        chosen = random.Random(options.seed).sample(chosen, min(options.sample, len(chosen)))
    subprocess.run([*mutmut, *chosen] if options.sample else mutmut, check=True, stdout=subprocess.DEVNULL)
    return report(chosen)


def results() -> dict[str, int | None]:
    """Every mutant's name, and how its tests ended; None where it was not tried."""
    found: dict[str, int | None] = {}
    for path in MUTANTS.rglob("*.meta"):
        found |= json.loads(path.read_text())["exit_code_by_key"]
    return found


def report(chosen: list[str]) -> int:
    """Prints what became of the chosen; 1 where too many survived."""
    ended = results()
    survivors = [name for name in chosen if ended[name] not in KILLED]
    of_each, lived = (Counter(name.partition(".x")[0] for name in names) for names in (chosen, survivors))
    lines = [f"survived: {name}" for name in survivors]
    for module, count in sorted(of_each.items()):
        lines.append(f"{module:<28} {count - lived[module]:>5} of {count:>5} noticed {1 - lived[module] / count:6.1%}")
    share = 1 - len(survivors) / len(chosen)
    either_way = 1.96 * sqrt(share * (1 - share) / len(chosen)) if len(chosen) < len(ended) else 0
    drawn = f", drawn at random, so give or take {either_way:.1%}" if either_way else ""
    lines.append(f"{share:.1%} of {len(chosen)} noticed, of {len(ended)} that could be made{drawn}")
    sys.stdout.write("\n".join(lines) + "\n")
    return int(share < NOTICED)


if __name__ == "__main__":
    sys.exit(main())
