"""No change to a licence of ours is accepted, whatever its kind; every licence that was not touched is."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from mutations import FAMILIES, KINDS
from stamps import STAMPS, stamped_later
from subjects import EVERY, PLAIN, STAMPED, Scene

from licensing.licences import verify
from licensing.licences.verdict import Overall, Verdict
from licensing.policy import SYSTEM
from licensing.storage import reading
from licensing.trust import pdf_check
from licensing.trust.trust_list import TrustList

pytestmark = pytest.mark.slow

# What is not accepted and still told: a key that was stolen later may have signed before.
LEFT_OPEN = "key-compromised-before"


def judged(scene: Scene, content: bytes, *, online: bool) -> Verdict:
    """The whole way of the service: the file is parsed in a child of its own."""
    with reading(SYSTEM) as look:
        return verify.verify_file(content, scene.trust, scene.hosts, look.session if online else None)


def accepted(found: dict[str, Any] | Verdict) -> bool:
    if isinstance(found, Verdict):
        return found.overall is Overall.VALID or (found.whole.code, found.genuine.code) == ("ok", "ok")
    return (found["whole"], found["genuine"]) == ("ok", "ok")


def test_there_are_enough_kinds_and_each_has_its_own_name() -> None:
    assert len(KINDS) == sum(len(family) for family in FAMILIES.values()) >= 200
    assert len(EVERY) == STAMPED == 20


def test_untouched_licences_are_all_accepted(scene: Scene) -> None:
    assert len({entry["sha256"] for entry in scene.entries}) == STAMPED + PLAIN
    assert len({entry["holder"] for entry in scene.entries}) > 8
    for place, (pdf, entry) in enumerate(zip(scene.pdfs, scene.entries, strict=True)):
        assert hashlib.sha256(pdf).hexdigest() == entry["sha256"]
        assert judged(scene, pdf, online=True).overall is Overall.VALID
        offline = judged(scene, pdf, online=False)
        assert (offline.whole.code, offline.genuine.code) == ("ok", "ok")
        found = pdf_check.check(pdf, trust_pem=scene.trust_pem)
        assert accepted(found)
        assert (found["timestamp"] is not None) == (place < STAMPED)


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_licence_is_never_accepted(scene: Scene, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    # The list is not what is attacked here: it is read once, not once for every file.
    monkeypatch.setattr(pdf_check.trust_list, "from_pem", lambda _: scene.trust)
    monkeypatch.setattr(TrustList, "to_pem", lambda _: scene.trust_pem.encode())
    places = range(STAMPED) if kind in STAMPS else EVERY
    through_the_service = list(KINDS).index(kind) % len(places)
    verdicts: Counter[tuple[str, str]] = Counter()
    for turn, place in enumerate(places):
        subject = scene.subject(place, kind)
        changed = KINDS[kind](subject)
        assert changed != subject.pdf, "nothing was changed"
        found = pdf_check.check(changed, trust_pem=scene.trust_pem)
        verdicts[found["whole"], found["genuine"]] += 1
        assert not accepted(found), (kind, place)
        assert found["record"] is None or found["genuine"] == LEFT_OPEN, (kind, place)
        with monkeypatch.context() as patch:
            if turn != through_the_service:
                # The same answer as the child would give, without parsing the file once more.
                patch.setattr(verify.sandbox, "ask", lambda *_, found=found, **__: found)
            offline, online = (judged(scene, changed, online=online) for online in (False, True))
        assert not accepted(offline), (kind, place)
        assert not accepted(online), (kind, place)
        assert online.overall is Overall.INVALID, (kind, place)
        assert offline.overall is Overall.INVALID or offline.genuine.code == LEFT_OPEN, (kind, place)
        assert (offline.paper is None and online.paper is None) or offline.genuine.code == LEFT_OPEN, (kind, place)
    assert verdicts.total() == 20
    print(f"{kind}: {dict(verdicts)}")


def test_a_later_stamp_of_the_same_authority_changes_the_time_alone(scene: Scene) -> None:
    """The one change that nobody can see without the register: see the first lines of ``pdf_check``."""
    subject = scene.subject(0, "later stamp")
    changed = stamped_later(subject, timedelta(days=1))
    before, after = (pdf_check.check(pdf, trust_pem=scene.trust_pem) for pdf in (subject.pdf, changed))
    differing = {name for name in before if before[name] != after[name]}
    assert differing == {"timestamp", "file_sha256"}
    online = judged(scene, changed, online=True)
    assert (online.overall, online.genuine.code) == (Overall.INVALID, "unknown-file")
