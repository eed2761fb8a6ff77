"""No change to a licence of ours is accepted, whatever its kind; every licence that was not touched is."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest
from mutations import FAMILIES, KINDS
from subjects import COUNT, Scene

from licensing.licences import verify
from licensing.licences.verdict import Overall, Verdict
from licensing.policy import SYSTEM
from licensing.storage import reading
from licensing.trust.pdf_check import check

pytestmark = pytest.mark.slow


def judged(scene: Scene, content: bytes, *, online: bool) -> Verdict:
    """The whole way of the service: the file is parsed in a child of its own."""
    with reading(SYSTEM) as look:
        return verify.verify_file(content, scene.trust, scene.hosts, look.session if online else None)


def accepted(found: dict[str, object] | Verdict) -> bool:
    if isinstance(found, Verdict):
        return found.overall is Overall.VALID or (found.whole.code, found.genuine.code) == ("ok", "ok")
    return (found["whole"], found["genuine"]) == ("ok", "ok")


def test_there_are_enough_kinds_and_each_has_its_own_name() -> None:
    assert len(KINDS) == sum(len(family) for family in FAMILIES.values()) >= 150


def test_untouched_licences_are_all_accepted(scene: Scene) -> None:
    assert len({entry["sha256"] for entry in scene.entries}) == COUNT
    for pdf, entry in zip(scene.pdfs, scene.entries, strict=True):
        assert hashlib.sha256(pdf).hexdigest() == entry["sha256"]
        assert judged(scene, pdf, online=True).overall is Overall.VALID
        offline = judged(scene, pdf, online=False)
        assert (offline.whole.code, offline.genuine.code) == ("ok", "ok")
        assert accepted(check(pdf, trust_pem=scene.trust_pem))


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_licence_is_never_accepted(scene: Scene, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    verdicts: Counter[tuple[str, str]] = Counter()
    for place in range(COUNT):
        subject = scene.subject(place, kind)
        changed = KINDS[kind](subject)
        assert changed != subject.pdf, "nothing was changed"
        found = check(changed, trust_pem=scene.trust_pem)
        verdicts[found["whole"], found["genuine"]] += 1
        assert not accepted(found), (kind, place)
        assert found["record"] is None, (kind, place)
        with monkeypatch.context() as patch:
            # The same answer as the child would give, without parsing the file once more.
            patch.setattr(verify.sandbox, "ask", lambda *_, found=found, **__: found)
            for online in (False, True):
                assert not accepted(judged(scene, changed, online=online)), (kind, place, online)
    print(f"{kind}: {dict(verdicts)}")


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_service_refuses_one_of_each_kind(scene: Scene, kind: str) -> None:
    place = list(KINDS).index(kind) % COUNT
    changed = KINDS[kind](scene.subject(place, kind))
    verdict = judged(scene, changed, online=True)
    assert verdict.overall is Overall.INVALID
    assert not accepted(verdict)
    assert verdict.paper is None
