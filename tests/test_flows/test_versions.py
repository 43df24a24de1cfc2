"""Coming back after weeks: to a newer program, a newer guide, a changed information sheet, another language."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from flows import formats as guide_formats
from flows.errors import GuideError, NoSuchVersion
from flows.library import GUIDES, SHARED, languages_of, load_guide
from flows.progress import UPGRADES, Progress, read_progress
from flows.turn import Agree, ForgetEverything, Keep, Pressed, Said
from tests.test_flows.walking import GUIDE, Walker

SAMPLES = Path(__file__).parent / "progress"
QUESTION = f"question-{GUIDE.topics[0].questions[0].id}"


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_progress_of_every_older_format_is_brought_up(sample: Path) -> None:
    raw = json.loads(sample.read_text())
    progress = read_progress(sample.read_bytes())
    assert progress.format == 4
    for name in ("at", "state", "code", "consent", "skipped"):
        kept = json.loads(progress.model_dump_json())[name]
        assert kept == raw[name]
    assert read_progress(progress.model_dump_json().encode()) == progress


def test_every_upgrade_has_a_sample() -> None:
    assert {f"format-{number}" for number in UPGRADES} == {path.stem for path in SAMPLES.glob("*.json")}


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"format": 99}', b"\xff"])
def test_what_is_no_progress_is_refused(raw: bytes) -> None:
    with pytest.raises((ValueError, AttributeError)):
        read_progress(raw)


def newer(**changes: object) -> Walker:
    """Somebody at their first question, whose guide has moved on."""
    walker = Walker().to(QUESTION)
    walker.guide = GUIDE.model_copy(update={"version": GUIDE.version + 1, **changes})
    return walker


def test_a_new_version_with_the_same_information_is_told_and_loses_nothing() -> None:
    walker = newer()
    walker.say("They rang me back.")
    assert "changed" in walker.text
    assert [effect.text for effect in walker.last if isinstance(effect, Keep)] == ["They rang me back."]
    walker.say("Every week.")
    assert "changed" not in walker.text


def test_a_changed_information_sheet_asks_again_and_then_goes_on_at_the_same_place() -> None:
    page = GUIDE.information[0].model_copy(update={"text": "We have a new partner in this work."})
    walker = newer(information=(page, *GUIDE.information[1:]))
    walker.say("They rang me back.")
    assert "read it again" in walker.text
    assert "new partner" in walker.text
    assert not [effect for effect in walker.last if isinstance(effect, Keep)]
    for _ in range(40):
        if walker.at == QUESTION:
            break
        walker.say("and another thing")
        assert not [effect for effect in walker.last if isinstance(effect, Keep)], "nothing is kept until they agree"
        walker.usual()
    assert walker.at == QUESTION
    assert [effect.wording for effect in walker.effects if isinstance(effect, Agree)] == [
        GUIDE.wording,
        walker.guide.wording,
    ]


def test_who_says_no_the_second_time_stops_there_and_can_still_delete() -> None:
    page = GUIDE.information[0].model_copy(update={"text": "We have a new partner in this work."})
    walker = newer(information=(page, *GUIDE.information[1:]))
    walker.say("hello")
    while walker.at != "consent-take_part":
        walker.usual()
    walker.press("no")
    assert walker.progress is not None
    assert walker.progress.state == "stopped"
    walker.press("delete")
    walker.press("delete", "all")
    assert walker.progress is None


def test_only_their_own_wish_deletes_what_somebody_said_before() -> None:
    page = GUIDE.information[0].model_copy(update={"text": "We have a new partner in this work."})
    for verb in ("no", "skip"):
        walker = newer(information=(page, *GUIDE.information[1:]))
        walker.say("hello")
        while not walker.at.startswith("eligible-"):
            walker.usual()
        walker.press(verb)
        assert walker.progress is not None
        assert walker.progress.state == "stopped"
        assert not any(isinstance(effect, ForgetEverything) for effect in walker.effects)


@pytest.mark.parametrize("wish", ["help", "stop", "delete everything please"])
def test_rights_are_heard_at_once_even_when_everything_has_changed(wish: str) -> None:
    page = GUIDE.information[0].model_copy(update={"text": "We have a new partner in this work."})
    walker = newer(information=(page, *GUIDE.information[1:]))
    walker.say(wish)
    assert "read it again" not in walker.text


def test_a_question_that_is_gone_breaks_nobody() -> None:
    topic = GUIDE.topics[0]
    fewer = topic.model_copy(update={"questions": topic.questions[1:]})
    walker = newer(topics=(fewer, *GUIDE.topics[1:]))
    walker.say("They rang me back.")
    assert "changed" in walker.text
    assert walker.at.startswith("question-")
    assert walker.at != QUESTION
    walker.hear(Pressed(f"done:{QUESTION}"))
    assert "earlier message" in walker.text
    walker.hear(Said("Now this one."))
    assert [effect.text for effect in walker.last if isinstance(effect, Keep)] == ["Now this one."]


def test_progress_does_not_grow_with_what_was_written() -> None:
    walker = Walker().to(QUESTION)
    for _ in range(50):
        walker.say("x" * 4000)
    assert walker.progress is not None
    assert len(walker.progress.model_dump_json()) < 2000


# --- Versions and languages as files ---------------------------------------------------------------------------------


def copy_of_the_guide(folder: Path) -> Path:
    mine = folder / "mine"
    shutil.copytree(GUIDES / "relational-practice", mine)
    return mine


def test_an_older_version_is_found_beside_the_present_one(tmp_path: Path) -> None:
    mine = copy_of_the_guide(tmp_path)
    (mine / "versions" / "1").mkdir(parents=True)
    text = (mine / "guide.toml").read_text()
    (mine / "versions" / "1" / "guide.toml").write_text(text)
    (mine / "guide.toml").write_text(text.replace("\nversion = 1\n", "\nversion = 2\n", 1))
    assert load_guide(str(mine)).version == 2
    assert load_guide(str(mine), 1).version == 1
    with pytest.raises(NoSuchVersion):
        load_guide(str(mine), 7)


def in_format_1(folder: Path) -> Path:
    """The shipped guide as it was written in format 1: the sample, with a shared file of its own from then."""
    mine = folder / "mine"
    shutil.copytree(SAMPLES.parent / "guides" / "format-1", mine)
    return mine


def test_a_guide_in_the_first_format_still_loads_and_can_be_walked_to_its_end(tmp_path: Path) -> None:
    guide = load_guide(str(in_format_1(tmp_path)))
    assert guide.format == 2
    assert guide.later_rounds is None
    assert all(topic.note is None and "skip" in topic.opening.casefold() for topic in guide.topics)
    walker = Walker(guide).to("how_was_this")
    walker.say("pause")
    assert any(data.startswith("choose:remind:") for data in walker.offered), "what came later is said in shared words"
    assert "You can come back today." in walker.text, "its own sentences stay its own"


def test_every_format_has_a_sample() -> None:
    folders = {folder.name for folder in (SAMPLES.parent / "guides").iterdir() if folder.is_dir()}
    assert folders == {f"format-{number}" for number in guide_formats.UPGRADES}


def test_somebody_on_an_older_version_in_an_older_format_stays_on_it(tmp_path: Path) -> None:
    mine = copy_of_the_guide(tmp_path)
    (mine / "guide.toml").write_text((mine / "guide.toml").read_text().replace("\nversion = 1\n", "\nversion = 2\n", 1))
    shutil.copytree(in_format_1(tmp_path / "old"), mine / "versions" / "1")
    assert load_guide(str(mine)).version == 2
    older = load_guide(str(mine), 1)
    assert (older.version, older.later_rounds) == (1, None)


def backwards(value: object, key: str = "") -> object:
    """Every text of a guide with a mark, as a translation would be; ids kept, nothing else."""
    keep = {"id", "pattern"}
    match value:
        case str():
            return value if key in keep else f"{value} »"
        case list():
            return [backwards(each, key) for each in value]
        case dict():
            return {name: backwards(each, name) for name, each in value.items() if not isinstance(each, bool | int)}
    return value


def write_toml(path: Path, content: dict[str, object]) -> None:
    """JSON strings, numbers and inline tables are TOML, where every value is on one line."""
    path.write_text("\n".join(f"{key} = {_inline(value)}" for key, value in content.items()), "utf-8")


def _inline(value: object) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{key} = {_inline(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(_inline(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def translated(tmp_path: Path) -> Path:
    mine = copy_of_the_guide(tmp_path)
    drop = {"format", "version", "id", "language", "framework", "minutes", "withdraw_days", "time_to_think_hours"}
    for name in ("guide", "words", "contacts"):
        source = mine / "guide.toml" if name == "guide" else SHARED / f"{name}.toml"
        content = {key: value for key, value in tomllib.loads(source.read_text()).items() if key not in drop}
        for topic in content.get("topics", []):
            for question in topic["questions"]:
                question.pop("invites")
                for follow_up in question.get("follow_ups", []):
                    follow_up.pop("invites", None)
        content.pop("checked", None)
        if name != "guide":
            shutil.copy(source, mine / f"{name}.toml")
        write_toml(mine / f"{name}.cy.toml", backwards(content))  # type: ignore[arg-type]
    return mine


def test_a_translation_gives_the_same_guide_in_other_words(tmp_path: Path) -> None:
    mine = translated(tmp_path)
    assert languages_of(str(mine)) == ["en", "cy"]
    english, welsh = load_guide(str(mine)), load_guide(str(mine), language="cy")
    assert welsh.language == "cy"
    assert [topic.id for topic in welsh.topics] == [topic.id for topic in english.topics]
    assert welsh.topics[0].questions[0].invites == english.topics[0].questions[0].invites
    assert welsh.topics[0].questions[0].text.endswith("»")
    assert welsh.wording != english.wording


def test_a_text_without_its_translation_is_named(tmp_path: Path) -> None:
    mine = translated(tmp_path)
    file = mine / "guide.cy.toml"
    content = tomllib.loads(file.read_text())
    del content["topics"][2]["questions"][0]["text"]
    content["nonsense"] = "x"
    write_toml(file, content)
    with pytest.raises(GuideError) as caught:
        load_guide(str(mine), language="cy")
    first = GUIDE.topics[2].questions[0].id
    assert f"topics[{GUIDE.topics[2].id}].questions[{first}].text" in str(caught.value)
    assert "nonsense" in str(caught.value)
    with pytest.raises(GuideError, match=r"guide.fr.toml"):
        load_guide(str(mine), language="fr")


def test_a_scale_is_answered_with_one_press_or_in_words() -> None:
    topic = GUIDE.topics[0]
    options = tuple(option.model_copy(update={"reply": None}) for option in GUIDE.ending.how_was_this.options[:3])
    scale = topic.questions[0].model_copy(update={"options": options, "follow_ups": ()})
    guide = GUIDE.model_copy(update={"topics": (topic.model_copy(update={"questions": (scale,)}), *GUIDE.topics[1:])})
    walker = Walker(guide).to(QUESTION)
    walker.say("It is not a number to me.")
    walker.hear(Pressed(f"choose:{QUESTION}:{options[0].id}"))
    name = QUESTION.removeprefix("question-")
    kept = [(effect.question, effect.kind) for effect in walker.effects if isinstance(effect, Keep)]
    assert kept == [(name, "answer"), (f"choice_{name}", "choice")]
    assert walker.at != QUESTION


def test_begun_progress_is_the_smallest() -> None:
    assert Progress(guide="g", guide_version=1, service="s", session="x", code="c").at == "arrival"
