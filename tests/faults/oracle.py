"""What must hold after every crash: one number, one payload, one fate; nothing signed without a record; nothing half visible."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from licensing.cases.machine import State
from licensing.cases.tables import Case
from licensing.ledger import audit
from licensing.licences import health, queries
from licensing.licences.record import from_canonical
from licensing.licences.status import Status
from licensing.licences.tables import Licence
from licensing.licences.verdict import Overall
from licensing.licences.verify import verify_number, verify_qr
from licensing.policy import SYSTEM
from licensing.storage import reading, storage
from licensing.storage.base import Base
from licensing.storage.tables import OutboxMessage
from licensing.trust.current import JOURNAL, current_trust_list
from licensing.trust.pdf_check import check as check_pdf

_RANGE = re.compile(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def journal() -> list[dict[str, Any]]:
    """What the signer did."""
    path = storage().settings.home / JOURNAL
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def signed_files() -> dict[str, bytes]:
    """Every file in the store that carries a signature value, by its name."""
    found = {}
    for path in storage().files.root.glob("??/*"):
        if _DIGEST.fullmatch(path.name) and is_signed(content := path.read_bytes()):
            found[path.name] = content
    return found


def is_signed(content: bytes) -> bool:
    spot = _RANGE.search(content)
    return spot is not None and content[int(spot[1]) + 1 : int(spot[2]) - 1].strip(b"0") != b""


def scraps() -> list[Path]:
    """Half-written files that a crash left; nothing ever reads them."""
    return [path for path in storage().settings.home.rglob(".*") if path.is_file()]


def half_visible(case_id: int) -> list[str]:
    """What the world could see of a licence before it is in force."""
    found = []
    with reading(SYSTEM) as look:
        state = look.session.get_one(Case, case_id).state
        licence = look.session.scalar(sa.select(Licence).where(Licence.case_id == case_id))
        if licence is None or licence.status == Status.IN_FORCE:
            whole = (licence is None) == (state == State.PROPOSED) and (licence is None or state == State.GRANTED)
            return [] if whole else [f"the case is {state}, the licence {licence and licence.status}"]
        if state != State.ISSUING:
            found.append(f"the case is {state}")
        seen = [queries.of_case(look.session, case_id), queries.by_identifier(look.session, licence.identifier)]
        if any(seen):
            found.append("the licence can be found")
        trust, hosts = current_trust_list(storage().settings), (storage().settings.public_host,)
        verdicts = [verify_number(licence.number, licence.check_code, look.session)]
        if licence.qr_text:
            verdicts.append(verify_qr(licence.qr_text, trust, hosts, look.session))
        if any(verdict.overall is Overall.VALID for verdict in verdicts):
            found.append("the licence is confirmed")
        if _told(look.session, licence.id):
            found.append("somebody was told")
    return found


def brought_out(case_id: int) -> str:
    """The number of the one licence of a case, in force in every respect."""
    with reading(SYSTEM) as look:
        assert look.session.get_one(Case, case_id).state == State.GRANTED
        (licence,) = look.session.scalars(sa.select(Licence).where(Licence.case_id == case_id)).all()
        assert licence.status == Status.IN_FORCE
        assert licence.file_sha256 is not None
        content = storage().files.get(licence.file_sha256)
        found = check_pdf(content, trust_pem=current_trust_list(storage().settings).to_pem().decode())
        assert (found["whole"], found["genuine"]) == ("ok", "ok")
        assert found["timestamp"] is not None
        assert base64.b64decode(found["record"]) == licence.record
        assert licence.qr_text is not None
        verdict = verify_qr(licence.qr_text, current_trust_list(storage().settings), (storage().settings.public_host,), look.session)
        assert verdict.overall is Overall.VALID
        topics = [message.topic for message in _told(look.session, licence.id)]
        assert sorted(topics) == ["licence.changed", "licence.issued"]
        _one_payload(licence, content)
        return licence.number


def _one_payload(licence: Licence, content: bytes) -> None:
    """Journal, table and file agree: the number was signed for this record, this code and this file, and for no other."""
    record = from_canonical(licence.record)
    own = [line for line in journal() if line.get("number") == record.number]
    for kind in ("qr", "seal"):
        (meant,) = [line for line in own if (line["op"], line.get("kind")) == ("intent", kind)]
        assert meant["document"] == licence.record_sha256 == hashlib.sha256(licence.record).hexdigest()
        assert len([line for line in own if (line["op"], line.get("kind")) == ("signed", kind)]) == 1
    spot = _RANGE.search(content)
    assert spot is not None
    covered = hashlib.sha256(content[: int(spot[1])] + content[int(spot[2]) :]).hexdigest()
    assert meant["content"] == covered


def _told(session: Session, licence_id: int) -> list[OutboxMessage]:
    rows = session.scalars(sa.select(OutboxMessage).where(OutboxMessage.topic.like("licence.%"))).all()
    return [row for row in rows if row.payload.get("licence_id") == licence_id]


def everything_holds(expected: int) -> None:
    """The whole installation: numbers 1..n each in force, nothing signed that no row knows, log and lists whole."""
    with reading(SYSTEM) as look:
        licences = look.session.scalars(sa.select(Licence).order_by(Licence.serial)).all()
        assert [(row.serial, row.status) for row in licences] == [(place, Status.IN_FORCE) for place in range(1, expected + 1)]
        assert audit.check(look.session).holds
        assert list(health.problems(look.session, storage().files, current_trust_list(storage().settings))) == []
        known = _named_files(look.session)
    stray = {name for name in signed_files() if name not in known}
    assert stray == set(), "signed files that no record names"
    numbers = {line["number"] for line in journal() if line["op"] == "signed" and line["kind"] == "qr"}
    assert numbers == {row.number for row in licences}, "numbers that were signed and numbers in the register"


def _named_files(session: Session) -> set[str]:
    """Every SHA-256 that stands anywhere in the database."""
    found: set[str] = set()
    for table in Base.metadata.sorted_tables:
        for row in session.execute(sa.select(table)):
            for value in row:
                found.update(_DIGEST.findall(value if isinstance(value, str) else json.dumps(value, default=str)))
    return found
