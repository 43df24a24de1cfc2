"""How well a coder does against a gold standard: the machine measured like a second coder.

For each gold text the coder's whole-text ranking is compared with the one sub-theme that people gave. Cohen's kappa
(Cohen 1960) is between gold and first choice, over sub-themes; macro F1 is the mean over sub-themes that occur in the
gold or among the first choices. The stance compared is that of the whole text, because
the gold has one for the whole text; codings have one for each span. Gold texts under "none" have no theme: they
count in `abstained` alone. The baseline beside the stance is the sign of TextBlob's polarity.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from pydantic import Field

from analysis.exemplars import NO_THEME
from analysis.model import Coded, Coder, Frozen, Stance
from analysis.stance import sign_of_polarity


class Gold(Frozen, extra="ignore"):
    """One text with what people made of it. Other keys of the line are passed over."""

    id: str | int
    text: str
    subtheme: str
    stance: Stance | None = None


class PerSubTheme(Frozen):
    n: int
    precision: float | None = Field(description="Null where the machine never chose it.")
    recall: float | None = Field(description="Null where the gold never has it.")
    f1: float | None


class Evaluation(Frozen):
    """Shares are from 0 to 1; null where nothing was there to measure."""

    framework: str
    framework_sha256: str
    engine: str
    n: int = Field(description="Gold texts with a theme.")
    top1: float | None
    top3: float | None
    theme: float | None
    kappa: float | None
    macro_f1: float | None
    stance: float | None
    stance_textblob: float | None = Field(description="The same share by the sign of TextBlob's polarity alone.")
    coded: float | None = Field(description="Share of themed texts with any coding; the rest was left without a theme.")
    abstained: float | None = Field(description="Share of texts without a theme that were left without one.")
    per_subtheme: dict[str, PerSubTheme]
    confusion: dict[str, dict[str, int]] = Field(description="Gold, first choice, how often; nothing where never.")


class ReadsStance(Protocol):
    def tell(self, text: str) -> Stance: ...


class Measured(Coder, Protocol):
    """A coder that says which engine it is."""

    engine: str


def evaluate(gold: Sequence[Gold], coded: Iterable[Coded], coder: Measured, stances: ReadsStance) -> Evaluation:
    """Compares. `coded` are the codings of the gold texts, in their order. Raises KeyError for an unknown sub-theme."""
    pairs = list(zip(gold, coded, strict=True))
    off_topic = [not each.codings for wanted, each in pairs if wanted.subtheme == NO_THEME]
    themed = [(wanted, each) for wanted, each in pairs if wanted.subtheme != NO_THEME]
    results = [each for _, each in themed]
    first = [each.top[0] for each in results]
    right = [wanted.subtheme for wanted, _ in themed]
    theme_of = {each.id: coder.framework.theme_of(each.id).id for each in coder.framework.subthemes}
    told = [(wanted.stance, wanted.text) for wanted, _ in themed if wanted.stance is not None]
    table = {each.id: _measure(each.id, right, first) for each in coder.framework.subthemes}
    scores = [each.f1 for each in table.values() if each.f1 is not None]
    return Evaluation(
        framework=coder.framework.id,
        framework_sha256=coder.framework.sha256,
        engine=coder.engine,
        n=len(themed),
        top1=_share([a == b for a, b in zip(right, first, strict=True)]),
        top3=_share([a in each.top[:3] for a, each in zip(right, results, strict=True)]),
        theme=_share([theme_of[a] == theme_of[b] for a, b in zip(right, first, strict=True)]),
        kappa=cohens_kappa(right, first),
        macro_f1=round(sum(scores) / len(scores), 4) if scores else None,
        stance=_share([stance == stances.tell(text) for stance, text in told]),
        stance_textblob=_share([stance == sign_of_polarity(text) for stance, text in told]),
        coded=_share([bool(each.codings) for each in results]),
        abstained=_share(off_topic),
        per_subtheme=table,
        confusion=_confuse(right, first),
    )


def cohens_kappa(one: Sequence[str], other: Sequence[str]) -> float | None:
    """Agreement beyond chance of two codings of the same texts; None where it is not defined (nothing to code, or both
    gave one and the same code to everything)."""
    total = len(one)
    if not total:
        return None
    agreed = sum(a == b for a, b in zip(one, other, strict=True)) / total
    counts_one, counts_other = Counter(one), Counter(other)
    chance = sum(counts_one[label] * counts_other[label] for label in counts_one) / total**2
    return None if chance == 1 else round((agreed - chance) / (1 - chance), 4)


def _confuse(right: Sequence[str], first: Sequence[str]) -> dict[str, dict[str, int]]:
    counts = Counter(zip(right, first, strict=True))
    table: dict[str, dict[str, int]] = {}
    for (wanted, chosen), count in sorted(counts.items()):
        table.setdefault(wanted, {})[chosen] = count
    return table


def _measure(label: str, right: Sequence[str], first: Sequence[str]) -> PerSubTheme:
    both = sum(a == b == label for a, b in zip(right, first, strict=True))
    there, chosen = right.count(label), first.count(label)
    return PerSubTheme(
        n=there,
        precision=round(both / chosen, 4) if chosen else None,
        recall=round(both / there, 4) if there else None,
        f1=round(2 * both / (there + chosen), 4) if there + chosen else None,
    )


def _share(hits: Sequence[bool]) -> float | None:
    return round(sum(hits) / len(hits), 4) if hits else None
