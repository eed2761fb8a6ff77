"""What is wrong with the keys and the signer here, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from licensing import clock
from licensing.errors import LeizhengError
from licensing.trust import trust_list
from licensing.trust.journal import Journal
from licensing.trust.layout import KeyFolder, exposed
from licensing.words import Said, say


class Check(NamedTuple):
    """One thing looked at: a stable name, whether it is right, what was seen, what to do."""

    name: str
    ok: bool
    detail: Said
    mend: Said | None


def checks(keys_dir: Path, journal_path: Path) -> list[Check]:
    """The state of keys, certificates and journal; reads no private key and changes nothing but a torn last line of the journal."""
    return [
        _look("trust.private-files", lambda: _private_files(keys_dir), say("Give private keys mode 0600 and their folders mode 0700.")),
        _look("trust.list", lambda: _trust_list(keys_dir), say("Run leizheng init.")),
        _look("trust.journal", lambda: _journal(journal_path), say("Restore the signer's journal before anything is signed.")),
    ]


def _look(name: str, look: Callable[[], tuple[bool, Said]], mend: Said) -> Check:
    try:
        ok, detail = look()
    except LeizhengError as error:
        ok, detail = False, error.sentence
    except OSError as error:
        ok, detail = False, say("It cannot be read: %(reason)s.", reason=error.strerror)
    return Check(name, ok, detail, None if ok else mend)


def _private_files(keys_dir: Path) -> tuple[bool, Said]:
    keys = KeyFolder(keys_dir).private_keys()
    open_to_others = [path.name for path in keys if exposed(path)]
    if open_to_others:
        return False, say("Others can read: %(names)s.", names=", ".join(open_to_others))
    return bool(keys), say("%(count)s private keys, readable by their owner alone.", count=len(keys))


def _trust_list(keys_dir: Path) -> tuple[bool, Said]:
    listed = trust_list.load(keys_dir)
    moment = clock.now()
    seals = [seal for seal in listed.seals if seal.valid_at(moment)]
    keys = [key for key in listed.qr_keys.values() if key.valid_at(moment)]
    covered = {seal.authority_code for seal in seals} & {key.authority_code for key in keys}
    everyone = {seal.authority_code for seal in listed.seals} | {key.authority_code for key in listed.qr_keys.values()}
    facts = say("%(covered)s of %(all)s authorities have a valid seal and QR key.", covered=len(covered), all=len(everyone))
    return bool(covered) and covered == everyone, facts


def _journal(journal_path: Path) -> tuple[bool, Said]:
    if not journal_path.exists():
        return True, say("The signer has not signed anything yet.")
    with Journal(journal_path).alone() as journal:
        return True, say("%(intents)s intents and %(answers)s signatures.", intents=journal.intents, answers=journal.answers)
