"""Invented people and answers for the tests of the reports."""

from collections.abc import AsyncIterator, Iterable
from datetime import date
from typing import TypeVar

from analysis.model import Coded, Coding, Framework, Stance, SubTheme, Theme
from analysis.reading import CodedAnswer, Masked
from storage.records import Answer, Asked, Content, Outcome

T = TypeVar("T")

DAY = date(2026, 8, 14)

TITLES = {
    "Understanding": ["Staff knowledge about complex emotional needs", "Non-stigmatising attitudes and behaviours",
        "Awareness of intersecting experiences", "Trauma-informed care", "Coordinated care for multiple needs",
        "Different presentations of need"],
    "Interpersonal connection": ["Validation and active, empathic listening", "Compassion",
        "Open dialogue that fosters collaboration"],
    "Consistency and continuity": ["Consistent and continued support from known staff",
        "Collaborative working across services", "Consistency of support across localities", "Timely support"],
    "Adaptability and accessibility": ["Proactive engagement, peer support included", "Flexibility in service delivery",
        "Ability to offer a range of interventions"],
}  # fmt: skip

FRAMEWORK = Framework(
    id="relational_practice",
    title="Relational practice",
    version=1,
    sha256="ab" * 32,
    source="Trevillion et al. 2022, BMC Psychiatry 22:55",
    themes=tuple(
        Theme(
            id=f"t{number}",
            title=title,
            subthemes=tuple(
                SubTheme(id=f"t{number}s{index}", title=each, covers=f"What belongs to {each.lower()}.")
                for index, each in enumerate(titles)
            ),
        )
        for number, (title, titles) in enumerate(TITLES.items())
    ),
)


def answer(person: str = "p1", text: str = "They listened.", **changes: object) -> Answer:
    values: dict[str, object] = {
        "person": person, "session": f"s-{person}", "service": "elm", "guide": "relational-practice",
        "guide_version": 1, "question": "helped", "kind": "answer", "day": DAY, "parts": (Content.of_text(text),),
        "quotable": True, "in_summaries": True,
    } | changes  # fmt: skip
    return Answer(**values)  # type: ignore[arg-type]


def asked(person: str = "p1", outcome: Outcome = "answered", question: str = "helped") -> Asked:
    return Asked(person, f"s-{person}", "elm", "relational-practice", 1, question, outcome, DAY)


def coding(subtheme: str, stance: Stance = "help", start: int = 0, end: int = 4, reason: str = "a cue") -> Coding:
    theme = FRAMEWORK.theme_of(subtheme).id
    return Coding(subtheme=subtheme, theme=theme, stance=stance, confidence=0.5, start=start, end=end, reason=reason)


def coded(given: Answer, *codings: Coding, taken_out: dict[str, int] | None = None) -> CodedAnswer:
    top = tuple(each.subtheme for each in codings)
    return CodedAnswer(given, Masked(given.text, taken_out or {}), Coded(codings=codings, top=top))


async def stream(items: Iterable[T]) -> AsyncIterator[T]:
    for item in items:
        yield item
