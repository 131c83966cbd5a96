"""Where this installation keeps things: gwylio.toml and the environment, as one frozen record.

What the council decided is in its policy pack, not here.  The environment wins over the file
(`GWYLIO_DATABASE_URL`, `GWYLIO_PORT`, …); secrets come from the environment or from a key file
that `gwylio init` makes, never from gwylio.toml.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

import toml_file
from vocabulary import GwylioError

CHECKOUT = Path(__file__).parent
FILE = "gwylio.toml"


class Body(toml_file.Record):
    """The public body's name, in both languages."""

    cy: str = Field(default="Ein cyngor", min_length=1)
    en: str = Field(default="Our council", min_length=1)


class Settings(BaseSettings):
    """Everything that is a place, an address or a limit of this installation."""

    model_config = SettingsConfigDict(
        env_prefix="GWYLIO_", env_nested_delimiter="__", frozen=True, extra="forbid", env_ignore_empty=True
    )

    body: Body = Body()
    policy: str = Field(default="powys", min_length=1)
    """The name of a pack in config/policies, or the path of one."""
    state_dir: Path = Path("var")
    """The database, the key file, the audit head and the reports, unless said otherwise."""
    database_url: str = ""
    """`sqlite:///FILE` or `postgresql://…`; empty means SQLite in the state folder."""
    config_dir: Path = CHECKOUT / "config"
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    """Host names under which the web app answers; any other is refused."""
    https: bool = False
    """Whether officers reach the app over HTTPS (behind a proxy): cookies are then marked Secure."""
    collect_every_minutes: int = Field(default=10, ge=1)
    platform_urls: dict[str, str] = Field(default_factory=dict)
    """Where a platform is to be found instead of its own address; the simulator, for one."""
    offline: bool = True
    """Do not ask gov.uk for new bank holidays; the shipped list is used."""
    secret_key: str = Field(default="", repr=False)
    """From the environment only; without it the key file in the state folder is read."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings

    @property
    def database(self) -> str:
        """The address of the database, never empty."""
        return self.database_url or f"sqlite:///{(self.state_dir / 'gwylio.sqlite3').absolute()}"

    @property
    def audit_head_file(self) -> Path:
        return self.state_dir / "audit.head"

    @property
    def key_file(self) -> Path:
        return self.state_dir / "secret.key"

    @property
    def reports_dir(self) -> Path:
        return self.state_dir / "reports"


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """The keys of this installation, each derived from its one secret."""

    audit: bytes
    credentials: bytes
    """A Fernet key: 32 bytes in URL-safe base64."""


class NoKey(GwylioError):
    """This installation has no secret key yet."""


def load(file: Path | None = None, **given: Any) -> Settings:
    """Read `file`, or gwylio.toml where it stands, then the environment.

    Raises:
        toml_file.FileError: with every problem at once.
    """
    path = file or Path(FILE)
    written = toml_file.read(path) if file or path.exists() else toml_file.TomlFile(FILE, {}, {})
    if "secret_key" in written.values:
        raise toml_file.FileError(
            [written.problem(("secret_key",), "a secret has no place in this file; set GWYLIO_SECRET_KEY")]
        )
    try:
        return Settings(**{**written.values, **given})
    except ValidationError as error:
        raise toml_file.FileError(toml_file.problems_of(error, [written])) from None


def keys(settings: Settings) -> Keys:
    """The keys, from GWYLIO_SECRET_KEY or the key file.

    Raises:
        NoKey: neither is there.
    """
    secret = settings.secret_key.encode()
    if not secret:
        try:
            secret = settings.key_file.read_bytes().strip()
        except FileNotFoundError:
            raise NoKey(
                f"{settings.key_file} is not there: run `gwylio init`, restore it from your backup, "
                "or set GWYLIO_SECRET_KEY"
            ) from None
    if len(secret) < 32:
        raise NoKey("the secret key is shorter than 32 characters; make a new one with `gwylio init`")
    return Keys(audit=_derive(secret, b"audit"), credentials=base64.urlsafe_b64encode(_derive(secret, b"credentials")))


def make_key_file(path: Path) -> bool:
    """Write a new secret that only its owner may read; False where one stands already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
    return True


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return hmac.new(secret, b"gwylio:" + purpose, hashlib.sha256).digest()
