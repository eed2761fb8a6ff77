"""The ways out of the house: a mail server, an SMS gateway, and for each a double that writes files.

A channel raises ``Undelivered`` with a short reason that holds no address. Sending one message twice is possible after a crash, so each
carries an id that stays the same.
"""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from http.client import HTTPException
from pathlib import Path
from typing import Protocol
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from licensing.errors import Misconfigured
from licensing.notices.queries import open_channels
from licensing.notices.rules import Channel
from licensing.settings import Settings
from licensing.words import say

DOUBLE = "file"
PATIENCE = 10


class Undelivered(Exception):
    """The other side did not take the message; the text says why, without naming anybody."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to one address; ``id`` is the same each time it is tried."""

    id: str
    address: str
    subject: str
    text: str


class Sender(Protocol):
    """What brings a message to an address, or raises ``Undelivered``."""

    def send(self, message: Outgoing) -> None: ...


@dataclass(frozen=True, slots=True)
class SmtpMail:
    """A mail server (RFC 5321); without encryption only where ``security`` says so."""

    host: str
    port: int
    security: str
    user: str
    password: str
    sender: str

    def send(self, message: Outgoing) -> None:
        try:
            with self._connected() as server:
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(as_mail(message, self.sender))
        except smtplib.SMTPResponseException as error:
            raise Undelivered(f"SMTP {error.smtp_code}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise Undelivered(type(error).__name__) from error

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=PATIENCE)
        if self.security == "starttls":
            server.starttls(context=context)
        return server


@dataclass(frozen=True, slots=True)
class HttpSms:
    """A gateway that takes short messages as JSON over HTTP: ``id``, ``phone``, ``text``; the token goes into the header."""

    address: str
    token: str

    def send(self, message: Outgoing) -> None:
        body = json.dumps({"id": message.id, "phone": message.address, "text": message.text}).encode("utf-8")
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.id}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = Request(self.address, data=body, headers=headers, method="POST")  # noqa: S310 - the operator names the address
        try:
            with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
                answer.read(1024)
        except HTTPError as error:
            error.close()
            raise Undelivered(f"HTTP {error.code}") from error
        except (OSError, HTTPException) as error:
            raise Undelivered(type(error).__name__) from error


@dataclass(frozen=True, slots=True)
class FileMail:
    """The double of a mail server: one .eml file for each message, under its id, so that a repeated one replaces itself."""

    folder: Path
    sender: str

    def send(self, message: Outgoing) -> None:
        _write(self.folder / f"{message.id}.eml", bytes(as_mail(message, self.sender)))


@dataclass(frozen=True, slots=True)
class FileSms:
    """The double of an SMS gateway."""

    folder: Path

    def send(self, message: Outgoing) -> None:
        _write(self.folder / f"{message.id}.txt", f"{message.address}\n{message.text}\n".encode())


def open_senders(settings: Settings) -> Mapping[Channel, Sender]:
    """The senders of the channels that this installation has. Raises ``Misconfigured`` when a secret cannot be read."""
    makers = {Channel.EMAIL: _mail, Channel.SMS: _sms}
    return {channel: makers[channel](settings) for channel in open_channels(settings)}


def as_mail(message: Outgoing, sender: str) -> EmailMessage:
    """The e-mail with the headers that keep automatic answers away (RFC 3834) and an id that recognises a repeated one."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, message.address, message.subject
    mail["Message-ID"] = f"<{message.id}@{sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    return mail


def _mail(settings: Settings) -> Sender:
    sender = settings.smtp_from or f"noreply@{settings.public_host}"
    if settings.smtp_host == DOUBLE:
        return FileMail(settings.outbox / "mail", sender)
    password = _secret(settings.smtp_password_file)
    return SmtpMail(settings.smtp_host, settings.smtp_port, settings.smtp_security, settings.smtp_user, password, sender)


def _sms(settings: Settings) -> Sender:
    if settings.sms_gateway == DOUBLE:
        return FileSms(settings.outbox / "sms")
    if not settings.sms_gateway.startswith(("https://", "http://")):
        raise Misconfigured(
            say("LEIZHENG_SMS_GATEWAY is no web address."), next_step=say("Give an address that begins with https://, or “file”.")
        )
    return HttpSms(settings.sms_gateway, _secret(settings.sms_token_file))


def _secret(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Misconfigured(
            say("The secret file %(path)s cannot be read.", path=path), next_step=say("Check the path and that its owner runs the worker.")
        ) from error


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise Undelivered(type(error).__name__) from error
