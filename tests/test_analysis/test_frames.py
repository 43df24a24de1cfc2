"""Frames beside each other, and pictures: gaps stay visible, pictures are well formed and say what they show."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.frames import Through, hold_mirrors, unseen_by_crosswalk
from analysis.frameworks import read_crosswalk, read_framework
from analysis.pictures import draw_crosswalk

SVG = "{http://www.w3.org/2000/svg}"


def write(file: Path, *texts: str) -> Path:
    file.write_text("".join(json.dumps({"id": at, "text": text}) + "\n" for at, text in enumerate(texts)), "utf-8")
    return file


def test_frames_lays_answers_through_all_frameworks_and_holds_two_mirrors(tmp_path: Path) -> None:
    answers = write(
        tmp_path / "a.jsonl", "I waited two years on a waiting list.", "We went to the beach and had chips."
    )
    staff = write(
        tmp_path / "s.jsonl", "Our waiting list is two years and patients are passed from service to service."
    )
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["frames", str(answers), "-o", str(out), "--staff", str(staff)])
    assert result.exit_code == 0, result.output
    told = json.loads((out / "frames.json").read_text("utf-8"))
    by_name = {each["framework"]: each for each in told["frameworks"]}
    assert len(by_name) == 3
    assert by_name["relational_practice"]["subthemes"]["timely_support"] == 1
    assert by_name["relational_practice"]["without_theme"] == 1
    assert by_name["service_user_synthesis"]["subthemes"]["access"] == 1
    mirrors = {each["subtheme"]: each for each in told["mirrors"]}
    assert mirrors["timely_support"]["seen_by"] == "both"
    assert mirrors["compassion"]["seen_by"] == "neither"
    assert told["staff_no_counterpart"] == {"clinician_needs": 0}
    assert {each.name for each in out.iterdir()} == {
        "frames.json",
        "clinician_synthesis.svg",
        "service_user_synthesis.svg",
    }


def test_a_thing_that_only_one_side_sees_is_named() -> None:
    users = Through(framework="relational_practice", answers=3, without_theme=0, subthemes={"locality_consistency": 2})
    staff = Through(
        framework="clinician_synthesis", answers=2, without_theme=0, subthemes={"new_services": 1, "clinician_needs": 2}
    )
    rows = {each.subtheme: each for each in hold_mirrors(users, staff)}
    assert rows["locality_consistency"].seen_by == "service users only"
    assert (rows["staff_knowledge"].seen_by, rows["staff_knowledge"].staff) == ("staff only", 1)
    assert rows["multiple_needs"].counterparts == ()
    assert unseen_by_crosswalk(staff, read_crosswalk().root["clinician_synthesis"]) == {"clinician_needs": 2}


def test_the_crosswalk_is_drawn_with_a_line_for_each_meeting_and_gaps_said() -> None:
    meets = read_crosswalk().root["service_user_synthesis"]
    drawn = draw_crosswalk(read_framework("service_user_synthesis"), read_framework(), meets)
    root = ET.fromstring(drawn)  # noqa: S314 - our own picture
    assert len(root.findall(f"{SVG}path")) == sum(len(met) for met in meets.values())
    words = [each.text or "" for each in root.findall(f"{SVG}text")]
    assert "Recovery" in words
    assert any(each.endswith("(no counterpart)") for each in words)
    assert root.get("role") == "img"
    assert "no counterpart" in (root.findtext(f"{SVG}desc") or "")


def test_the_confusion_is_drawn_and_told(tmp_path: Path) -> None:
    gold, picture = tmp_path / "gold.jsonl", tmp_path / "picture.svg"
    gold.write_text(
        '{"id":1,"text":"I waited a year for an appointment.","subtheme":"timely_support"}\n'
        '{"id":2,"text":"I waited a year for an appointment!","subtheme":"compassion"}\n'
        '{"id":3,"text":"We had chips on the beach.","subtheme":"none"}\n'
    )
    result = CliRunner().invoke(app, ["evaluate", str(gold), "--engine", "lexical", "--picture", str(picture)])
    assert result.exit_code == 0, result.output
    numbers = json.loads(result.output)
    assert numbers["confusion"] == {"compassion": {"timely_support": 1}, "timely_support": {"timely_support": 1}}
    assert (numbers["n"], numbers["abstained"], numbers["engine"]) == (2, 1.0, "lexical")
    root = ET.fromstring(picture.read_text("utf-8"))  # noqa: S314 - our own picture
    assert root.findtext(f"{SVG}desc") == "Compassion: 1 of 1 taken for Timely support"
    assert len(root.findall(f"{SVG}rect")) == 16 * 16 + 1
