"""What a service answered: a TOML file, checked against the summary that it answers.

```toml
service = "RIVERSIDE"
period = "2026-Q3"
link = "https://riverside.example/answers"   # optional: where there is more

[message]                    # what people who spoke are sent: plain words, reading age 9 to 11
en = "We read all that people told us. From January on, the phone is answered until 8 in the evening."

[[point]]
id = "timely_support"        # a part of the map that the page shows
status = "planned"           # done, planned or cannot
text = "The phone will be answered until 8 in the evening."
until = "January 2027"       # for what is planned
```

Promises: every mistake is told at once, with its place, the rule and what to do; only points that the page shows can be
answered, so that an answer never tells of a small group; the message reads as plainly as everything else that the bot
says, and no text labels anybody.
"""

from collections import Counter
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from analysis.summary.answered import PointAnswer, ServiceAnswers
from analysis.summary.numbers import Summary
from flows.errors import ContentError, Problem, problems_of, read_toml
from flows.lint.rulebook import Rulebook, read_rulebook
from flows.lint.texts import Text
from flows.lint.wording import check_wording
from storage.bundles import LONGEST_TEXT, TidingsText

ENGLISH = "en"
_STATUS = ("done", "planned", "cannot")
_LONGEST_POINT = 600


class AnswersError(ContentError):
    """What a service answered cannot be used as it stands: every problem, one a line."""


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Point(Strict):
    id: str = Field(min_length=1)
    status: Literal["done", "planned", "cannot"]
    text: str = Field(min_length=1, max_length=_LONGEST_POINT)
    until: str = Field(default="", max_length=60)

    @field_validator("status", mode="before")
    @classmethod
    def _is_one_of_three(cls, status: object) -> object:
        if status not in _STATUS:
            raise ValueError('the status is not one of three; write "done", "planned" or "cannot"')
        return status

    @model_validator(mode="after")
    def _plans_have_a_date(self) -> Self:
        if self.status == "planned" and not self.until:
            raise ValueError('what is planned needs a date; add until = "March 2027", or whenever it will be')
        if self.status != "planned" and self.until:
            raise ValueError("only what is planned has a date; take `until` out, or make it planned")
        return self


class Answers(Strict):
    service: str = Field(min_length=1)
    period: str = Field(min_length=1)
    message: dict[str, str]
    link: str | None = None
    point: tuple[Point, ...] = ()

    @field_validator("message")
    @classmethod
    def _is_in_english_too(cls, message: dict[str, str]) -> dict[str, str]:
        if not message.get(ENGLISH, "").strip():
            raise ValueError("people who spoke are sent a message, and there is none in English; write `en`")
        for text in message.values():
            if len(text) > LONGEST_TEXT:
                raise ValueError(f"a message is longer than {LONGEST_TEXT} characters; say it shorter")
        return message

    def tidings(self, period_title: str) -> TidingsText:
        """What people are sent. Raises AnswersError where the link or a language is not one."""
        texts = {language: text.strip() for language, text in self.message.items()}
        try:
            return TidingsText(period=period_title, messages=texts, link=self.link or None)
        except ValidationError as error:
            raise AnswersError(problems_of(error, {}, "message or link")) from None


def read_answers(path: Path) -> Answers:
    """Raises AnswersError, which lists every problem of the file."""
    try:
        answers = Answers.model_validate(read_toml(path, AnswersError))
    except ValidationError as error:
        raise AnswersError(problems_of(error, {}, path.name)) from None
    problems = [*_wording(answers, path.name), *_tidings(answers, path.name)]
    if problems:
        raise AnswersError(problems)
    return answers


def hold_to_summary(answers: Answers, summary: Summary, file: str) -> ServiceAnswers:
    """The answers as the page takes them, in the order of its map. Raises AnswersError, which names every point that
    the page does not show."""
    problems = [
        Problem(file, name, f"the page is about {of!r}, and this is about {said!r}", "Answer the right page.")
        for name, said, of in (
            ("service", answers.service, summary.service),
            ("period", answers.period, summary.period),
        )
        if said != of
    ]
    titles = shown_points(summary)
    for number, point in enumerate(answers.point, 1):
        if point.id not in titles:
            rule = f"the page shows no point {point.id!r}: it is unknown, or too few people spoke about it"
            problems.append(Problem(file, f"point[{number}].id", rule, "Take it out, or check the spelling."))
    for point_id, count in Counter(point.id for point in answers.point).items():
        if count > 1:
            problems.append(Problem(file, "point", f"{point_id!r} is answered {count} times", "Keep one of them."))
    if problems:
        raise AnswersError(problems)
    given = {point.id: point for point in answers.point}
    return ServiceAnswers(points=tuple(_held(given[each], title) for each, title in titles.items() if each in given))


def _held(point: Point, title: str) -> PointAnswer:
    return PointAnswer(point=point.id, title=title, status=point.status, text=point.text, until=point.until)


def shown_points(summary: Summary) -> dict[str, str]:
    """The parts of the map for which the page shows a number, with their titles."""
    if not summary.counts.enough:
        return {}
    return {each.id: each.title for each in summary.subthemes if summary.count(each.id)}


def _tidings(answers: Answers, file: str) -> list[Problem]:
    try:
        answers.tidings("")
    except AnswersError:
        rule = "the link, or the name of a language, is not one"
        return [Problem(file, "link", rule, "Write https://..., and languages as `en` or `cy`.")]
    return []


def _wording(answers: Answers, file: str) -> list[Problem]:
    """How the message reads, and words that hurt, wherever they stand."""
    rulebook = read_rulebook()
    problems = []
    for language, text in answers.message.items():
        everything = language == ENGLISH
        problems += _lint(Text(file, f"message.{language}", "sentences", _plain(text)), rulebook, everything=everything)
    for number, point in enumerate(answers.point, 1):
        problems += _lint(Text(file, f"point[{number}].text", "line", _plain(point.text)), rulebook, everything=False)
    return problems


def _lint(text: Text, rulebook: Rulebook, *, everything: bool) -> list[Problem]:
    found = check_wording(text, rulebook, rulebook.limits_of("default"))
    return [
        Problem(each.file, each.place, f"{each.rule}: {each.words.rstrip('.')}", each.remedy)
        for each in found
        if each.level == "error" and (everything or each.rule == "banned words")
    ]


def _plain(text: str) -> str:
    """Braces mean nothing here; in a guide they are slots."""
    return " ".join(text.replace("{", "(").replace("}", ")").split())
