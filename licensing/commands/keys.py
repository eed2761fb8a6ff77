"""``keys`` and ``trust-list``: the lives of keys, and the signed list that says so to everybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from datetime import datetime, time
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.hashes import SHA256

from licensing.clock import CHINA
from licensing.commands.console import Command, as_data, print_facts, print_json, print_table, progress_bar, words
from licensing.errors import Invalid
from licensing.licences.fallen import SignedLicence, signed_by
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import open_storage, reading, unit_of_work
from licensing.trust import ceremony, drafts, keys, publication, trust_list
from licensing.trust.ceremony import Answer
from licensing.trust.certificates import SERVICE_HOLDERS, Holder, Purpose
from licensing.trust.current import current_trust_list
from licensing.trust.drafts import Draft
from licensing.trust.keys import Change, KeyView, Outcome, changing
from licensing.trust.layout import KeyFolder, write_file
from licensing.trust.token_keys import Token
from licensing.trust.trust_list import TrustList
from licensing.trust.trusted_key import KeyState, TrustedKey
from licensing.words import Said, say

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_STATES = {
    KeyState.PREPARED: say("prepared"),
    KeyState.ACTIVE: say("active"),
    KeyState.RETIRED: say("retired"),
    KeyState.COMPROMISED: say("compromised"),
}
_PLACES = {keys.FILE: say("file"), keys.ON_TOKEN: say("token"), keys.ELSEWHERE: say("elsewhere")}


class MomentType(click.ParamType[datetime]):
    """A moment with its zone, or a day in China (its first moment)."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Fails for anything else: a moment without a zone could be either of two."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(words(say("“%(given)s” is no moment; write 2026-03-02 or 2026-03-02T09:00+08:00.", given=value)), param, ctx)
        if moment.tzinfo is None and moment.time() != time():
            self.fail(words(say("“%(given)s” has no time zone.", given=value)), param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


@click.group("keys")
def keys_group() -> None:
    """Keys: prepared, active, retired, compromised. The signed trust list says which state counts."""


@keys_group.command("list", cls=Command)
@as_data
def list_keys(as_data: bool) -> None:
    """All keys but the root's, their states, and where their private halves are."""
    settings = Settings()
    found = keys.views(settings.keys, Token.of(settings))
    if as_data:
        print_json([_view_json(view) for view in found])
        return
    columns = (say("Key"), say("Holder"), say("State"), say("Since"), say("Ends"), say("Private key"), say("Waits for the root"))
    print_table(columns, (_view_row(view) for view in found))


@keys_group.command("create", cls=Command)
@click.option("--purpose", type=click.Choice([purpose.value for purpose in Purpose]), required=True)
@click.option("--authority", default="", metavar="CODE", help="Whose seal or QR key.")
@click.option("--name", default="", help="Name of the authority, when the list does not have it yet.")
@click.option("--uscc", default="", help="Its unified social credit code, when the list does not have it yet.")
@click.option("--kid", default="", metavar="HEX", help="Identifier of a QR key, one or two bytes; by default the next free one.")
@as_data
def create(purpose: str, authority: str, name: str, uscc: str, kid: str, as_data: bool) -> None:
    """A new key, prepared. It signs nothing until it is activated. --purpose root makes the root alone, where there is none."""
    settings = Settings()
    if purpose == Purpose.ROOT:
        root = keys.ensure_root(settings.keys)
        _say_root(root.certificate.fingerprint(SHA256()).hex(), as_data=as_data)
        return
    made: list[str] = []

    def change(change: Change) -> None:
        holder = _holder(change, Purpose(purpose), Holder(authority, name, uscc))
        made.append(change.create(Purpose(purpose), holder, kid=_kid(kid)))

    outcome = _change(settings, change)
    _say_outcome(made[0], outcome, as_data=as_data)


@keys_group.command("activate", cls=Command)
@click.argument("key_id", metavar="ID")
@click.option("--from", "active_from", type=MomentType(), help="When it begins to sign; by default now.")
@as_data
def activate(key_id: str, active_from: datetime | None, as_data: bool) -> None:
    """A prepared key begins to sign. Announce it some days ahead with --from, so that verifiers know it by then."""
    _say_outcome(key_id, _change(Settings(), lambda change: change.activate(key_id, active_from)), as_data=as_data)


@keys_group.command("retire", cls=Command)
@click.argument("key_id", metavar="ID")
@click.option("--last", is_flag=True, help="Also when its holder has no other key of the kind.")
@as_data
def retire(key_id: str, last: bool, as_data: bool) -> None:
    """An active key stops signing for good. What it signed stays valid."""
    _say_outcome(key_id, _change(Settings(), lambda change: change.retire(key_id, last=last)), as_data=as_data)


@keys_group.command("compromised", cls=Command)
@click.argument("key_id", metavar="ID")
@click.option("--since", type=MomentType(), required=True, help="From which moment on others may have had the key.")
@click.option("--dry-run", is_flag=True, help="Only say which licences would fall.")
@as_data
def compromised(key_id: str, since: datetime, dry_run: bool, as_data: bool) -> None:
    """Others may have the key. What it signed at or after SINCE is not believed any more; this cannot be taken back.

    Says which licences fall, and which were signed before and stand only because the register knows them.
    """
    settings = Settings()
    outcome = None if dry_run else _change(settings, lambda change: change.compromise(key_id, since))
    listed = ceremony.installed(KeyFolder(settings.keys))
    key = listed.by_id.get(key_id) if listed else None
    signed = _signed(settings, replace(key, state=KeyState.COMPROMISED, since=since)) if key else []
    if as_data:
        print_json(
            {
                "id": key_id,
                "since": since.isoformat(),
                "changed": outcome is not None,
                **(_outcome_json(outcome) if outcome else {}),
                "fall": [_licence_json(licence) for licence in signed or () if licence.falls],
                "stand_by_register": [_licence_json(licence) for licence in signed or () if not licence.falls],
                "register": signed is not None,
            }
        )
        return
    if outcome:
        _say_outcome(key_id, outcome, as_data=False)
    _say_signed(signed)


@click.group("trust-list")
def trust_list_group() -> None:
    """The trust list: whom verifiers believe, signed by the root."""


@trust_list_group.command("show", cls=Command)
@as_data
def show(as_data: bool) -> None:
    """The trust list of this installation."""
    settings = Settings()
    listed = current_trust_list(settings)
    fingerprint = listed.root.certificate.fingerprint(SHA256()).hex()
    if as_data:
        print_json(trust_list.payload(listed) | {"sha256": listed.digest, "root_sha256": fingerprint})
        return
    print_facts(
        [
            (say("Version"), str(listed.version)),
            (say("Signed on"), listed.issued_at.isoformat()),
            (say("To be renewed by"), listed.next_update.isoformat()),
            (say("Hosts"), ", ".join(listed.hosts)),
            (say("Log"), listed.origin),
            (say("Keys"), str(len(listed.keys))),
            (say("Fingerprint of the list"), listed.digest),
            (say("Fingerprint of the root"), fingerprint),
        ]
    )


@trust_list_group.command("export", cls=Command)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@as_data
def export(out: Path, as_data: bool) -> None:
    """Write the list with its certificates into one PEM file, for verifiers."""
    listed = current_trust_list(Settings())
    write_file(out.absolute(), listed.to_pem())
    _say_list(listed, out, as_data=as_data)


@trust_list_group.command("sign", cls=Command)
@click.argument("draft_file", metavar="[DRAFT]", type=_FILE, required=False)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where the answer goes; by default beside the keys.")
@click.option("--host", "hosts", multiple=True, help="Official host name from now on; may be given several times, the first leads.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_data
def sign(draft_file: Path | None, out: Path | None, hosts: tuple[str, ...], yes: bool, as_data: bool) -> None:
    """Sign a draft where the root's private key is: the one that waits here, another file, or without any draft the same list anew.

    Compare the digest with the one shown where the draft was made, before you say yes.
    """
    settings = Settings()
    draft = drafts.from_json(draft_file.read_bytes()) if draft_file else _waiting(settings)
    if not yes:
        _say_draft(draft)
        click.confirm(words(say("Sign this?")), abort=True, err=True)
    answer = keys.sign_draft(settings.keys, draft, hosts or None)
    target = (out or KeyFolder(settings.keys).answer).absolute()
    write_file(target, ceremony.to_json(answer))
    _publish(settings)
    _say_list(current_trust_list(settings), target, as_data=as_data)


@trust_list_group.command("install", cls=Command)
@click.argument("file", type=_FILE)
@as_data
def install(file: Path, as_data: bool) -> None:
    """Take what the root made of the draft, or a list that another machine of this service exported."""
    settings = Settings()
    listed = keys.install_list(settings.keys, _answer(file.read_bytes()))
    _publish(settings)
    _say_list(listed, None, as_data=as_data)


def _change(settings: Settings, act: Callable[[Change], None]) -> Outcome:
    with changing(settings.keys, Token.of(settings)) as change:
        act(change)
    _publish(settings)
    return change.outcome


def _publish(settings: Settings) -> None:
    """Into register and log, where there is a register already; elsewhere the worker does it when there is one."""
    if _has_register(settings) and KeyFolder(settings.keys).trust_list.exists():
        open_storage(settings)
        with unit_of_work(SYSTEM) as work:
            publication.publish(work, settings)


def _has_register(settings: Settings) -> bool:
    return bool(settings.database) or (settings.home / "leizheng.sqlite3").exists()


def _signed(settings: Settings, key: TrustedKey) -> list[SignedLicence] | None:
    if not _has_register(settings):
        return None
    store = open_storage(settings)
    with reading(SYSTEM) as look, progress_bar() as progress:
        found = signed_by(look.session, store.files, key)
        return list(progress.track(found, total=None, description=words(say("Licences"))))


def _holder(change: Change, purpose: Purpose, named: Holder) -> Holder:
    if purpose in SERVICE_HOLDERS:
        return SERVICE_HOLDERS[purpose]
    known = [holder for holder in change.holders() if holder.code == named.code]
    holder = known[-1] if known and not named.name else named
    if not (holder.code and holder.name and holder.uscc):
        raise Invalid(say("Say whose key it is."), next_step=say("Give --authority, --name and --uscc."), code="no-holder")
    return holder


def _kid(text: str) -> bytes:
    if not re.fullmatch(r"([0-9a-fA-F]{2}){0,2}", text):
        raise Invalid(say("“%(given)s” is no key identifier: one or two bytes in hexadecimal.", given=text), code="no-kid")
    return bytes.fromhex(text)


def _waiting(settings: Settings) -> Draft:
    folder = KeyFolder(settings.keys)
    return ceremony.opened(folder, (settings.public_host,))


def _answer(content: bytes) -> Answer:
    return ceremony.from_json(content) if content.lstrip().startswith(b"{") else Answer(trust_list.from_pem(content).signed, {})


def _say_outcome(key_id: str, outcome: Outcome, *, as_data: bool) -> None:
    if as_data:
        print_json({"id": key_id, **_outcome_json(outcome)})
        return
    print_facts([(say("Key"), key_id), (say("Version of the trust list"), str(outcome.version))])
    if outcome.waiting:
        _say_draft(outcome.waiting)
        click.echo(words(say("The root has to sign: take trust-list.draft.json to it, and run leizheng trust-list sign there.")), err=True)


def _say_draft(draft: Draft) -> None:
    """What the root is asked, on standard error: a person compares it."""
    asked = {request.id for request in draft.requests}
    click.echo(
        words(say("Draft of version %(version)s, digest %(digest)s", version=draft.version, digest=ceremony.digest(draft))), err=True
    )
    for key in draft.keys:
        new = words(say("new")) if key.id in asked else ""
        click.echo(f"  {key.id}\t{words(_STATES[key.state])}\t{key.since.isoformat()}\t{new}".rstrip(), err=True)


def _say_root(fingerprint: str, *, as_data: bool) -> None:
    if as_data:
        print_json({"id": Purpose.ROOT.value, "root_sha256": fingerprint})
    else:
        print_facts([(say("Fingerprint of the root"), fingerprint)])


def _say_list(listed: TrustList, file: Path | None, *, as_data: bool) -> None:
    if as_data:
        print_json({"version": listed.version, "sha256": listed.digest} | ({"file": str(file)} if file else {}))
        return
    facts = [(say("Version of the trust list"), str(listed.version)), (say("Fingerprint of the list"), listed.digest)]
    print_facts([*facts, (say("File"), str(file))] if file else facts)


def _say_signed(signed: list[SignedLicence] | None) -> None:
    if signed is None:
        click.echo(words(say("There is no register here: ask where it is which licences fall, with --dry-run.")), err=True)
        return
    falling = [licence for licence in signed if licence.falls]
    standing = [licence for licence in signed if not licence.falls]
    _say_licences(say("Licences that fall: %(count)s", count=len(falling)), falling)
    _say_licences(say("Licences that stand only because the register knows them: %(count)s", count=len(standing)), standing)


def _say_licences(headline: Said, licences: Iterable[SignedLicence]) -> None:
    click.echo(words(headline))
    columns = (say("Number"), say("Holder"), say("Issued on"))
    print_table(columns, ((licence.number, licence.holder, licence.issued_on) for licence in licences))


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    digest = ceremony.digest(outcome.waiting) if outcome.waiting else None
    return {"version": outcome.version, "waiting": outcome.waiting is not None, "draft_digest": digest}


def _licence_json(licence: SignedLicence) -> dict[str, Any]:
    data = asdict(licence)
    del data["falls"]
    return data


def _view_json(view: KeyView) -> dict[str, Any]:
    return {
        "id": view.id,
        "authority": view.holder.code,
        "holder": view.holder.name,
        "uscc": view.holder.uscc,
        "state": view.state.value,
        "active_from": _iso(view.active_from),
        "since": _iso(view.since),
        "not_after": _iso(view.not_after),
        "private_key": view.place,
        "waiting": view.waiting.value if view.waiting else None,
    }


def _view_row(view: KeyView) -> tuple[str, ...]:
    waiting = words(_STATES[view.waiting]) if view.waiting else ""
    moments = (_day(view.since), _day(view.not_after))
    return (view.id, view.holder.name, words(_STATES[view.state]), *moments, words(_PLACES[view.place]), waiting)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _day(moment: datetime | None) -> str:
    return moment.astimezone(CHINA).isoformat(timespec="minutes") if moment else ""
