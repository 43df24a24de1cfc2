"""kill -9 at random moments, with Telegram's faults on: nothing lost, nothing doubled, everybody comes to the end."""

import os
from pathlib import Path

import pytest

from tests.test_bot.conftest import CODE, House
from tests.test_bot.powercuts import play
from tests.test_bot.test_doors import bot_process

#: 200 people and 300 cuts in `make soak`.
CUTS = int(os.environ.get("HEARTEN_TEST_KILLS", "12"))
PEOPLE = int(os.environ.get("HEARTEN_TEST_PEOPLE", "5"))


@pytest.mark.timeout(0 if CUTS > 12 else 600)
async def test_a_dozen_power_cuts_lose_nothing_double_nothing_and_stop_nobody(house: House, tmp_path: Path) -> None:
    story = await play(
        house.messenger, lambda: bot_process(house, tmp_path / "log"), people=PEOPLE, cuts=CUTS, code=CODE
    )
    assert story.cuts == CUTS
    story.check(await house.answers())
    log = (tmp_path / "log").read_text()
    assert "person" not in log.replace("somebody", "")
    assert "Traceback" not in log
