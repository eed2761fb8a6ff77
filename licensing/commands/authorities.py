"""``authorities``: import the list of those that exist, and see which of them may decide here."""

from __future__ import annotations

from pathlib import Path

import click

from licensing.clock import now, today
from licensing.commands.console import Command, as_data, print_facts, print_json, print_table, words
from licensing.parties.lists import AUTHORITIES, read_authorities
from licensing.parties.queries import authority_tree, jurisdictions, people_at
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import open_storage, reading, unit_of_work
from licensing.trust.current import current_trust_list
from licensing.trust.offices import import_listed, lacking
from licensing.words import say


@click.group("authorities")
def authorities_group() -> None:
    """Authorities: who decides where. One that was imported decides nothing until it has keys and is activated."""


@authorities_group.command("import", cls=Command)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_data
def import_file(file: Path | None, as_data: bool) -> None:
    """Import a list of authorities, by default the one that ships. Running it again changes nothing; no keys are made."""
    open_storage(Settings())
    found = read_authorities(file or AUTHORITIES)
    with unit_of_work(SYSTEM) as work:
        done = import_listed(work, found)
    if as_data:
        print_json({"new": list(done.new), "changed": list(done.changed), "unchanged": done.unchanged})
        return
    facts = ((say("New"), len(done.new)), (say("Changed"), len(done.changed)), (say("Unchanged"), done.unchanged))
    print_facts([(name, str(count)) for name, count in facts])


@authorities_group.command("list", cls=Command)
@as_data
def list_all(as_data: bool) -> None:
    """The tree of authorities: what each decides, how many people it has, whether it is active, and what it lacks."""
    settings = Settings()
    open_storage(settings)
    trust, moment = current_trust_list(settings), now()
    with reading(SYSTEM) as look:
        rules, people = jurisdictions(look.session), people_at(look.session, today())
        shown = [
            {
                "code": row.code,
                "name": row.name,
                "level": row.level,
                "depth": depth,
                "matters": sorted({rule.matter for rule in rules.get(row.id, ())}),
                "regions": sorted({rule.region_prefix for rule in rules.get(row.id, ())}),
                "people": people.get(row.id, 0),
                "active": row.active,
                "lacks": [words(missing) for missing in lacking(row, trust, moment)],
            }
            for depth, row in authority_tree(look.session, SYSTEM)
        ]
    if as_data:
        print_json(shown)
        return
    columns = (say("Code"), say("Name"), say("Matters"), say("People"), say("State"), say("Lacks"))
    print_table(columns, (_row(one) for one in shown))


def _row(one: dict[str, object]) -> tuple[str, ...]:
    matters, lacks = one["matters"], one["lacks"]
    return (
        str(one["code"]),
        "  " * int(str(one["depth"])) + str(one["name"]),
        ", ".join(matters) if isinstance(matters, list) else "",
        str(one["people"]),
        words(say("active") if one["active"] else say("not active")),
        " ".join(lacks) if isinstance(lacks, list) else "",
    )
