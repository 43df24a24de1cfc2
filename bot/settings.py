"""Settings of the bot: those of storage, and how it reaches Telegram. All are `HEARTEN_*` environment variables."""

import re
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from storage.settings import StorageSettings

TELEGRAM = "https://api.telegram.org"
SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")


class BotSettings(StorageSettings):
    """Secrets are `SecretStr`: they are shown in no error, log line or representation."""

    telegram_token: SecretStr
    telegram_token_file: Path | None = None
    telegram_api: str = TELEGRAM
    guide: str = "relational-practice"
    services: Path = Path("services.toml")
    webhook_url: str = ""
    webhook_secret: SecretStr = SecretStr("")
    webhook_secret_file: Path | None = None
    webhook_port: int = Field(default=8443, ge=1, le=65535)
    messages_per_second: float = Field(default=30.0, ge=0, le=1000)
    status_host: str = "127.0.0.1"
    status_port: int = Field(default=0, ge=0, le=65535)

    @field_validator("telegram_token")
    @classmethod
    def _looks_like_a_token(cls, token: SecretStr) -> SecretStr:
        number, colon, secret = token.get_secret_value().partition(":")
        if not (number.isdigit() and colon and secret and secret.isascii() and " " not in secret):
            raise ValueError("copy the whole token from BotFather; it looks like 123456789:AbC")
        return token

    @field_validator("telegram_api", "webhook_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("write the whole address, beginning with https://")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _webhook_is_secret(self) -> Self:
        """Telegram sends the secret along with every update; without it anybody could forge one (setWebhook)."""
        if self.webhook_url and not SECRET.fullmatch(self.webhook_secret.get_secret_value()):
            raise ValueError(
                "HEARTEN_WEBHOOK_URL needs HEARTEN_WEBHOOK_SECRET beside it: "
                "16 to 256 letters, figures, hyphens and underscores that nobody could guess"
            )
        return self
