"""Who coded what is in an export: counts for the manifest, and for the item of COREQ about coders."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from analysis.export.request import Request
from analysis.export.rows import Row, is_machine


@dataclass
class Coders:
    """Counts while rows pass by. Holds two numbers for each coder. `former` are sub-themes that the codebook no longer
    has."""

    answers: Counter[str] = field(default_factory=Counter)
    codings: Counter[str] = field(default_factory=Counter)
    former: set[str] = field(default_factory=set)
    memos: int = 0
    settled: int = 0

    def count(self, row: Row) -> None:
        self.answers.update(row["coders"])
        for each in row["codings"]:
            self.codings[each["coder"]] += 1
            if not each["theme"]:
                self.former.add(each["subtheme"])
            self.memos += bool(each["reason"]) and each["how"] != "suggested"
        self.settled += row["themes_from"] == "settled"

    def describe(self, request: Request) -> dict[str, Any]:
        """What the manifest says of them: people first, then the machine."""
        order = sorted(self.answers, key=lambda coder: (is_machine(coder), coder))
        coders = [
            {"coder": each, "machine": is_machine(each), "answers": self.answers[each], "codings": self.codings[each]}
            for each in order
        ]
        return {
            "whose": request.codings,
            "coders": coders,
            "answers_settled": self.settled,
            "coders_by_name": request.named,
            "memos": self.memos if request.memos else "left out",
        }
