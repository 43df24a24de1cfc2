"""The licences of everything that is locked, from the metadata of what is installed: `python -m tests.licences`.

Writes `tests/licences.json` and `docs/licences.md`. A package that is not installed here keeps its line. Names are
those of SPDX; what a package's metadata says in other words is put into them by `WORDS`.
"""

import json
import re
import sys
from importlib.metadata import PackageNotFoundError, files, metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
LISTED = ROOT / "tests" / "licences.json"
PAGE = ROOT / "docs" / "licences.md"

#: What may be used beside our own MIT licence, and what each asks of whoever hands the program on.
KNOWN = {
    "MIT": "keep the notice",
    "MIT-0": "nothing",
    "MIT-CMU": "keep the notice",
    "ISC": "keep the notice",
    "BSD": "keep the notice",
    "BSD-2-Clause": "keep the notice",
    "BSD-3-Clause": "keep the notice",
    "0BSD": "nothing",
    "CC0-1.0": "nothing",
    "Apache-2.0": "keep the notice, say what was changed",
    "Apache-2.0 WITH LLVM-exception": "keep the notice, say what was changed",
    "PSF-2.0": "keep the notice",
    "Zlib": "keep the notice",
    "Unlicense": "nothing",
    "OFL-1.1": "keep the notice",
    "CNRI-Python": "keep the notice",
    "CC-BY-4.0": "name its authors (data)",
    "MPL-2.0": "hand on changes of its own files",
    "LGPL": "let people exchange it, as pip does",
    "GPL-3.0-or-later": "hand the whole on, an image for instance, under the GPL; our own code stays under MIT",
}

#: For metadata without an expression of SPDX: looked for in this order, in what it says in small letters.
WORDS = (
    (r"mit-cmu|hpnd", "MIT-CMU"),
    (r"apache", "Apache-2.0"),
    (r"mozilla|\bmpl", "MPL-2.0"),
    (r"lesser general|\blgpl", "LGPL"),
    (r"\bgpl|general public", "GPL-3.0-or-later"),
    (r"bsd-2|simplified bsd|2-clause", "BSD-2-Clause"),
    (r"bsd-3|3-clause|new bsd|modified bsd", "BSD-3-Clause"),
    (r"\bbsd", "BSD"),
    (r"\bisc\b", "ISC"),
    (r"zlib|provided 'as-is', without any express", "Zlib"),
    (r"unlicense|public domain", "Unlicense"),
    (r"\bmit\b", "MIT"),
    (r"python software foundation|\bpsf", "PSF-2.0"),
)


def licence_of(package: str) -> str:
    """The licence in SPDX's words, or what the metadata says where that is none of ours."""
    about = metadata(package)
    if expression := about.get("License-Expression"):
        return expression.replace("Apache 2.0", "Apache-2.0")
    said = [each.rpartition("::")[2] for each in about.get_all("Classifier") or [] if each.startswith("License")]
    said.append((about.get("License") or "").split("\n")[0][:80])
    texts = [file for file in files(package) or [] if re.match(r"(LICEN[SC]E|COPYING)", file.name)]
    said += [" ".join(file.read_text("utf-8").split())[:200] for file in texts[:1]]
    for text in said:
        for pattern, name in WORDS:
            if re.search(pattern, text.lower()):
                return name
    return next((text.strip() for text in said if text.strip()), "not said")


def parts_of(licence: str) -> set[str]:
    """The licences that an expression of SPDX is made of."""
    return {each.strip(" ()") for each in re.split(r"\b(?:AND|OR)\b", licence)}


def page(listed: dict[str, str]) -> str:
    lines = [
        "# Licences of what Hearten uses",
        "",
        "Hearten itself is under the [MIT licence](../LICENSE). These are the packages that the lock files name, those",
        "that only tests and tools need among them. `python -m tests.licences` makes this page from the packages' own",
        "metadata; a test sees that it is complete and that every licence is known here.",
        "",
        "| licence | packages |",
        "|---|---|",
    ]
    for licence in sorted(set(listed.values())):
        names = ", ".join(f"`{package}`" for package, each in sorted(listed.items()) if each == licence)
        lines.append(f"| {licence} | {names} |")
    used = set().union(*map(parts_of, listed.values()))
    lines += ["", "| licence | what it asks of whoever hands the program on |", "|---|---|"]
    lines += [f"| {licence} | {asks} |" for licence, asks in KNOWN.items() if licence in used]
    return "\n".join(lines) + "\n"


def main() -> int:
    names: set[str] = set()
    for lock in ROOT.glob("requirements*.lock"):
        found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==", lock.read_text("utf-8"), re.MULTILINE)
        names |= {re.sub(r"[-_.]+", "-", each).lower() for each in found}
    before = json.loads(LISTED.read_text("utf-8")) if LISTED.exists() else {}
    listed, lacking = {}, []
    for name in sorted(names):
        try:
            listed[name] = licence_of(name)
        except PackageNotFoundError:
            if name in before:
                listed[name] = before[name]
            else:
                lacking.append(name)
    LISTED.write_text(json.dumps(listed, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(listed), "utf-8")
    if lacking:
        sys.stderr.write(f"Not installed here, so not listed: {', '.join(lacking)}.\n")
    unknown = {name: each for name, each in listed.items() if parts_of(each) - set(KNOWN)}
    for name, each in unknown.items():
        sys.stderr.write(f"{name}: {each!r} is not among the licences that are known to be fine.\n")
    return int(bool(lacking or unknown))


if __name__ == "__main__":
    sys.exit(main())
