"""Setting the stage: keys, settings and folders of the demo, made at the first start and found again at the next."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.settings import BotSettings
from storage.keyfiles import write_new
from storage.keys import make_research_key

#: Any token in Telegram's form will do: the local messenger of the demo is the only one that ever sees it.
TOKEN_NUMBER = 100_200_300

SERVICES = Path(__file__).parent / "services.toml"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo keeps things. `research_key` and `passphrase` belong on a researcher's machine, not here."""

    folder: Path
    research_key: Path
    passphrase: Path
    played: Path

    def settings(self, telegram_api: str, token: str) -> BotSettings:
        """The bot's settings for this stage, whatever the environment says."""
        return BotSettings(
            telegram_token=SecretStr(token),
            telegram_api=telegram_api,
            services=SERVICES,
            **self._storage(),  # type: ignore[arg-type]  # the names are checked by pydantic
        )

    def environment(self) -> dict[str, str]:
        """The settings that the analysis needs, as environment variables."""
        values = {name: str(value) for name, value in self._storage().items()}
        values |= {"passphrase_file": str(self.passphrase), "services": str(SERVICES)}
        values["desk"] = str(self.research_key.parent.resolve() / "desk.db")
        return {f"HEARTEN_{name.upper()}": value for name, value in values.items()}

    def _storage(self) -> dict[str, object]:
        folder = self.folder.resolve()
        return {
            "database_url": f"sqlite+aiosqlite:///{folder / 'hearten.db'}",
            "keyring_url": f"sqlite+aiosqlite:///{folder / 'keyring' / 'keyring.db'}",
            "recipients": folder / "recipients",
            "bot_key": folder / "bot.key",
        }


def set_stage(folder: Path) -> Stage:
    """Make what is missing. The passphrase is a fresh random one that only this demo has."""
    researcher = folder / "researcher"
    stage = Stage(folder, researcher / "research.key", researcher / "passphrase", folder / "played")
    (folder / "recipients").mkdir(parents=True, exist_ok=True)
    researcher.mkdir(mode=0o700, exist_ok=True)
    if not stage.research_key.exists():
        passphrase = secrets.token_urlsafe(24)
        private, public = make_research_key(passphrase, "demo")
        stage.passphrase.unlink(missing_ok=True)
        write_new(stage.passphrase, passphrase + "\n", 0o600)
        (folder / "recipients" / "research.pub").unlink(missing_ok=True)
        write_new(folder / "recipients" / "research.pub", public, 0o644)
        write_new(stage.research_key, private, 0o600)
    return stage


def make_token() -> str:
    return f"{TOKEN_NUMBER}:{secrets.token_urlsafe(24)}"
