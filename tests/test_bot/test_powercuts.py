"""kill -9 at random moments, with Telegram's faults on: nothing lost, nothing doubled, everybody comes to the end."""

from pathlib import Path

import pytest

from tests.test_bot.conftest import CODE, House
from tests.test_bot.powercuts import play
from tests.test_bot.test_doors import bot_process


@pytest.mark.timeout(600)
async def test_a_dozen_power_cuts_lose_nothing_double_nothing_and_stop_nobody(house: House, tmp_path: Path) -> None:
    """Five people here; 200 people and 300 cuts in `make soak`."""
    story = await play(house.messenger, lambda: bot_process(house, tmp_path / "log"), people=5, cuts=12, code=CODE)
    assert story.cuts == 12
    story.check(await house.answers())
    log = (tmp_path / "log").read_text()
    assert "person" not in log.replace("somebody", "")
    assert "Traceback" not in log
