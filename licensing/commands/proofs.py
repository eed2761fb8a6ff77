"""``selfcheck``: whether what is stored is still what was issued."""

from __future__ import annotations

import sys

import click

from licensing.commands.console import FAILED, Command, as_data, print_facts, print_json, print_table, progress_bar, words
from licensing.licences import health
from licensing.policy import SYSTEM
from licensing.selfcheck import row_problems
from licensing.settings import Settings
from licensing.storage import open_storage, reading
from licensing.trust.current import current_trust_list
from licensing.words import say


@click.command("selfcheck", cls=Command)
@click.option("--rows", "rows_only", is_flag=True, help="Compare rows, log and lists only; do not open the signed files.")
@as_data
def selfcheck(rows_only: bool, as_data: bool) -> None:
    """Compare log, register, events, letters, promises and signed lists with one another, and open every issued licence.

    Exit code 1 when something does not hold.
    """
    settings = Settings()
    files = open_storage(settings).files
    trust = current_trust_list(settings)
    with reading(SYSTEM) as look, progress_bar() as progress:
        problems = list(row_problems(look.session, files, trust))
        licences = [] if rows_only else health.issued(look.session)
        for licence in progress.track(licences, description=words(say("Licences"))):
            problems += health.file_problems(look.session, files, trust, licence)
    if as_data:
        listed = [{"subject": problem.subject, "code": problem.code, "sentence": words(problem.sentence)} for problem in problems]
        print_json({"holds": not problems, "licences": len(licences), "problems": listed})
    else:
        print_facts([(say("Licences"), str(len(licences))), (say("Problems"), str(len(problems)))])
        if problems:
            columns = (say("About"), say("Code"), say("Found"))
            print_table(columns, ((problem.subject, problem.code, words(problem.sentence)) for problem in problems))
    sys.exit(FAILED if problems else 0)
