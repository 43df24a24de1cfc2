"""The check of a guide: each kind of mistake is found, named and told how to mend; the shipped guides have none."""

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from analysis.frameworks import framework_ids, read_framework
from flows.errors import GuideError
from flows.guide import Guide
from flows.library import GUIDES, SHARED, guide_names, load_guide
from flows.lint import check_content, check_guide
from flows.lint.finding import Finding
from flows.lint.rulebook import LANGUAGE, read_frameworks, read_rulebook
from flows.lint.texts import texts_of
from flows.lint.way import Visit, check_reach, check_sensitive, check_turn, walk_through
from flows.plan import plan
from flows.reading import grade, mean_words
from flows.turn import Button, Keep, Say, Turn
from tests.test_flows.walking import GUIDE, START, Walker

RULES = read_rulebook()
LIMITS = RULES.limits_of("relational-practice")
TODAY = date.fromisoformat(GUIDE.contacts.checked) + timedelta(days=30)


def copy(folder: Path, old: str, new: str, file: str = "guide.toml") -> Path:
    """A copy of the shipped guide in which one thing is different."""
    mine = folder / "mine"
    shutil.copytree(GUIDES / "relational-practice", mine)
    if not (mine / file).exists():
        shutil.copy(SHARED / file, mine / file)
    text = (mine / file).read_text("utf-8")
    assert old in text, "the fixture must change something"
    (mine / file).write_text(text.replace(old, new, 1), "utf-8")
    return mine


def content_of(guide: Guide, today: date = TODAY) -> list[Finding]:
    return check_content(guide, today, RULES, read_frameworks())


# --- The shipped guides -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", guide_names())
def test_a_shipped_guide_has_nothing_to_mend(name: str) -> None:
    guide = load_guide(name)
    today = date.fromisoformat(guide.contacts.checked) + timedelta(days=30)
    assert [str(each) for each in check_guide(guide, today) if each.level == "error"] == []


@pytest.mark.parametrize("name", guide_names())
def test_a_shipped_guide_is_as_plain_as_its_limits(name: str) -> None:
    guide = load_guide(name)
    limits = RULES.limits_of(name)
    excepted = {each.place for each in RULES.exceptions if each.guide in ("*", name)}
    for text in texts_of(guide):
        if text.place not in excepted:
            assert grade(text.filled) <= limits.grade, text.place
            assert mean_words(text.filled) <= limits.mean_words, text.place


def test_the_frameworks_of_the_guides_are_those_of_the_analysis() -> None:
    shipped = {name: {each.id: each.title for each in read_framework(name).subthemes} for name in framework_ids()}
    assert read_frameworks().root == shipped


# --- What a text can get wrong ------------------------------------------------------------------------------------

PAGE = "We are researchers. "
WORDINGS = {
    "a word that hurts": ("We ask every patient. ", "banned words", "“patient”", "people who use this service"),
    "a word with an ending": ("We ask how you engaged. ", "banned words", "“engaged”", "stop going"),
    "blame": ("You must answer. ", "banned words", "“You must”", "you can"),
    "a countdown": ("Only three questions left. ", "banned words", "“three questions left”", "whenever you like"),
    "hurry": ("Please hurry. ", "banned words", "“hurry”", "Take your time"),
    "praise": ("That is brave of you. ", "banned words", "“brave”", "We have kept that"),
    "a promise": ("It is 100 % anonymous. ", "banned words", "“100 %”", "take out names"),
    "a small word": ("Unfortunately it is late. ", "banned words", "“Unfortunately”", "what is possible"),
    "letters without words": ("Your CPN may ask. ", "short form", "“CPN”", "Write the words"),
    "an exclamation mark": ("Welcome! ", "exclamation mark", "“!”", "full stop"),
    "an emoji": ("We are glad 🙂. ", "emoji", "🙂", "in words"),
    "hard words": (
        "Participation necessitates comprehensive organisational consideration. " * 6,
        "reading grade",
        "grade",
        "shorter words",
    ),
    "long sentences": (
        " ".join(["we ask you and you and you"] * 12).capitalize() + ". ",
        "sentence length",
        "on average",
        "two sentences",
    ),
    "the service first": ("{service} is good. ", "service first", "your service", "another word first"),
}


@pytest.mark.parametrize("what", WORDINGS)
def test_a_wording_is_named_with_its_remedy(what: str, tmp_path: Path) -> None:
    text, rule, words, remedy = WORDINGS[what]
    guide = load_guide(str(copy(tmp_path, PAGE, text)))
    found = [each for each in content_of(guide) if each.rule == rule and words in each.words]
    assert [(each.level, each.file, each.place) for each in found] == [
        ("error", "guide.toml", "information.who_and_why.text")
    ]
    assert remedy in found[0].remedy


FINE = [
    "There is no hurry. ", "You can always come back. ", "We have just now begun. ", "NHS 111 is open. ",
    "Your nurse (CPN) may ask. ", "You do not have to stay. ", "You do not need to answer. ",
    "We cannot promise that things will change. ",
]  # fmt: skip


@pytest.mark.parametrize("text", FINE)
def test_a_fine_turn_of_phrase_is_left_alone(text: str, tmp_path: Path) -> None:
    guide = load_guide(str(copy(tmp_path, PAGE, text)))
    rules = ("banned words", "short form")
    assert [each for each in content_of(guide) if each.rule in rules and each.place.startswith("information")] == []


def test_texts_are_whole_sentences(tmp_path: Path) -> None:
    guide = load_guide(str(copy(tmp_path, "And what came after that?", "and what came")))
    words = [each.words for each in content_of(guide) if each.rule == "whole sentences"]
    assert words == ["it ends with “nd what came”.", "it begins with “and what cam”."]


def test_a_button_fits_on_a_phone(tmp_path: Path) -> None:
    long = "No, I would very much rather not, thank you all the same"
    guide = load_guide(str(copy(tmp_path, "No, I would rather not", long)))
    found = [each for each in content_of(guide) if each.rule == "button length"]
    assert [(each.place, "56 characters" in each.words) for each in found] == [("consent.take_part.no", True)]


def test_the_shared_words_are_checked_in_their_own_file(tmp_path: Path) -> None:
    guide = load_guide(str(copy(tmp_path, 'carry_on = "Carry on"', 'carry_on = "Carry on!"', "words.toml")))
    found = [each for each in content_of(guide) if each.level == "error"]
    assert [(each.file, each.place) for each in found] == [("words.toml", "words.buttons.carry_on")]


# --- What a guide can get wrong -----------------------------------------------------------------------------------

CONTENTS = {
    "a sub-theme that does not exist": (
        'invites = ["multiple_needs"]',
        'invites = ["many_needs"]',
        "unknown sub-theme",
        "“multiple_needs”",
    ),
    "a sub-theme that nobody asks about": (
        'invites = ["different_presentations"]',
        'invites = ["staff_knowledge"]',
        "sub-theme not invited",
        "ask one",
    ),
    "an opening without a way out": (
        "It may bring up goodbyes, or times when you were sent away. Skip any of it, or leave it when you like.",
        "It may bring up goodbyes.",
        "opening",
        "skip",
    ),
    "a sensitive opening that asks nothing": (
        "We will ask how you are when it ends. Would you like to do this part?",
        "Here it is.",
        "sensitive topic",
        "whether to do this part",
    ),
    "a sensitive opening that may ask why": (
        "You can skip it, all or part. We will not ask why. If you do it, be",
        "You can skip it. If you do it, be",
        "sensitive topic",
        "not ask why",
    ),
}


@pytest.mark.parametrize("what", CONTENTS)
def test_what_a_guide_asks_is_checked(what: str, tmp_path: Path) -> None:
    old, new, rule, remedy = CONTENTS[what]
    found = [each for each in content_of(load_guide(str(copy(tmp_path, old, new)))) if each.level == "error"]
    assert [each.rule for each in found] == [rule]
    assert remedy in found[0].remedy


def test_a_topic_about_the_past_ought_to_be_sensitive(tmp_path: Path) -> None:
    mine = copy(
        tmp_path, 'title = "Hard things from the past"\nsensitive = true', 'title = "Hard things from the past"'
    )
    found = [each for each in content_of(load_guide(str(mine))) if each.rule == "sensitive topic"]
    assert [(each.level, each.place) for each in found] == [("advice", "topics.past")]


def test_a_framework_of_ones_own_is_not_held_against_ours(tmp_path: Path) -> None:
    mine = copy(tmp_path, 'framework = "relational_practice"', 'framework = "our_own"')
    assert [each.level for each in content_of(load_guide(str(mine))) if each.rule == "framework"] == ["advice"]


@pytest.mark.parametrize(
    ("checked", "days", "rule"),
    [("2026-11-22", 366, None), ("2026-11-22", 367, "contacts date"), ("2026-11-22", -1, "contacts date")],
)
def test_contacts_are_looked_at_every_year(checked: str, days: int, rule: str | None) -> None:
    contacts = GUIDE.contacts.model_copy(update={"checked": checked})
    today = date.fromisoformat(checked) + timedelta(days=days)
    found = content_of(GUIDE.model_copy(update={"contacts": contacts}), today)
    assert [each.rule for each in found if each.file == "contacts.toml"] == ([rule] if rule else [])


def test_a_day_that_is_in_no_calendar_is_said_so_and_the_walk_waits(tmp_path: Path) -> None:
    mine = copy(tmp_path, f'checked = "{GUIDE.contacts.checked}"', 'checked = "2026-02-30"', "contacts.toml")
    assert "no such day" in [each.rule for each in check_guide(load_guide(str(mine)), TODAY)]


def test_a_phrase_that_cannot_be_read_is_said_so_and_the_walk_waits(tmp_path: Path) -> None:
    mine = copy(tmp_path, '"(kms|kys|ctb|', '"((kms|kys|ctb|', "distress.toml")
    found = [each for each in check_guide(load_guide(str(mine)), TODAY) if each.level == "error"]
    assert [(each.file, each.place) for each in found] == [("distress.toml", "distress.signs.1.phrases")]


def test_a_phrase_that_is_two_wishes(tmp_path: Path) -> None:
    mine = copy(tmp_path, '"pause", "puase"', '"pause", "stop"', "commands.toml")
    found = [each.words for each in content_of(load_guide(str(mine))) if each.rule == "two wishes"]
    assert found == ["“stop” stands under pause and under stop."]


@pytest.mark.parametrize(
    ("unit", "says"),
    [
        ("leave (this|that", "no partner"),
        ("leave this) out", "no partner"),
        ("(this|)", "may be nothing at all"),
        ("( |that)", "may be nothing at all"),
    ],
)
def test_a_unit_of_the_grammar_that_cannot_be_read_is_refused(unit: str, says: str, tmp_path: Path) -> None:
    mine = copy(tmp_path, '"skip", "skipping"', f'"{unit}", "skipping"', "commands.toml")
    with pytest.raises(GuideError, match=says) as caught:
        load_guide(str(mine))
    assert "commands.toml" in str(caught.value)


# --- What the way can get wrong -----------------------------------------------------------------------------------


def visit_of(turn: Turn, step: str) -> Visit:
    return Visit((step, "going", "", "", ""), turn)


def stripped(turn: Turn, *verbs: str) -> Turn:
    """The turn without the buttons of these verbs."""
    says = tuple(
        Say(say.text, tuple(tuple(each for each in row if each.data.split(":")[0] not in verbs) for row in say.buttons))
        for say in turn.says
    )
    return replace(turn, says=says)


@pytest.mark.parametrize(
    ("without", "rule"),
    [
        (("help",), "contacts"),
        (("skip",), "skip"),
        (("stop", "pause", "delete"), "way out"),
    ],
)
def test_a_turn_without_a_way_out_is_named(without: tuple[str, ...], rule: str) -> None:
    turn = Walker().to("question-").hear_nothing()
    assert list(check_turn(visit_of(turn, "question-x"), GUIDE, LIMITS)) == []
    found = list(check_turn(visit_of(stripped(turn, *without), "question-x"), GUIDE, LIMITS))
    assert [each.rule for each in found] == [rule]


def test_a_turn_that_says_nothing_or_keeps_too_early_is_named() -> None:
    silent = Turn(Walker().to("page-").progress, ())
    assert [each.rule for each in check_turn(visit_of(silent, "page-x"), GUIDE, LIMITS)] == ["answer"]
    asked = Walker().to("page-").hear_nothing()
    early = replace(asked, effects=(Keep("x", 1, "answer", "words"),))
    assert [each.rule for each in check_turn(visit_of(early, "page-x"), GUIDE, LIMITS)] == ["kept before consent"]


def test_a_message_or_button_that_cannot_be_sent_is_named() -> None:
    turn = Walker().to("question-").hear_nothing()
    too_long = replace(turn, says=(*turn.says, Say("x" * 4097, ((Button("y" * 41, "help:" + "z" * 60),),))))
    rules = [each.rule for each in check_turn(visit_of(too_long, "question-x"), GUIDE, LIMITS)]
    assert rules[:3] == ["message length", "button length", "button length"]


def test_a_walk_that_comes_to_no_end_is_named() -> None:
    walk = walk_through(GUIDE, START)
    assert list(check_reach(walk, GUIDE)) == []
    kept = frozenset(edge for edge in walk.edges if edge[1][0] not in ("end", "left"))
    found = list(check_reach(replace(walk, edges=kept), GUIDE))
    assert {each.rule for each in found} == {"end"}
    fewer = tuple(visit for visit in walk.visits if visit.place[0] != "question-helped_why")
    assert "steps.question-helped_why" in [each.place for each in check_reach(replace(walk, visits=fewer), GUIDE)]


def test_a_sensitive_topic_without_its_yes_or_its_check_in_is_named() -> None:
    topic = next(each for each in GUIDE.topics if each.sensitive)
    walker = Walker().to(f"topic-{topic.id}")
    assert walker.progress is not None
    steps = [step for step in plan(GUIDE, walker.progress) if step.topic is topic]
    opening = visit_of(walker.hear_nothing(), f"topic-{topic.id}")
    assert list(check_sensitive(topic, steps, opening)) == []
    assert "check-in" in next(check_sensitive(topic, steps[:-1], opening)).words
    plain = visit_of(stripped(opening.turn, "no"), opening.place[0])
    assert "wait for a yes" in next(check_sensitive(topic, steps, plain)).words


# --- The rules themselves, and the door ---------------------------------------------------------------------------


def test_an_exception_needs_a_name_and_a_reason_and_is_idle_when_it_is_not_needed(tmp_path: Path) -> None:
    exception = (
        '[[exceptions]]\nguide = "relational-practice"\nplace = "{}"\nrule = "banned words"\nwhy = "A test of it."\n'
    )
    own = tmp_path / "language.toml"
    own.write_text(
        LANGUAGE.read_text("utf-8") + exception.format("information.*") + exception.format("ending.thanks"), "utf-8"
    )
    guide = load_guide(str(copy(tmp_path, PAGE, "We ask every patient. ")))
    assert "information.who_and_why.text" in [each.place for each in content_of(guide)]
    found = check_guide(guide, TODAY, read_rulebook(own))
    assert [each for each in found if each.place.startswith("information")] == []
    assert [(each.file, each.place) for each in found] == [("language.toml", "ending.thanks")]
    own.write_text(LANGUAGE.read_text("utf-8") + exception.replace("A test of it.", "x"), "utf-8")
    with pytest.raises(GuideError, match=r"exceptions\[\d\].why"):
        read_rulebook(own)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[limits.default]", "[limits.other]", "default"),
        ("grade = 6.0", "grade = -1", "limits.default.grade"),
        ('why = "There is no hurry."\n', "", "this is needed"),
    ],
)
def test_a_broken_rulebook_says_what_to_mend(old: str, new: str, expected: str, tmp_path: Path) -> None:
    own = tmp_path / "language.toml"
    own.write_text(LANGUAGE.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(GuideError) as caught:
        read_rulebook(own)
    assert "language.toml" in str(caught.value)
    assert expected in str(caught.value)


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flows", "check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_door_exits_1_where_there_is_something_to_mend(tmp_path: Path) -> None:
    done = check(str(copy(tmp_path, PAGE, "We ask every patient. ")))
    assert done.returncode == 1
    assert "guide.toml: information.who_and_why.text: banned words: “patient”" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_door_lists_every_text_on_wish() -> None:
    done = check("relational-practice", "--texts")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing has to be mended." in done.stdout
    assert done.stdout.count(".toml: ") >= len(list(texts_of(load_guide("relational-practice"))))
