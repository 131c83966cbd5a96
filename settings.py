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
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

import toml_file
from vocabulary import GwylioError, Label, Platform, Role

CHECKOUT = Path(__file__).parent
FILE = "gwylio.toml"
ENVIRONMENT = "the environment"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SECRET_TABLES = {"mail": ("password",), "teams": ()}
"""Tables of the file in which these keys are secrets; none named: every key of the table."""
SECRETS_OF_AN_APP = ("client_secret", "webhook_secret")
MAILBOX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")
"""An address of e-mail as we write to one: nothing in it could pass for a second header."""
APP_OF_ANOTHER = {Platform.INSTAGRAM: Platform.FACEBOOK}
"""Platforms that are reached with the app of another, as far as their own part does not say otherwise."""
SIGNS_APART = frozenset({Platform.X})
"""Platforms whose notices are signed with another secret than that of the app's consent."""


GUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
GRANT = rf"^({'|'.join(Role)})(:[a-z0-9-]+)?$"
"""A role of ours, and a service area where it is not for every one."""


class Body(toml_file.Record):
    """The public body's name, in both languages."""

    cy: str = Field(default="Ein cyngor", min_length=1)
    en: str = Field(default="Our council", min_length=1)


class HubModel(toml_file.Record):
    """A sequence-classification model that reads beside the classifiers that ship."""

    model: toml_file.Text
    """Its name on Hugging Face, or the folder that holds it."""
    revision: toml_file.Text | None = None
    """A commit, branch or tag; only a commit never changes.  A folder has none."""
    allow_download: bool = False
    """Whether what is missing is fetched from Hugging Face; otherwise nothing leaves this machine."""
    labels: dict[toml_file.Text, Label] = Field(min_length=1)
    """What the model's own labels mean to us; those left out are not heard."""


class ClassifierModels(toml_file.Record):
    """The model that reads beside the offensive classifier, and those that are only looked at."""

    offensive: HubModel | None = None
    """Heard in every reading: it can raise a flag, and never lower one."""
    candidates: dict[toml_file.Text, HubModel] = Field(default_factory=dict)
    """By names of the operator's own; heard by `gwylio classifiers compare` and nowhere else."""


def _way_back(address: str) -> str:
    """An address to which a platform may send somebody back with a code: nobody on the way can read it."""
    there = urlsplit(address)
    here = there.scheme == "http" and there.hostname in LOOPBACK and there.port is not None
    if not there.netloc or not (here or there.scheme == "https"):
        raise ValueError("must begin with https://, or with http://127.0.0.1:PORT/ for this machine")
    return address


class App(toml_file.Record):
    """What a platform knows this installation as: the app that was registered there for the body."""

    client_id: toml_file.Text | None = None
    """Its public name: X's client id, Meta's app id, TikTok's client key, Flickr's key."""
    client_secret: str = Field(default="", repr=False)
    """From the environment only; empty for an X app that is a public client.  Meta, LinkedIn, TikTok sign with it."""
    webhook_secret: str = Field(default="", repr=False)
    """From the environment only: what the platform signs its notices with where it is another (X's consumer secret)."""
    redirect_uri: Annotated[str, AfterValidator(_way_back)] = "http://127.0.0.1:8931/callback"
    """Where the platform sends an administrator back to; the same must be registered there."""
    scopes: tuple[toml_file.Text, ...] = ()
    """What to ask for instead of the usual, for an app that was granted less or under other names."""


def _webhook(address: str) -> str:
    """The address of a Teams webhook.  It is a secret, so no complaint quotes it."""
    there = urlsplit(address)
    if not there.netloc or not (there.scheme == "https" or (there.scheme == "http" and there.hostname in LOOPBACK)):
        raise ValueError("must begin with https://; the address itself is not shown, as it is a secret")
    return address


def _site(address: str) -> str:
    """Where colleagues find the web app, without a slash at its end."""
    if address and (urlsplit(address).scheme not in {"https", "http"} or not urlsplit(address).netloc):
        raise ValueError("must begin with https:// or http://, such as https://gwylio.example.gov.uk")
    return address.rstrip("/")


class Mail(toml_file.Record):
    """The mail server that takes our messages to colleagues."""

    host: str = ""
    """Its name; empty means that nobody is written to."""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is kept from others: `starttls` (port 587), `tls` (port 465); `none` on this machine only."""
    ca_file: Path | None = None
    """The certificates to trust beside those of this machine, where the server's is of the body's own making."""
    user: str = ""
    """Whom we sign in as; empty where the server asks for nobody."""
    password: str = Field(default="", repr=False)
    """From the environment only: GWYLIO_MAIL__PASSWORD."""
    sender: str = ""
    """The address that messages come from."""

    @model_validator(mode="after")
    def _whole(self) -> Mail:
        if self.host and not MAILBOX.fullmatch(self.sender):
            raise ValueError("sender must be an e-mail address, such as gwylio@example.gov.uk")
        if self.security == "none" and self.host and self.host not in LOOPBACK:
            raise ValueError('security = "none" is for a server on this machine; use "starttls" or "tls"')
        return self


class Entra(toml_file.Record):
    """The directory of Microsoft Entra ID by which colleagues sign in, and what it knows this installation as."""

    tenant: Annotated[str, Field(pattern=GUID)]
    """The directory's id.  Never `common` or `organizations`, by which everybody on earth could come in."""
    client_id: toml_file.Text
    client_secret: str = Field(default="", repr=False)
    """From the environment only: GWYLIO_SIGN_IN__ENTRA__CLIENT_SECRET."""
    client_secret_file: Path | None = None
    """Or a file that only this program may read."""
    issuer: Annotated[str, AfterValidator(_site)] = ""
    """Where the directory is, if not in Microsoft's public cloud."""
    label: Body = Body(cy="Mewngofnodi gyda Microsoft", en="Sign in with Microsoft")
    roles: dict[toml_file.Text, tuple[Annotated[str, Field(pattern=GRANT)], ...]] = Field(default_factory=dict)
    """What an app role of the directory means here: `officer:waste`, or `auditor` for every service area.  Where it
    is given, the directory has the last word on what those who sign in by it may do."""

    @property
    def address(self) -> str:
        """The issuer, which signs its tokens with this very text."""
        return self.issuer or f"https://login.microsoftonline.com/{self.tenant}/v2.0"

    def secret(self) -> str:
        """The client's secret.

        Raises:
            NoKey: it is nowhere.
        """
        if self.client_secret_file is not None and not self.client_secret:
            try:
                return self.client_secret_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                raise NoKey(f"{self.client_secret_file} cannot be read: it should hold the client's secret") from None
        if not self.client_secret:
            raise NoKey("set GWYLIO_SIGN_IN__ENTRA__CLIENT_SECRET, or sign_in.entra.client_secret_file")
        return self.client_secret

    def granted(self, app_roles: Iterable[str]) -> list[tuple[Role, str]]:
        """What these app roles mean here, each grant once."""
        said = [grant for each in app_roles for grant in self.roles.get(each, ())]
        return [(Role(role), area or "*") for role, _, area in (grant.partition(":") for grant in dict.fromkeys(said))]


class SignIn(toml_file.Record):
    """How colleagues come in."""

    passwords: Literal["everybody", "administrators"] = "everybody"
    """Who may sign in with a password of ours; administrators always may, for the day when the directory is away."""
    second_factor: tuple[Role, ...] = (Role.ADMINISTRATOR,)
    """Whose password is not enough: they must show a code from their telephone too."""
    entra: Entra | None = None


class Settings(BaseSettings):
    """Everything that is a place, an address or a limit of this installation."""

    model_config = SettingsConfigDict(
        env_prefix="GWYLIO_", env_nested_delimiter="__", frozen=True, extra="forbid", env_ignore_empty=True
    )

    body: Body = Body()
    accessibility_contact: str = ""
    """Whom the accessibility statement names for whoever cannot use a page: an address or a telephone number."""
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
    apps: dict[Platform, App] = Field(default_factory=dict)
    """The apps registered with the platforms, for `gwylio account connect` and for what the platforms send us."""
    bank_holidays_url: str = "https://www.gov.uk/bank-holidays.json"
    """Asked once a day for days off announced since this version; empty means never, and the shipped list is used."""
    public_url: Annotated[str, AfterValidator(_site)] = ""
    """Where colleagues reach the web app, for the links in messages to them; without it messages have no links."""
    mail: Mail = Mail()
    """By what messages to colleagues leave."""
    teams: dict[str, Annotated[str, AfterValidator(_webhook)]] = Field(default_factory=dict, repr=False)
    """From the environment only: GWYLIO_TEAMS__WASTE and the like, the webhook of a service area's channel, or that
    of `communications` or `senior`."""
    sign_in: SignIn = SignIn()
    """How colleagues come in: passwords, second factors, Microsoft Entra ID."""
    send_notices: bool = True
    """False: messages to colleagues are made and can be read on their page, and none leaves this machine."""
    classifiers: ClassifierModels = ClassifierModels()
    """Models of the operator's choosing beside those that ship."""
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

    def app(self, platform: Platform) -> App | None:
        """The app with which a platform is reached, if one is configured.

        What is not said of it is as it is for the platform whose app it is, except what to ask for.
        """
        own, shared = self.apps.get(platform), self.apps.get(APP_OF_ANOTHER.get(platform, platform))
        if shared is None or own is shared:
            return own
        said = {name: getattr(own, name) for name in own.model_fields_set} if own else {}
        return shared.model_copy(update={"scopes": (), **said})

    def signing_secret(self, platform: Platform) -> str:
        """The secret under which a platform's notices are signed; empty where none is known."""
        app = self.app(platform)
        if app is None:
            return ""
        return app.webhook_secret or ("" if platform in SIGNS_APART else app.client_secret)

    @property
    def teams_places(self) -> dict[str, str]:
        """The Teams webhooks by service area or role; a variable of the environment has no hyphen, a slug may."""
        return {name.lower().replace("_", "-"): address for name, address in self.teams.items()}

    @property
    def writes_to_people(self) -> bool:
        """Whether colleagues have their messages made: they can be mailed, or are only kept."""
        return bool(self.mail.host) or not self.send_notices

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
    values, secret = _without_secrets(written)
    try:
        settings = Settings(**{**values, **given})
    except ValidationError as error:
        found = map(_laid_at, toml_file.problems_of(error, [written], Settings))
        raise toml_file.FileError([*secret, *found]) from None
    except SettingsError as error:
        name = re.search(r'field "(\w+)"', str(error))
        field = f"GWYLIO_{name[1].upper()}" if name else "GWYLIO_…"
        raise toml_file.FileError([toml_file.Problem(ENVIRONMENT, None, field, "must be written as JSON")]) from None
    if secret:
        raise toml_file.FileError(secret)
    return settings


def _without_secrets(written: toml_file.TomlFile) -> tuple[dict[str, Any], list[toml_file.Problem]]:
    """What the file says less the secrets in it, and a problem for each of those."""
    values = dict(written.values)
    places: list[tuple[str, ...]] = [("secret_key",)] if values.pop("secret_key", None) is not None else []
    for table, hidden in SECRET_TABLES.items():
        said = values.get(table)
        if isinstance(said, dict):
            found_here = [str(key) for key in said if not hidden or key in hidden]
            places += [(table, key) for key in found_here]
            values[table] = {key: value for key, value in said.items() if str(key) not in found_here}
    sign_in = values.get("sign_in")
    entra = sign_in.get("entra") if isinstance(sign_in, dict) else None
    if isinstance(sign_in, dict) and isinstance(entra, dict) and "client_secret" in entra:
        places.append(("sign_in", "entra", "client_secret"))
        values["sign_in"] = {**sign_in, "entra": {key: entra[key] for key in entra if key != "client_secret"}}
    apps = values.get("apps")
    if isinstance(apps, dict):
        found = [(str(name), app) for name, app in apps.items() if isinstance(app, dict)]
        places += [("apps", name, secret) for name, app in found for secret in SECRETS_OF_AN_APP if secret in app]
        public = {name: {key: app[key] for key in app if key not in SECRETS_OF_AN_APP} for name, app in found}
        values["apps"] = {**apps, **public}
    return values, [
        written.problem(place, f"a secret has no place in this file; set {_variable('.'.join(place))}")
        for place in places
    ]


def exactly(**given: Any) -> Settings:
    """These settings and no others, whatever gwylio.toml and the environment of this machine say."""

    class Exactly(Settings):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (init_settings,)

    return Exactly(**given)


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
        except OSError as error:
            raise NoKey(f"{settings.key_file} cannot be read: {error.strerror}") from None
    if len(secret) < 32:
        raise NoKey("the secret key is shorter than 32 characters; put back the one that belongs to this database")
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


def _laid_at(problem: toml_file.Problem) -> toml_file.Problem:
    """The problem, laid at the environment where a variable there had the last word."""
    name = _variable(problem.key)
    return toml_file.Problem(ENVIRONMENT, None, name, problem.reason) if name in os.environ else problem


def _variable(key: str) -> str:
    """The variable of the environment that stands for a dotted key."""
    return f"GWYLIO_{key.replace('.', '__').replace('-', '_').upper()}"


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return hmac.new(secret, b"gwylio:" + purpose, hashlib.sha256).digest()
