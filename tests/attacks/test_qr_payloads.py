"""No changed QR code is ever accepted, and every text gets a verdict: 100,000 different ones."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from qr_kinds import FAMILIES, KINDS
from qr_subjects import EDWARDS, EDWARDS_KID, Code, QrSubject, code_of, edwards_certificate
from sqlalchemy.orm import Session
from subjects import Scene

from licensing.licences.verdict import Overall, Verdict, Weight
from licensing.licences.verify import verify_qr
from licensing.policy import SYSTEM
from licensing.samples import KID
from licensing.storage import reading
from licensing.trust.trust_list import TrustList

pytestmark = pytest.mark.slow

FIXED_SEED = 20261123
WANTED = 100_000
FRESH = 10_000
# Some kinds have few members: after so many repetitions a kind has told all it can.
PATIENCE = 200


@pytest.fixture(scope="module")
def trust(made: Scene) -> TrustList:
    """The list of the installation, and one Ed25519 key more: the profile allows both."""
    own = next(key for key in made.trust.keys if key.id == f"qr-{KID:02x}")
    key = replace(own, id=f"qr-{EDWARDS_KID.hex()}", certificate=edwards_certificate(made))
    return replace(made.trust, keys=(*made.trust.keys, key))


def accepted(verdict: Verdict) -> bool:
    return verdict.overall is Overall.VALID or (verdict.whole.code, verdict.genuine.code) == ("signed-code", "ok")


def judged(text: str, scene: Scene, trust: TrustList, session: Session | None) -> Verdict:
    return verify_qr(text, trust, scene.hosts, session)


def test_untouched_codes_are_accepted(scene: Scene, trust: TrustList) -> None:
    with reading(SYSTEM) as look:
        for entry in scene.entries:
            code = code_of(entry["qr"])
            assert code.text == entry["qr"]
            for text in (code.text, code.text.replace("/v/", "/v#")):
                assert judged(text, scene, trust, look.session).overall is Overall.VALID
                assert accepted(judged(text, scene, trust, None))


def test_the_ed25519_key_of_the_list_is_a_key(scene: Scene, trust: TrustList) -> None:
    """Otherwise nothing is shown by the refusal of what it did not sign."""
    subject = _subject(scene, [code_of(entry["qr"]) for entry in scene.entries], Random(1))  # noqa: S311
    text = subject.signed(subject.code.parts[2], EDWARDS, {1: -8, 4: EDWARDS_KID})
    assert accepted(judged(text, scene, trust, None))


def _subject(scene: Scene, codes: list[Code], chance: Random) -> QrSubject:
    code, other = chance.sample(codes, 2)
    return QrSubject(scene, code, other, chance)


def _hunt(scene: Scene, trust: TrustList, seed: int, wanted: int) -> tuple[Counter[str], Counter[str]]:
    """``wanted`` different texts, the kinds taking turns; every one is judged offline, every tenth online too."""
    chance = Random(seed)  # noqa: S311
    codes = [code_of(entry["qr"]) for entry in scene.entries]
    genuine = {code.text for code in codes} | {code.text.replace("/v/", "/v#") for code in codes}
    seen: set[str] = set()
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    repeated: Counter[str] = Counter()
    with reading(SYSTEM) as look:
        while len(seen) < wanted:
            lively = [kind for kind in KINDS if repeated[kind] < PATIENCE]
            for kind in lively:
                text = KINDS[kind](_subject(scene, codes, chance))
                if text in seen or text in genuine:
                    repeated[kind] += 1
                    continue
                seen.add(text)
                counts[kind] += 1
                sessions = (None, look.session) if len(seen) % 10 == 0 else (None,)
                for session in sessions:
                    verdict = judged(text, scene, trust, session)
                    assert not accepted(verdict), (seed, kind, text)
                    # Nothing that a forger wrote is ever shown; what a key of ours signed that may not sign is told, with the reason.
                    assert verdict.paper is None or verdict.genuine.weight is not Weight.GOOD, (seed, kind, text)
                reasons[verdict.whole.code if verdict.whole.weight is Weight.BAD else verdict.genuine.code] += 1
                if len(seen) == wanted:
                    break
    assert counts.keys() == KINDS.keys(), KINDS.keys() - counts.keys()
    return counts, reasons


def _told(name: str, seed: int, counts: Counter[str], reasons: Counter[str], seconds: float) -> None:
    print(f"\n{name} seed {seed}: {counts.total():,} different texts of {len(counts)} kinds in {seconds:.0f} s, 0 accepted, 0 exceptions")
    for family, kinds in FAMILIES.items():
        print(f"  {family}: " + ", ".join(f"{kind} {counts[kind]:,}" for kind in kinds))
    print("  refused as: " + ", ".join(f"{code} {count:,}" for code, count in reasons.most_common()))


def test_a_hundred_thousand_changed_codes_are_refused(scene: Scene, trust: TrustList) -> None:
    start = time.monotonic()
    counts, reasons = _hunt(scene, trust, FIXED_SEED, WANTED)
    assert counts.total() == WANTED
    _told("fixed", FIXED_SEED, counts, reasons, time.monotonic() - start)


def test_ten_thousand_more_from_a_fresh_seed_are_refused(scene: Scene, trust: TrustList) -> None:
    seed = secrets.randbits(64)
    print(f"fresh seed {seed}")
    start = time.monotonic()
    counts, reasons = _hunt(scene, trust, seed, FRESH)
    _told("fresh", seed, counts, reasons, time.monotonic() - start)
