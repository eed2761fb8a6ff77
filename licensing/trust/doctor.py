"""What is wrong with the keys and the signer here, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from licensing import clock
from licensing.errors import LeizhengError
from licensing.settings import Settings
from licensing.trust import ceremony, drafts, publication, trust_list
from licensing.trust.certificates import SERVICE, Purpose
from licensing.trust.journal import Journal
from licensing.trust.layout import KeyFolder, exposed
from licensing.trust.signer_client import RemoteSigner
from licensing.trust.trusted_key import KeyState
from licensing.words import Said, say

_RENEWAL: Final = timedelta(days=30)
_ROTATION: Final = timedelta(days=60)
_QUICK: Final = 2.0


class Check(NamedTuple):
    """One thing looked at: a stable name, whether it is right, what was seen, what to do."""

    name: str
    ok: bool
    detail: Said
    mend: Said | None


def checks(keys_dir: Path, journal_path: Path) -> list[Check]:
    """The state of keys, trust list and journal; reads no private key and changes nothing but a torn last line of the journal."""
    return [
        _look("trust.private-files", lambda: _private_files(keys_dir), say("Give private keys mode 0600 and their folders mode 0700.")),
        _look("trust.list", lambda: _trust_list(keys_dir), say("Run leizheng init, then leizheng keys create and activate.")),
        _look("trust.list-date", lambda: _date(keys_dir), say("Run leizheng trust-list sign where the root is, and install the answer.")),
        _look("trust.keys-end", lambda: _ends(keys_dir), say("Create and activate the next key, then retire the old one.")),
        _look("trust.draft", lambda: _draft(keys_dir), say("Take the draft to the root: leizheng trust-list sign, then install.")),
        _look("trust.journal", lambda: _journal(journal_path), say("Restore the signer's journal before anything is signed.")),
    ]


def published(session: Session, settings: Settings) -> Check:
    """Whether the installed list is the newest one in the register: an older one put back is found here."""
    return _look("trust.published", lambda: _published(session, settings), say("Start the worker, or find out who put back an older list."))


def signer(settings: Settings) -> Check:
    """Whether the signer's process answers, where the settings name one."""
    return _look("trust.signer", lambda: _signer(settings), say("Start leizheng signer, or look at what it said last."))


def _look(name: str, look: Callable[[], tuple[bool, Said]], mend: Said) -> Check:
    try:
        ok, detail = look()
    except LeizhengError as error:
        ok, detail = False, error.sentence
    except OSError as error:
        ok, detail = False, say("It cannot be read: %(reason)s.", reason=error.strerror)
    return Check(name, ok, detail, None if ok else mend)


def _private_files(keys_dir: Path) -> tuple[bool, Said]:
    folder = KeyFolder(keys_dir)
    keys = folder.private_keys()
    open_to_others = [path.name for path in keys if exposed(path)]
    if open_to_others:
        return False, say("Others can read: %(names)s.", names=", ".join(open_to_others))
    elsewhere = folder.trust_list.exists()  # all of them on a token, or on the signer's machine
    return bool(keys) or elsewhere, say("%(count)s private keys, readable by their owner alone.", count=len(keys))


def _trust_list(keys_dir: Path) -> tuple[bool, Said]:
    listed, moment = trust_list.load(keys_dir), clock.now()
    authorities = {key.authority_code for key in (*listed.seals, *listed.qr_keys.values()) if key.state is KeyState.ACTIVE}
    wanted = {(purpose, code) for code in authorities for purpose in (Purpose.SEAL, Purpose.QR)}
    wanted |= {(Purpose.STATUS, SERVICE), (Purpose.LOG, SERVICE)}
    silent = sorted(f"{purpose} {code}" for purpose, code in wanted if listed.signing_key(purpose, code, moment) is None)
    if silent or not authorities:
        return False, say("Nothing can be signed for: %(names)s.", names=", ".join(silent) or "—")
    return True, say("Version %(version)s: %(count)s authorities and the service can sign.", version=listed.version, count=len(authorities))


def _date(keys_dir: Path) -> tuple[bool, Said]:
    listed = trust_list.load(keys_dir)
    facts = say("Signed on %(signed)s, to be renewed by %(due)s.", signed=listed.issued_at.date(), due=listed.next_update.date())
    return not listed.stale_at(clock.now() + _RENEWAL), facts


def _ends(keys_dir: Path) -> tuple[bool, Said]:
    listed, moment = trust_list.load(keys_dir), clock.now()
    in_use = {(key.purpose, key.authority_code) for key in listed.keys if key.signs_at(moment)}
    ending = [f"{purpose} {code}" for purpose, code in in_use if listed.signing_key(purpose, code, moment + _ROTATION) is None]
    if ending:
        return False, say(
            "Within %(days)s days nothing signs any more for: %(names)s.", days=_ROTATION.days, names=", ".join(sorted(ending))
        )
    return True, say("All that sign now still can in %(days)s days.", days=_ROTATION.days)


def _draft(keys_dir: Path) -> tuple[bool, Said]:
    draft = KeyFolder(keys_dir).draft
    if not draft.exists():
        return True, say("Nothing waits for the root.")
    return False, say("A change waits for the root: digest %(digest)s.", digest=ceremony.digest(drafts.from_json(draft.read_bytes())))


def _published(session: Session, settings: Settings) -> tuple[bool, Said]:
    listed = trust_list.load(settings.keys)
    last = publication.registered(session, listed)
    if last is not None:
        drafts.check_succession(last, listed)
    known = last.version if last else 0
    facts = say("Version %(installed)s is installed, version %(known)s is registered.", installed=listed.version, known=known)
    return known == listed.version, facts


def _journal(journal_path: Path) -> tuple[bool, Said]:
    if not journal_path.exists():
        return True, say("The signer has not signed anything yet.")
    with Journal(journal_path).alone() as journal:
        return True, say("%(intents)s intents and %(answers)s signatures.", intents=journal.intents, answers=journal.answers)


def _signer(settings: Settings) -> tuple[bool, Said]:
    if settings.signer is None:
        return True, say("This process would sign with its own keys; serve runs a signer beside it.")
    client = RemoteSigner(settings.signer, seconds=_QUICK, patience=_QUICK)
    try:
        client.latest_checkpoint()
    finally:
        client.close()
    return True, say("It answers at %(path)s.", path=settings.signer)
