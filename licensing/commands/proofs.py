"""``selfcheck``: whether what is stored is still what was issued."""

from __future__ import annotations

import sys

import click

from licensing.commands.console import FAILED, Command, as_data, print_facts, print_json, print_table, progress_bar, words
from licensing.ledger import queries as ledgers
from licensing.ledger.queries import LedgerReport
from licensing.licences import health
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import open_storage, reading
from licensing.trust.current import current_trust_list
from licensing.words import Said, say


@click.command("selfcheck", cls=Command)
@as_data
def selfcheck(as_data: bool) -> None:
    """Check the log, and of every issued licence the record, the stored file and its signature. Exit code 1 when one does not hold."""
    settings = Settings()
    store = open_storage(settings)
    trust = current_trust_list(settings)
    with reading(SYSTEM) as look, progress_bar() as progress:
        report = ledgers.check(look.session)
        licences = health.issued(look.session)
        watched = progress.track(licences, description=words(say("Licences")))
        problems = [problem for licence in watched for problem in health.problems(look.session, store.files, trust, licence)]
    if as_data:
        listed = [{"number": problem.number, "code": problem.code, "sentence": words(problem.sentence)} for problem in problems]
        print_json({"ledger": _ledger_json(report), "licences": len(licences), "problems": listed})
    else:
        print_facts(
            [
                (say("Log"), words(_ledger_state(report))),
                (say("Licences"), str(len(licences))),
                (say("Problems"), str(len(problems))),
            ]
        )
        if problems:
            columns = (say("Number"), say("Code"), say("Found"))
            print_table(columns, ((problem.number, problem.code, words(problem.sentence)) for problem in problems))
    sys.exit(0 if report.holds and not problems else FAILED)


def _ledger_state(report: LedgerReport) -> Said:
    return say("It holds.") if report.holds else say("It does not hold from entry %(position)s on.", position=report.first_bad)


def _ledger_json(report: LedgerReport) -> dict[str, object]:
    return {"holds": report.holds, "size": report.size, "root": report.root.hex(), "first_bad": report.first_bad}
