"""``ledger``: the public log of everything that was issued or changed, and its proofs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from licensing.commands.console import FAILED, Command, as_data, print_facts, print_json, print_table, progress_bar, tell, words
from licensing.errors import Invalid, LeizhengError, NotFound
from licensing.ledger import export as exports
from licensing.ledger import kept
from licensing.ledger import queries as ledgers
from licensing.ledger.audit import LedgerProblem, LedgerReport
from licensing.ledger.gate import CODE as BEHIND
from licensing.ledger.gate import behind
from licensing.ledger.local import LocalLog
from licensing.ledger.notes import Checkpoint, NoteKey, NoteRefused, key_from_text, to_base64
from licensing.ledger.proof_files import open_proof
from licensing.ledger.remote import RemoteLog
from licensing.ledger.rules import verify_consistency
from licensing.ledger.witness import Log, LogRefused, Observation, observe
from licensing.licences import queries as licences
from licensing.licences.log_proof import record_proof
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import Work, open_storage, reading
from licensing.trust import checkpoints, trust_list
from licensing.trust.current import current_trust_list
from licensing.words import Said, say

_EVERY = 60


@click.group("ledger")
def ledger() -> None:
    """The public log of everything that was issued or changed."""


@ledger.command("verify", cls=Command)
@as_data
def verify(as_data: bool) -> None:
    """Compute the whole log again: leaves, tiles, counter, every checkpoint and its signature. Exit code 0 it holds, 1 it does not."""
    settings = Settings()
    open_storage(settings)
    with reading(SYSTEM) as look, progress_bar() as progress:

        def track(rows: Iterable[Any], length: int) -> Iterable[Any]:
            return progress.track(rows, total=length or None, description=words(say("Log")))

        report = ledgers.check(look.session, track)
        problems = [*report.problems, *_beyond_the_database(look, settings, report, track)]
    if as_data:
        print_json(_report_json(report, problems))
    else:
        print_facts(
            [
                (say("Entries"), str(report.size)),
                (say("Tree head"), report.root.hex()),
                (say("Checkpoints"), str(report.checkpoints)),
                (say("State"), words(_state(problems))),
            ]
        )
        if problems:
            columns = (say("From entry"), say("Code"), say("Found"))
            print_table(columns, ((str(problem.position), problem.code, words(problem.sentence)) for problem in problems))
    sys.exit(FAILED if problems else 0)


@ledger.command("prove", cls=Command)
@click.argument("what", metavar="IDENTIFIER-or-NUMBER")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the proof into this file.")
@as_data
def prove(what: str, out: Path | None, as_data: bool) -> None:
    """The proof that the record of a licence stands in the log, as a file that anyone can check alone (c2sp.org/tlog-proof)."""
    settings = Settings()
    open_storage(settings)
    with reading(SYSTEM) as look:
        identifier = _identifier(look, what)
    proof = record_proof(settings, identifier)
    head = open_proof(proof, checkpoints.note_keys(current_trust_list(settings)))
    if out is not None:
        out.write_text(proof.text(), encoding="utf-8")
    if as_data:
        print_json(
            {
                "position": proof.position,
                "size": head.size,
                "root": head.root.hex(),
                "entry": proof.entry.decode(),
                "path": [step.hex() for step in proof.path],
                "proof": proof.text(),
            }
        )
    elif out is None:
        click.echo(proof.text(), nl=False)


@ledger.command("consistency", cls=Command)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@as_data
def consistency(old: str, new: str, as_data: bool) -> None:
    """The proof that the log of size NEW continues the log of size OLD. Each is a size, or a file with a checkpoint.

    Exit code 0 it does; 1 the log is not what a checkpoint says.
    """
    open_storage(Settings())
    with reading(SYSTEM) as look:
        first, second = (_head(look, text) for text in (old, new))
        if not 0 < first.size <= second.size:
            raise Invalid(say("OLD must be at least 1 and not above NEW."), code="sizes-do-not-fit")
        proof = ledgers.consistency(look.session, first.size, second.size)
    holds = verify_consistency(first.size, second.size, first.root, second.root, proof)
    if as_data:
        sizes = {"old": first.size, "new": second.size, "old_root": first.root.hex(), "new_root": second.root.hex()}
        print_json({"holds": holds, **sizes, "proof": [step.hex() for step in proof]})
    else:
        state = say("The log continues.") if holds else say("The log is not what the checkpoint says.")
        print_facts([(say("State"), words(state)), *((say("Proof"), to_base64(step)) for step in proof)])
    sys.exit(0 if holds else FAILED)


@ledger.command("export", cls=Command)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the files.")
@as_data
def export(out: Path, as_data: bool) -> None:
    """The log as a folder of files that any web server can serve (c2sp.org/tlog-tiles). Running it again adds what is new."""
    settings = Settings()
    open_storage(settings)
    stored = checkpoints.publish(settings)
    if stored is None:
        raise NotFound(say("The log is empty."), code="log-empty")
    with reading(SYSTEM) as look, progress_bar() as progress:
        files = exports.files(stored.size)
        watched = progress.track(files, description=words(say("Tiles")))
        written = exports.write(look.session, stored, out, watched)
    if as_data:
        print_json({"size": stored.size, "files": len(files) + 1, "written": written})
    else:
        print_facts([(say("Entries"), str(stored.size)), (say("Files written"), str(written))])


@ledger.command("witness", cls=Command)
@click.option("--state", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File that keeps the last checkpoint.")
@click.option("--url", default="", help="Address of the log, such as https://host/log; without it the log of this installation.")
@click.option("--trust", "trust_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Trust list (PEM) to pin.")
@click.option("--key", "key_text", default="", help="Verifier key of the log (name+id+key) to pin instead of a trust list.")
@click.option("--once", is_flag=True, help="Look once and stop.")
@click.option("--every", type=click.IntRange(1, 86400), default=_EVERY, show_default=True, help="Seconds between two looks.")
@as_data
def witness(state: Path, url: str, trust_file: Path | None, key_text: str, once: bool, every: int, as_data: bool) -> None:
    """Keep the last checkpoint elsewhere and refuse a log that shrank or was rewritten. Exit code 1 when it is refused.

    Run it on another machine, under another administrator. Without --once it goes on until it is refused or interrupted.
    """
    settings = Settings()
    keys = _pinned(settings, trust_file, key_text)
    log: Log = RemoteLog(url) if url else LocalLog()
    if not url:
        open_storage(settings)
    while True:
        try:
            observed = observe(kept.read(state), log, keys)
        except LogRefused:
            raise
        except LeizhengError as error:
            if once:
                raise
            tell(error, as_data=as_data)
        else:
            if observed.before is None or observed.before.size < observed.now.size:
                kept.write(state, observed.note)
            _tell_observation(observed, as_data=as_data)
        if once:
            return
        time.sleep(every)


def _beyond_the_database(look: Work, settings: Settings, report: LedgerReport, track: checkpoints.Track) -> list[LedgerProblem]:
    """What the rows alone cannot show: the signatures, and what is kept outside the database."""
    problems = []
    if report.checkpoints:
        problems += checkpoints.check_signatures(look.session, current_trust_list(settings), track)
    if behind(look.session):
        problems.append(LedgerProblem(report.size, BEHIND, say("A checkpoint kept outside the database says otherwise.")))
    return problems


def _identifier(look: Work, what: str) -> str:
    found = licences.by_identifier(look.session, what) or licences.by_number(look.session, what)
    if found is None:
        raise NotFound(say("There is no licence “%(what)s”.", what=what[:120]), code="licence-unknown")
    return found.identifier


def _head(look: Work, text: str) -> Checkpoint:
    """The head that a size or a file with a checkpoint names."""
    path = Path(text)
    if not text.isdigit():
        data = kept.read(path) if path.is_file() else None
        try:
            return kept.parse(data or b"")
        except NoteRefused as error:
            raise Invalid(say("“%(what)s” is neither a size nor a checkpoint.", what=text[:120]), code="not-a-checkpoint") from error
    size = int(text)
    if size > ledgers.size(look.session):
        raise Invalid(say("The log has only %(size)s entries.", size=ledgers.size(look.session)), code="sizes-do-not-fit")
    return Checkpoint("", size, ledgers.root_at(look.session, size))


def _pinned(settings: Settings, trust_file: Path | None, key_text: str) -> tuple[NoteKey, ...]:
    if key_text:
        try:
            return (key_from_text(key_text),)
        except NoteRefused as error:
            raise Invalid(say("This is no verifier key of a log."), code="not-a-key") from error
    return checkpoints.note_keys(trust_list.from_pem(trust_file.read_bytes()) if trust_file else current_trust_list(settings))


def _tell_observation(observed: Observation, *, as_data: bool) -> None:
    before, now = observed.before, observed.now
    if as_data:
        print_json({"origin": now.origin, "before": before.size if before else None, "size": now.size, "root": now.root.hex()})
        return
    if before is None:
        sentence = say("The log has %(size)s entries. This is the first checkpoint kept.", size=now.size)
    else:
        sentence = say("The log continues: %(before)s entries before, %(size)s now.", before=before.size, size=now.size)
    click.echo(words(sentence))


def _state(problems: list[LedgerProblem]) -> Said:
    if not problems:
        return say("It holds.")
    return say("It does not hold from entry %(position)s on.", position=min(problem.position for problem in problems))


def _report_json(report: LedgerReport, problems: list[LedgerProblem]) -> dict[str, object]:
    return {
        "holds": not problems,
        "size": report.size,
        "root": report.root.hex(),
        "checkpoints": report.checkpoints,
        "first_bad": min((problem.position for problem in problems), default=None),
        "problems": [{"position": problem.position, "code": problem.code, "sentence": words(problem.sentence)} for problem in problems],
    }
