"""Frameworks, cues and exemplars as data: ids kept, rules checked, errors that say what to do."""

from pathlib import Path

import pytest

from analysis.cues import read_cues
from analysis.errors import ContentError
from analysis.exemplars import read_exemplars
from analysis.frameworks import framework_ids, read_crosswalk, read_framework

OWN = """
id = "ours"
title = "Ours"
version = 1
source = "Our own"
[[themes]]
id = "people"
title = "People"
[[themes.subthemes]]
id = "kind"
title = "Kind"
covers = "Warm and kind staff."
[[themes.subthemes]]
id = "slow"
title = "Slow"
covers = "Long waiting lists and waiting."
"""


@pytest.mark.parametrize(
    ("name", "themes", "subthemes"),
    [("relational_practice", 4, 16), ("service_user_synthesis", 5, 18), ("clinician_synthesis", 6, 9)],
)
def test_shipped_frameworks_have_their_publications_themes(name: str, themes: int, subthemes: int) -> None:
    framework = read_framework(name)
    assert (len(framework.themes), len(framework.subthemes)) == (themes, subthemes)
    assert len(framework.sha256) == 64


def test_every_shipped_framework_has_exemplars_and_cues_for_each_subtheme() -> None:
    assert len(framework_ids()) == 3
    for name in framework_ids():
        framework = read_framework(name)
        ids = {each.id for each in framework.subthemes}
        taught = [each.subtheme for voice in read_exemplars(framework).values() for each in voice]
        assert min(taught.count(each) for each in ids) >= 6
        assert {cue.subtheme for cue in read_cues(framework)} == ids


def test_the_crosswalk_names_only_what_exists_and_keeps_gaps_visible() -> None:
    crosswalk = read_crosswalk()
    known = {each.id for each in read_framework().subthemes}
    for name, table in crosswalk.root.items():
        assert set(table) == {each.id for each in read_framework(name).subthemes}
        assert all(set(met) <= known for met in table.values())
    assert crosswalk.meets("clinician_synthesis", "clinician_needs") == ()


def test_a_framework_of_your_own_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(OWN, encoding="utf-8")
    assert [each.id for each in read_framework(str(path)).subthemes] == ["kind", "slow"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('id = "slow"', 'id = "kind"'), "kind stands there twice"),
        (('covers = "Warm and kind staff."', ""), "themes.0.subthemes.0.covers is missing: add it"),
        (("version = 1", 'version = "new"'), "version breaks a rule"),
        (("version = 1", "version = 1\ncolour = 2"), "colour is not known here"),
        (("version = 1", "version ="), "is not valid TOML"),
    ],
)
def test_a_broken_framework_says_where_and_how_to_mend(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(OWN.replace(*change), encoding="utf-8")
    with pytest.raises(ContentError, match=says) as caught:
        read_framework(str(path))
    assert "ours.toml" in str(caught.value)


def test_an_unknown_framework_lists_the_known_ones() -> None:
    with pytest.raises(ContentError, match="clinician_synthesis, relational_practice, service_user_synthesis"):
        read_framework("grounded_theory")
