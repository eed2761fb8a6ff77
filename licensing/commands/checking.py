"""``verify`` and ``identifier check``: what a stranger asks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from licensing.commands.console import BAD_INPUT, Command, as_data, print_facts, print_json, tell, translate, words
from licensing.errors import Invalid, LeizhengError
from licensing.licences import identifier as identifiers
from licensing.licences.offline import StatusLists, lists_from
from licensing.licences.verdict import Overall, Paper, Verdict, as_json
from licensing.licences.verify import verify_file, verify_number, verify_qr
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import open_storage, reading, storage
from licensing.storage.migrations import current
from licensing.trust import status_token, trust_list
from licensing.trust.current import current_trust_list
from licensing.trust.trust_list import TrustList
from licensing.words import Said, say

EXIT = {Overall.VALID: 0, Overall.INVALID: 1, Overall.UNKNOWN: 2}
HEADLINES = {
    Overall.VALID: (say("Genuine and in force"), "bold white on green"),
    Overall.INVALID: (say("Not valid"), "bold white on red"),
    Overall.UNKNOWN: (say("Cannot be confirmed"), "bold black on yellow"),
}
FROM_A_LIST = say("Genuine, and in force on the list of %(as_of)s")


@click.command("verify", cls=Command)
@click.argument("what", metavar="FILE-or-QR-or-NUMBER")
@click.option("--code", default="", help="The check code printed beside the QR code; needed with a number.")
@click.option("--trust", "trust_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Trust list (PEM) to pin.")
@click.option("--offline", is_flag=True, help="Do not ask the register. Without a fresh status list the answer is never “valid”.")
@click.option(
    "--status",
    "status_files",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Status list to use offline (CWT or JWT); may be given several times.",
)
@as_data
def verify(what: str, code: str, trust_file: Path | None, offline: bool, status_files: tuple[Path, ...], as_data: bool) -> None:
    """Is this licence true? A PDF or picture, the text of its QR code, or its number with --code.

    Exit code 0 valid, 1 invalid, 2 cannot be confirmed, also when there are no keys to check with or the input cannot be used.
    """
    settings = Settings()
    try:
        with _register(settings, offline=offline) as session:
            verdict = _judge(what, code, _Means(trust_file, status_files, settings, session))
    except LeizhengError as error:
        tell(error, as_data=as_data)
        sys.exit(BAD_INPUT)
    if as_data:
        print_json(as_json(verdict, translate))
    else:
        _show(verdict)
    sys.exit(EXIT[verdict.overall])


@click.group("identifier")
def identifier() -> None:
    """Licence identifiers 证照标识."""


@identifier.command("check", cls=Command)
@click.argument("text", metavar="ID")
@as_data
def check(text: str, as_data: bool) -> None:
    """The parts of a licence identifier and whether its check character holds. Exit code 0 it holds, 1 it does not, 2 no identifier."""
    found = identifiers.parse(text)
    state = say("right") if found.holds else say("wrong")
    if as_data:
        print_json(
            {
                "type_code": found.type_code,
                "issuer": found.issuer,
                "serial": found.serial,
                "version": found.version,
                "check": found.check,
                "expected": identifiers.check_character(found.body),
                "holds": found.holds,
            }
        )
    else:
        print_facts(
            [
                (say("Type code"), found.type_code),
                (say("Issuer code"), found.issuer),
                (say("Serial"), found.serial),
                (say("Version"), f"{found.version:03d}"),
                (say("Check character"), f"{found.check} ({words(state)})"),
            ]
        )
    sys.exit(0 if found.holds else 1)


@dataclass(frozen=True)
class _Means:
    """What there is to check with; keys and lists are only read when they are needed."""

    trust_file: Path | None
    status_files: tuple[Path, ...]
    settings: Settings
    session: Session | None

    @cached_property
    def trust(self) -> TrustList:
        return trust_list.from_pem(self.trust_file.read_bytes()) if self.trust_file else current_trust_list(self.settings)

    @property
    def lists(self) -> StatusLists:
        return lists_from((_content(path, status_token.TOKEN_LIMIT) for path in self.status_files), self.trust)


def _judge(what: str, code: str, means: _Means) -> Verdict:
    path = _existing(what)
    if path is not None:
        content = _content(path, means.settings.upload_limit)
        return verify_file(content, means.trust, means.trust.hosts, means.session, means.lists)
    if what.lower().startswith(("http:", "https:")):
        return verify_qr(what, means.trust, means.trust.hosts, means.session, means.lists)
    if not code:
        raise Invalid(
            say("“%(what)s” is not a file here, and for a number the check code is missing.", what=what[:80]),
            next_step=say("Give the path of a file, the text of a QR code, or a number with --code."),
            code="nothing-to-check",
        )
    return verify_number(what, code, means.session)


def _existing(what: str) -> Path | None:
    try:
        return Path(what) if Path(what).is_file() else None
    except (OSError, ValueError):  # a QR text is too long for a file name
        return None


def _content(path: Path, limit: int) -> bytes:
    if path.stat().st_size > limit:
        raise Invalid(say("The file is larger than %(limit)s MB.", limit=limit // (1024 * 1024)), code="file-too-large")
    return path.read_bytes()


@contextmanager
def _register(settings: Settings, *, offline: bool) -> Iterator[Session | None]:
    """A session on the register, or None when it may not or cannot be asked."""
    if offline or not _answers(settings):
        yield None
        return
    with reading(SYSTEM) as look:
        yield look.session


def _answers(settings: Settings) -> bool:
    if not settings.database and not (settings.home / "leizheng.sqlite3").exists():
        return False
    try:
        open_storage(settings)
        return current(storage().engine) is not None
    except SQLAlchemyError:
        return False


def _show(verdict: Verdict) -> None:
    console = Console(highlight=False)
    headline, style = HEADLINES[verdict.overall]
    if verdict.overall is Overall.VALID and verdict.in_force.code == "in-force-as-of":
        headline = Said(FROM_A_LIST.text, verdict.in_force.text.facts)
    console.print(f" {words(headline)} ", style=style, markup=False)
    answers = (say("Content"), verdict.whole), (say("Issuer"), verdict.genuine), (say("Status"), verdict.in_force)
    asked = [(say("Status as of"), verdict.as_of.isoformat(timespec="seconds"))] if verdict.as_of else []
    print_facts([*((question, f"{words(answer.text)} [{answer.code}]") for question, answer in answers), *asked, *_paper(verdict.paper)])
    console.print(words(verdict.next_step), markup=False)


def _paper(paper: Paper | None) -> list[tuple[Said, str]]:
    if paper is None:
        return []
    facts = [
        (say("Holder"), paper.holder),
        (say("Unified social credit code"), paper.uscc),
        (say("Licence"), paper.type),
        (say("Number"), paper.number),
        (say("Name of the project"), paper.project or ""),
        (say("Issued on"), paper.valid_from),
        (say("Valid until"), paper.valid_until or words(say("No end date"))),
        (say("Issued by"), paper.issuer),
        (say("Licence identifier"), paper.identifier),
    ]
    return [(name, value) for name, value in facts if value]
