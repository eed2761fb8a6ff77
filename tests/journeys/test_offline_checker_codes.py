"""The checker in Chromium says what the register's own code says, code by code, and takes no list that is not ours."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import cbor2
import pytest
from checker import as_answer, ask_modules, open_checker, refusal, status_cwt, values, verified
from checker_fixtures import visiting
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from visitors import Visitor

sys.path.insert(0, str(Path(__file__).parent.parent / "attacks"))
from qr_kinds import KINDS
from qr_subjects import EDWARDS, EDWARDS_KID, RECORD, QrSubject, code_of, edwards_certificate
from subjects import CODE, NAME, USCC, Scene, made_scene
from trust import test_cose
from trust.test_lz1 import VECTOR_COSE, VECTOR_KEY

from licensing.clock import now
from licensing.errors import LeizhengError
from licensing.licences import status_list
from licensing.licences.offline import StatusLists, lists_from
from licensing.licences.verify import verify_qr
from licensing.policy import SYSTEM
from licensing.samples import KID
from licensing.storage import open_storage, reading, storage
from licensing.trust import cose, lz1, status_token
from licensing.trust.current import current_trust_list
from licensing.trust.keys import ensure_authority_keys
from licensing.trust.status_token import StatusClaims
from licensing.trust.trust_list import TrustList

pytestmark = pytest.mark.slow

DAY = 24 * 3600
EACH_KIND = 12


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Twenty licences, keys in every state, and the status list of the authority."""
    made = made_scene(tmp_path_factory.mktemp("checked"))
    opened = open_storage(made.settings)
    status_list.refresh_all()
    opened.engine.dispose()
    yield made
    storage().engine.dispose()


@pytest.fixture
def visitor(scene: Scene, tmp_path: Path) -> Iterator[Visitor]:
    """Somebody at the open checker."""
    with visiting(scene.settings, tmp_path) as come:
        arrived = come()
        open_checker(arrived)
        yield arrived


# -- the same answers as the register's code ----------------------------------------------------------------------------------------


def with_edwards(scene: Scene) -> TrustList:
    """The list of the installation and one Ed25519 key more: the profile allows both."""
    own = next(key for key in scene.trust.keys if key.id == f"qr-{KID:02x}")
    key = replace(own, id=f"qr-{EDWARDS_KID.hex()}", certificate=edwards_certificate(scene))
    return replace(scene.trust, keys=(*scene.trust.keys, key))


EDWARDS_SPKI = EDWARDS.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def subject_of(scene: Scene, chance: Random) -> QrSubject:
    code, other = chance.sample([code_of(entry["qr"]) for entry in scene.entries], 2)
    return QrSubject(scene, code, other, chance)


def sendable(text: str) -> bool:
    """Half characters (lone surrogates) cannot be sent to the browser, nor typed."""
    return not re.search("[\ud800-\udfff]", text)


def outside_the_profile(text: str) -> bool:
    """An algorithm that is a fraction or no value: ``qr-signature`` at the register, ``qr-malformed`` in the page, which reads neither."""
    try:
        algorithm = cose.parse_sign1(lz1.from_text(text, {code_of_host(text)})).algorithm
    except LeizhengError:
        return False
    return isinstance(algorithm, float | cbor2.CBORSimpleValue) or algorithm is cbor2.undefined


def code_of_host(text: str) -> str:
    return text.removeprefix("https://").partition("/")[0]


def tokens_of(scene: Scene) -> list[tuple[str, bytes]]:
    """The status list that the portal hands out."""
    with reading(SYSTEM) as look:
        row = status_list.newest(look.session, CODE)
    assert row is not None
    return [(scene.trust.status_uri(CODE), row.cwt)]


def python_says(scene: Scene, trust: TrustList, texts: list[str], lists: StatusLists | None) -> list[Any]:
    return [as_answer(verify_qr(text, trust, scene.hosts, None, lists)) for text in texts]


def agree(texts: list[str], ours: list[Any], theirs: list[Any]) -> None:
    differing = [(text[:300], one, other) for text, one, other in zip(texts, ours, theirs, strict=True) if one != other]
    assert differing == []


def test_page_and_register_agree_on_every_kind_of_changed_code(scene: Scene, visitor: Visitor) -> None:
    chance = Random(20261123)  # noqa: S311
    trust, tokens = with_edwards(scene), tokens_of(scene)
    made = {KINDS[kind](subject_of(scene, chance)): kind for kind in KINDS for _ in range(EACH_KIND)}
    genuine = {entry["qr"] for entry in scene.entries}
    texts = [text for text in made if sendable(text) and not outside_the_profile(text) and text.replace("/v#", "/v/") not in genuine]
    keys = [(EDWARDS_KID, EDWARDS_SPKI, bytes([KID]))]
    theirs = ask_modules(visitor, texts, scene.trust, tokens, now=now().timestamp(), keys=keys)
    agree(texts, python_says(scene, trust, texts, lists_from((token for _, token in tokens), trust)), theirs)
    # What a key signed before it was stolen stays open: only the register can vouch for it.
    open_ones = {made[text] for text, answer in zip(texts, theirs, strict=True) if answer[0] == "unknown"}
    assert open_ones <= {"key-stolen-later"}
    assert [answer for answer in theirs if answer[0] == "valid" or answer[1:3] == ("signed-code", "ok")] == []
    reasons = Counter(answer[1:4] for answer in theirs)
    assert {made[text] for text in texts} == KINDS.keys()
    assert len(texts) > 800
    print(f"{len(texts)} changed codes of {len(KINDS)} kinds: 0 accepted, 0 exceptions, 0 differences; {reasons.most_common()}")
    outside = [text for text in made if sendable(text) and outside_the_profile(text)]
    assert {answer[1] for answer in ask_modules(visitor, outside, scene.trust, tokens, now=now().timestamp())} <= {
        "qr-malformed",
        "qr-foreign-host",
    }


def own_codes(scene: Scene, count: int) -> list[str]:
    """Codes signed by the true key that say all sorts of things within the profile, and a little beyond it."""
    chance = Random(7)  # noqa: S311
    texts = []
    for _ in range(count):
        subject = subject_of(scene, chance)
        claims = dict(cbor2.loads(subject.code.parts[2]))
        type_index, serial, version, holder_id, holder, project, index, digest = claims[RECORD]
        issued_at = claims[6] - chance.choice([0, 0, 1, DAY, 400 * DAY, 20 * 365 * DAY])
        claims[RECORD] = [
            chance.choice([type_index, 1, 2, 3, 4, 99, 65535]),
            chance.choice([serial, 0, 1, 99999999, 2**53 + 1, 2**64 - 1, "A1", "0Z" * 16]),
            chance.choice([version, 1, 2, 999, 1000, 65535]),
            chance.choice([holder_id, "G12345678", "~", "x" * 32]),
            chance.choice([holder, "甲", "\ufeff甲", "𠅤𡋤公司", "名称…"]),
            chance.choice([project, None, "项目", "…"]),
            chance.choice([index, index, 0, 500, 10**6, 2**32 - 1]),
            digest,
        ]
        claims = {6: max(0, issued_at), RECORD: claims[RECORD]}
        ends = chance.choice([None, None, issued_at + 1, issued_at + 500 * DAY, 2**37 - 1, 0])
        texts.append(
            subject.signed(
                cbor2.dumps(claims if ends is None else {**claims, 4: max(0, ends)}, canonical=True),
                subject.own_key,
                {1: chance.choice([-7, -9]), 4: subject.code.kid},
            )
        )
    return texts


def test_page_and_register_agree_on_codes_of_the_true_key(scene: Scene, visitor: Visitor) -> None:
    tokens, texts = tokens_of(scene), own_codes(scene, 300) + [entry["qr"] for entry in scene.entries]
    for held in ([], tokens):
        lists = lists_from((token for _, token in held), scene.trust) if held else None
        theirs = ask_modules(visitor, texts, scene.trust, held, now=now().timestamp())
        agree(texts, python_says(scene, scene.trust, texts, lists), theirs)
    found = {answer[3] for answer in theirs}
    assert {"in-force-as-of", "expired", "not-yet-valid", "not-checked"} <= found
    assert all(answer[0] == "valid" for answer in theirs[300:])


@pytest.mark.parametrize("age", [-2 * DAY, -600, -60, 0, 3600, 23 * 3600, 25 * 3600, 400 * DAY])
def test_page_and_register_agree_on_every_value_and_age_of_a_status_list(scene: Scene, visitor: Visitor, age: int) -> None:
    """Sixteen values and an index beyond the end, in lists from the future, fresh, stale, and older than the licence."""
    moment = int(now().timestamp())
    uri = scene.trust.status_uri(CODE)
    texts = own_codes(scene, 40) + [entry["qr"] for entry in scene.entries]
    for value in range(16):
        packed = status_token.pack([value] * 40)
        claims = StatusClaims(uri, moment - age, moment - age + DAY, 3600, 4, status_token.compress(packed))
        token = status_cwt(scene.settings, scene.trust, claims)
        if refusal(visitor, scene.trust.signed, token, uri):
            with pytest.raises(status_token.StatusRefused):
                lists_from([token], scene.trust)
            continue
        theirs = ask_modules(visitor, texts, scene.trust, [(uri, token)], now=now().timestamp())
        agree(texts, python_says(scene, scene.trust, texts, lists_from([token], scene.trust)), theirs)
        good = {answer[3] for answer in theirs if answer[0] == "valid"}
        assert good <= {"in-force-as-of"} if value == 0 and -300 <= age <= 24 * 3600 else good == set()


def test_published_vectors_hold_in_the_page(scene: Scene, visitor: Visitor) -> None:
    """LZ1 (Ed25519), COSE_Sign1 of the working group in the strict form, and a status list of the draft."""
    spki = VECTOR_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = f"https://{scene.hosts[0]}/v/{int.from_bytes(VECTOR_COSE, 'big')}"
    ((_, whole, _, status, paper, _),) = ask_modules(visitor, [text], scene.trust, now=1763856001, keys=[(b"\x07", spki, bytes([KID]))])
    assert (whole, status) == ("signed-code", "offline")
    assert (paper["holder"], paper["uscc"]) == ("某某某防雷检测技术服务有限公司", "91350100M000100Y43")
    vectors, expected = [], []
    for name in (*test_cose.PASS, *test_cose.FAIL):
        data, key, external, _ = test_cose._load(name)
        vectors.append((data, key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)))
        expected.append(not external and strictly(data, key))
    assert verified(visitor, vectors) == expected
    assert any(expected)
    uri = scene.trust.status_uri(CODE)
    two_bits = bytes.fromhex("78da3be9f2130003df0207")
    moment = int(now().timestamp())
    token = status_cwt(scene.settings, scene.trust, StatusClaims(uri, moment, moment + DAY, 3600, 2, two_bits))
    assert values(visitor, scene.trust, uri, token, range(14)) == [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3, None, None]


def strictly(data: bytes, key: Any) -> bool:
    try:
        cose.verify1(data, key)
    except cose.CoseRefused:
        return False
    return True


# -- lists that are not ours --------------------------------------------------------------------------------------------------------


def test_changed_trust_lists_and_status_lists_are_refused(scene: Scene, visitor: Visitor, tmp_path: Path) -> None:
    chance = Random(3)  # noqa: S311
    signed, (uri, token) = scene.trust.signed, tokens_of(scene)[0]
    assert refusal(visitor, signed, token, uri) == ""
    for _ in range(60):
        for content in (signed, token):
            changed = bytearray(content)
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
            lists = (bytes(changed), None) if content is signed else (signed, bytes(changed))
            assert refusal(visitor, *lists, uri) != ""
    for content in (b"", signed[:-1], signed + b"\0", token, b"{}"):
        assert refusal(visitor, content) != ""
    for content in (b"", token[:-1], token + b"\0", signed):
        assert refusal(visitor, signed, content, uri) != ""
    assert refusal(visitor, signed, token, uri + "x") == "another list"
    ensure_authority_keys(tmp_path / "foreign", CODE, NAME, USCC, b"\xfa")
    foreign = current_trust_list(scene.settings.model_copy(update={"keys": tmp_path / "foreign"}))
    assert refusal(visitor, foreign.signed) == "not by the pinned root"


def test_a_bomb_in_a_status_list_is_not_unpacked(scene: Scene, visitor: Visitor) -> None:
    uri, moment = scene.trust.status_uri(CODE), int(now().timestamp())
    for size, answer in ((4 * 2**20, ""), (4 * 2**20 + 1, "compression"), (200 * 2**20, "compression")):
        claims = StatusClaims(uri, moment, moment + DAY, 3600, 4, status_token.compress(bytes(size)))
        assert refusal(visitor, scene.trust.signed, status_cwt(scene.settings, scene.trust, claims), uri) == answer
