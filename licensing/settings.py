"""One frozen settings object, read from the environment (``LEIZHENG_…``) at start. There is no default secret."""

from __future__ import annotations

import secrets
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """How this instance runs. Times are seconds, sizes are bytes."""

    model_config = SettingsConfigDict(env_prefix="LEIZHENG_", frozen=True, extra="forbid")

    home: Path = Field(default=PROJECT_ROOT / "var", description="Data of the running instance: database, files, journal.")
    keys: Path = Field(default=PROJECT_ROOT / "keys", description="Private keys (0600) and public trust material.")
    database: str = Field(default="", description="SQLAlchemy URL; empty means SQLite inside home.")
    public_host: str = Field(
        default="zz.example.gov.cn", description="Official host name printed on licences and in their QR (profile LZ1)."
    )
    bind_host: str = "127.0.0.1"
    bind_port: int = 8000
    demo: bool = Field(default=False, description="Shows demo accounts and accepts the demo second factor. Never in production.")
    upload_limit: int = 20 * 1024 * 1024
    reauthentication_window: int = Field(default=5 * 60, description="How long a second factor counts as fresh for grant, refuse, revoke.")
    session_idle: int = 30 * 60
    https: bool = Field(default=False, description="The portal is reached over HTTPS: secure cookies and HSTS.")
    signer: Path | None = Field(default=None, description="Socket of the signer process; without it this process reads the keys itself.")
    signer_rate: int = Field(default=600, description="How many new signatures the signer gives in a minute.")
    tsa: str = Field(
        default="", description="Time-stamping authority (RFC 3161): an address, “test” for the one that ships, empty for none."
    )
    fact_source: str = Field(default="", description="Source of facts for verifying promises: file: and a path, empty for none.")
    pkcs11_module: str = Field(default="", description="Library of a hardware token; empty means that private keys are files.")
    pkcs11_token: str = Field(default="", description="Label of the token.")
    pkcs11_pin_file: Path | None = Field(default=None, description="File with the PIN of the token, mode 0600.")
    smtp_host: str = Field(default="", description="Mail server for messages; “file” writes .eml files, empty sends no e-mail.")
    smtp_port: int = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password_file: Path | None = Field(default=None, description="File with the password of the mail server, mode 0600.")
    smtp_from: str = Field(default="", description="Sender of e-mail; empty means noreply at the public host.")
    sms_gateway: str = Field(default="", description="Address that short messages are posted to; “file” writes files, empty sends none.")
    sms_token_file: Path | None = Field(default=None, description="File with the token of the SMS gateway, mode 0600.")
    rating_answer_days: int = Field(default=5, description="Working days in which a bad rating is checked and answered.")
    witness: Path | None = Field(default=None, description="Checkpoint that a witness keeps; a log behind it makes the service read-only.")

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.sqlite}"

    @property
    def sqlite(self) -> Path:
        """The SQLite file inside home; used where no other database is named."""
        return self.home / "leizheng.sqlite3"

    @property
    def files(self) -> Path:
        return self.home / "files"

    @property
    def outbox(self) -> Path:
        """Where the file doubles of mail server and SMS gateway write."""
        return self.home / "outbox"

    @cached_property
    def secret_key(self) -> str:
        """The portal's session secret: created at first start in ``home``, readable by its owner alone."""
        path = self.home / "secret-key"
        if not path.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48), encoding="ascii")
        return path.read_text(encoding="ascii")
