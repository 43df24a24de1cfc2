"""Fixtures for every room.

`browser` is Debian's Chromium, launched once for the whole run. Tests that use it carry `@pytest.mark.browser`; they
all share one event loop, which is arranged here, and say in one line when there is no Chromium.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from playwright.async_api import Browser

CHROMIUM = Path("/usr/bin/chromium")
INSTALLED = CHROMIUM.exists()
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",  # a microphone that beeps, and nobody asked for leave
    "--use-fake-ui-for-media-stream",
]


left_out: list[pytest.Item] = []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests run in the session's event loop, where the browser lives, or not at all without a browser."""
    chosen = [item for item in items if item.get_closest_marker("browser")]
    for item in chosen:
        item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
    if not INSTALLED and chosen:
        left_out.extend(chosen)
        items[:] = [item for item in items if item not in chosen]
        config.hook.pytest_deselected(items=chosen)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for all tests that had no browser."""
    if left_out:
        count = f"SKIPPED [{len(left_out)}] browser tests"
        terminalreporter.write_line(f"{count}: there is no {CHROMIUM} here; install Debian's chromium to run them.")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator["Browser"]:
    """A running Chromium; use `browser.new_context()` for each test."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 (only where there is a browser)

    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        await chromium.close()
