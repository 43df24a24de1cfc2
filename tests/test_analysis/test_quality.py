"""How well the engines do on the held-back set: floors that a change must not fall through, and aims as strict xfails.

The held-back texts (tests/heldback) are invented, by one hand. Nothing is learned from them; the thresholds of the gate
were chosen on half of them, so what they say about abstention flatters a little (docs/coding.md).
"""

import json
from functools import cache
from pathlib import Path

import pytest

from analysis.engines import open_coder
from analysis.evaluate import Evaluation, Gold, evaluate
from analysis.exemplars import Told, read_exemplars, read_themeless, read_told
from analysis.frameworks import framework_ids, read_framework
from analysis.stance import STANCES

HELD_BACK = Path(__file__).parents[1] / "heldback"


def read(name: str) -> list[Gold]:
    return [Gold.model_validate_json(line) for line in (HELD_BACK / f"{name}.jsonl").read_text("utf-8").splitlines()]


@cache
def measured(engine: str, framework: str) -> Evaluation:
    coder = open_coder(framework, engine)
    gold = read(framework) + read("none") + read("none_more")
    return evaluate(gold, coder.code_many((each.text, ()) for each in gold), coder, coder.stances)


@pytest.mark.parametrize(
    ("engine", "framework", "floors"),
    [
        ("lexical", "relational_practice", {"top1": 0.6, "top3": 0.86, "kappa": 0.58, "stance": 0.72, "coded": 0.88}),
        ("semantic", "relational_practice", {"top1": 0.7, "top3": 0.88, "kappa": 0.68, "stance": 0.74, "coded": 0.9}),
        ("lexical", "service_user_synthesis", {"top1": 0.72, "top3": 0.83, "coded": 0.9}),
        ("semantic", "service_user_synthesis", {"top1": 0.77, "top3": 0.94, "coded": 0.9}),
    ],
)
def test_engines_do_at_least_this_well(engine: str, framework: str, floors: dict[str, float]) -> None:
    result = measured(engine, framework)
    below = {name: getattr(result, name) for name, floor in floors.items() if getattr(result, name) < floor}
    assert not below
    assert result.abstained is not None
    assert result.abstained >= 0.85


def test_the_semantic_engine_adds_to_the_lexical_one() -> None:
    for framework in ("relational_practice", "service_user_synthesis"):
        lexical, semantic = measured("lexical", framework), measured("semantic", framework)
        assert (semantic.top1 or 0) > (lexical.top1 or 1)
        assert (semantic.stance or 0) > (semantic.stance_textblob or 1)


@pytest.mark.xfail(strict=True, reason="aim of .85: words and the small model together reach about .75")
def test_aim_stance_with_the_small_model() -> None:
    assert (measured("semantic", "relational_practice").stance or 0) >= 0.85


@pytest.mark.parametrize("engine", ["lexical", "semantic"])
@pytest.mark.parametrize("framework", ["relational_practice", "service_user_synthesis"])
def test_hardly_any_themed_text_is_lost_where_what_has_no_theme_gets_none(engine: str, framework: str) -> None:
    result = measured(engine, framework)
    assert (result.abstained or 0) >= 0.9
    assert (result.coded or 0) >= 0.9


@cache
def told_rightly(engine: str) -> dict[str, float]:
    """The share of held-back texts of each stance that are told rightly."""
    stances = open_coder(engine=engine).stances
    right: dict[str, list[bool]] = {}
    for line in (HELD_BACK / "stance.jsonl").read_text("utf-8").splitlines():
        each = Told.model_validate_json(line)
        right.setdefault(each.stance, []).append(stances.tell(each.text) == each.stance)
    return {stance: sum(hits) / len(hits) for stance, hits in right.items()}


@pytest.mark.parametrize(
    ("engine", "floors"),
    [
        ("lexical", {"help": 0.55, "harm": 0.7, "wish": 0.75, "mixed": 0.2, "neither": 0.45}),
        ("semantic", {"help": 0.55, "harm": 0.7, "wish": 0.85, "mixed": 0.2, "neither": 0.55}),
    ],
)
def test_every_stance_is_recognised_this_often(engine: str, floors: dict[str, float]) -> None:
    shares = told_rightly(engine)
    assert shares.keys() == floors.keys()
    assert not {stance: share for stance, share in shares.items() if share < floors[stance]}


@pytest.mark.xfail(strict=True, reason="a text that praises and blames is often given the louder of the two")
def test_aim_most_mixed_texts_are_recognised() -> None:
    assert told_rightly("semantic")["mixed"] >= 0.5


def test_there_are_enough_exemplars_in_several_voices_and_lengths() -> None:
    framework = read_framework()
    voices = read_exemplars(framework)
    taught = [each for voice in voices.values() for each in voice]
    assert len(voices) == 5
    for subtheme in framework.subthemes:
        own = [each for each in taught if each.subtheme == subtheme.id]
        assert len(own) >= 60
        assert {"help", "harm", "wish"} <= {each.stance for each in own}
        lengths = sorted(len(each.text) for each in own)
        assert lengths[len(own) // 10] < 100
        assert lengths[-len(own) // 10] > 200
    assert len(read_themeless()) >= 500
    told = [each.stance for voice in read_told().values() for each in voice]
    assert len(told) >= 1200
    assert all(told.count(stance) >= 150 for stance in STANCES)


def test_nothing_is_learned_from_what_is_held_back_or_ambiguous() -> None:
    voices = [voice for name in framework_ids() for voice in read_exemplars(read_framework(name)).values()]
    taught = {each.text for voice in voices for each in voice} | {each.text for each in read_themeless()}
    taught |= {each.text for voice in read_told().values() for each in voice}
    lines = [line for file in HELD_BACK.glob("*.jsonl") for line in file.read_text("utf-8").splitlines()]
    held_back = {json.loads(line)["text"] for line in lines}
    folder = Path(__file__).parents[2] / "analysis" / "exemplars"
    files = [folder / "ambiguous.jsonl", folder / "stance_ambiguous.jsonl"]
    doubtful = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    assert len(held_back) > 400
    assert not taught & held_back
    assert not taught & {each["text"] for each in doubtful}
    assert all(each["first"] != each["second"] for each in doubtful)
