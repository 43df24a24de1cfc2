"""`python -m flows`: as somebody types it."""

import subprocess
import sys

import pytest


def flows(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flows", *arguments]
    return subprocess.run(command, input=typed, capture_output=True, text=True, timeout=60, check=False)


def test_check_tells_the_size_of_a_guide() -> None:
    done = flows("check", "relational-practice")
    assert done.returncode == 0
    assert "topics" in done.stdout


def test_check_of_an_unknown_guide_is_one_sentence_and_exit_1() -> None:
    done = flows("check", "no-such-guide")
    assert (done.returncode, done.stdout) == (1, "")
    assert "relational-practice" in done.stderr
    assert "Traceback" not in done.stderr


def test_rehearse_walks_from_arrival_to_an_answer_and_out() -> None:
    to_the_topics = "1\n" * 30
    typed = to_the_topics + "done\n2\n1\nThey rang me back.\nstop\ndelete\nyes\n"
    done = flows("rehearse", typed=typed)
    assert done.returncode == 0, done.stderr
    assert "[keep]" in done.stdout
    assert "[forgeteverything]" in done.stdout
    assert "Traceback" not in done.stderr


def test_rehearse_lets_the_time_come_that_something_is_scheduled_for() -> None:
    done = flows("rehearse", "pulse", typed="/later\npause\n2\n/later\n")
    assert done.returncode == 0, done.stderr
    assert "nothing is scheduled" in done.stdout
    assert "[schedule pause 20" in done.stdout
    assert "You asked us to remind you" in done.stdout


@pytest.mark.parametrize("arguments", [["check", "--no-such-option"], ["no-such-command"]])
def test_wrong_use_is_exit_2(arguments: list[str]) -> None:
    assert flows(*arguments).returncode == 2
