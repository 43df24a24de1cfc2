"""The study's own list forgives capitals and slips, has one placeholder in the whole study, and names a bad line."""

from pathlib import Path

import pytest

from analysis.deidentify import Placeholders, deidentify
from analysis.errors import ContentError
from analysis.masking import MaskByPerson
from analysis.studylist import StudyList, read_study_list
from tests.test_reports.invented import answer

LIST = """\ufeff# The study's list
staff, Janet Blackwood, JB
staff, Will Young
ward, Juniper Ward

place, Northtown
"""


@pytest.fixture
def study(tmp_path: Path) -> StudyList:
    path = tmp_path / "list.csv"
    path.write_text(LIST, "utf-8")
    return read_study_list(path)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("janet blackwood rang", "[STAFF_S1] rang"),
        ("i told jannet blakwood", "i told [STAFF_S1]"),
        ("BLACKWOOD again, and jb", "[STAFF_S1] again, and [STAFF_S1]"),
        ("it was loud on juniper", "it was loud on [WARD_S1]"),
        ("northtwon is grim", "[PLACE_S1] is grim"),
        ("will you ring? Ask for Will.", "will you ring? Ask for [STAFF_S1]."),
        ("a young person", "a young person"),
    ],
)
def test_the_list_is_found_as_people_write(study: StudyList, text: str, clean: str) -> None:
    assert deidentify(text, Placeholders(Placeholders()), [study]).text == clean


def test_one_placeholder_in_the_whole_study(study: StudyList) -> None:
    mask = MaskByPerson([study])
    first = mask(answer("one", "janet blackwood and my sister Bronwyn")).text
    second = mask(answer("two", "I saw Will Young and Janet, and my sister Mairead")).text
    assert first == "[STAFF_S1] and my sister [FAMILY_1]"
    assert second == "I saw [STAFF_S2] and [STAFF_S1], and my sister [FAMILY_1]"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("staff, Janet\nnurse, Anna\n", "list.csv, line 2: begin it with what it is"),
        ("staff,\n", "line 1: there is no name"),
        ("ward, ?\n", "line 1: a name needs"),
        ("just words\n", "line 1: begin it"),
    ],
)
def test_a_bad_line_is_named_and_not_quoted(tmp_path: Path, lines: str, says: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(lines, "utf-8")
    with pytest.raises(ContentError, match=r"list\.csv, line") as refused:
        read_study_list(path)
    assert says in str(refused.value)
    assert "Janet" not in str(refused.value)
    assert "Anna" not in str(refused.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"staff, \xff\xfe\n")
    with pytest.raises(ContentError, match="UTF-8"):
        read_study_list(path)
    with pytest.raises(ContentError, match="exists"):
        read_study_list(tmp_path / "none.csv")
