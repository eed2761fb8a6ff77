"""``status-list``: the signed lists that say which licences count, for those who check without a network."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click

from licensing.clock import now, today
from licensing.commands.console import FAILED, Command, as_data, print_facts, print_json, print_table, words
from licensing.errors import NotFound
from licensing.licences import status_list as lists
from licensing.licences.status_values import NAMES, NOT_ACTIVE
from licensing.parties.queries import authorities
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import open_storage, reading
from licensing.trust import status_token, trust_list
from licensing.trust.current import current_trust_list
from licensing.trust.status_token import StatusToken
from licensing.trust.trust_list import TrustList
from licensing.words import Said, say

STALE = 2
_TRUST = click.Path(exists=True, dir_okay=False, path_type=Path)
_MOMENT = click.DateTime(formats=["%Y-%m-%dT%H:%M:%S%z"])


@click.group("status-list")
def status_list() -> None:
    """Status lists: which licences count, signed, for those who check without a network."""


@status_list.command("show", cls=Command)
@as_data
def show(as_data: bool) -> None:
    """The newest list of each authority, and whether it says what the register says. Exit code 1 when one does not."""
    settings = Settings()
    open_storage(settings)
    trust = current_trust_list(settings)
    with reading(SYSTEM) as look:
        rows = [(authority, lists.newest(look.session, authority.code)) for authority in authorities(look.session)]
        shown = []
        for authority, row in rows:
            if row is not None:
                token = lists.verified(row, trust, trust.status_uri(authority.code))
                shown.append(_facts(token) | {"differences": lists.differences(look.session, authority.id, token, today())})
    if as_data:
        print_json(shown)
    else:
        columns = (say("Address"), say("As of"), say("Expires"), say("Differs from the register"))
        print_table(columns, ((one["uri"], one["as_of"], one["expires_at"], str(len(one["differences"]))) for one in shown))
    sys.exit(FAILED if any(one["differences"] for one in shown) else 0)


@status_list.command("export", cls=Command)
@click.argument("authority", metavar="AUTHORITY")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option("--format", "form", type=click.Choice(["cwt", "jwt"]), default="cwt", show_default=True, help="Kind of token.")
@click.option("--time", "moment", type=_MOMENT, help="The list that counted at this moment, such as 2026-03-02T09:00:00+0800.")
@as_data
def export(authority: str, out: Path, form: str, moment: Any, as_data: bool) -> None:
    """Write the list of one authority, by its code, to a file that others can carry along."""
    open_storage(Settings())
    with reading(SYSTEM) as look:
        row = lists.newest(look.session, authority) if moment is None else lists.at(look.session, authority, moment)
    if row is None:
        raise NotFound(say("There is no status list of this authority for this time."))
    out.write_bytes(row.cwt if form == "cwt" else row.jwt.encode())
    if as_data:
        print_json({"file": str(out), "issued_at": row.issued_at.isoformat(timespec="seconds")})
    else:
        print_facts([(say("File"), str(out)), (say("As of"), row.issued_at.isoformat(timespec="seconds"))])


@status_list.command("verify", cls=Command)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--trust", "trust_file", type=_TRUST, help="Trust list (PEM) to pin.")
@click.option("--index", type=click.IntRange(0), help="Tell the status at this place too.")
@as_data
def verify(file: Path, trust_file: Path | None, index: int | None, as_data: bool) -> None:
    """Is this list signed by a pinned key, and what does it say? Exit code 0 it counts now, 1 it is not ours, 2 it is too old."""
    token = status_token.verify(file.read_bytes(), _trust(trust_file).status_keys)
    fresh = token.fresh_at(now())
    facts = _facts(token) | {"fresh": fresh} | ({} if index is None else {"index": index, "status": _named(token.value(index))})
    if as_data:
        print_json(facts)
    else:
        print_facts([(_LABELS[name], _text(value)) for name, value in facts.items()])
    sys.exit(0 if fresh else STALE)


_LABELS = {
    "uri": say("Address"),
    "as_of": say("As of"),
    "expires_at": say("Expires"),
    "ttl": say("To be asked for again after (seconds)"),
    "kid": say("Key"),
    "counts": say("Statuses"),
    "fresh": say("Counts now"),
    "index": say("Index"),
    "status": say("Status"),
}


def _facts(token: StatusToken) -> dict[str, Any]:
    values = Counter(token.value(index) for index in range(len(token.packed) * 8 // token.claims.bits))
    return {
        "uri": token.uri,
        "as_of": token.as_of.isoformat(timespec="seconds"),
        "expires_at": token.expires_at.isoformat(timespec="seconds"),
        "ttl": token.claims.ttl,
        "kid": token.kid.hex(),
        "counts": {_named(value): count for value, count in sorted(values.items()) if value != NOT_ACTIVE},
    }


def _named(value: int | None) -> str:
    return "beyond-the-end" if value is None else NAMES.get(value, "reserved")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return words(_YES if value else _NO)
    return ", ".join(f"{name} {count}" for name, count in value.items()) if isinstance(value, dict) else str(value)


_YES: Said = say("yes")
_NO: Said = say("no")


def _trust(trust_file: Path | None) -> TrustList:
    return trust_list.from_pem(trust_file.read_bytes()) if trust_file else current_trust_list(Settings())
