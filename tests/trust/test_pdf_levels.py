"""PAdES B-T and B-LT: what an independent validator says, and that nothing of the time stamp or the validation data can be changed."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from asn1crypto import cms, core, crl
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESIndeterminate, AdESPassed, AdESSubIndic
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko.sign.validation.ades import ades_lta_validation, ades_with_time_validation
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer

from licensing.errors import Invalid
from licensing.trust import keys, pades, private_keys, trust_list, validation_data
from licensing.trust.pdf_check import STAMP_AFTER, STAMP_BEFORE, check
from licensing.trust.trust_list import TrustList

from .conftest import CODE, KID, NAME, NOT_BEFORE, SIGNED_AT, USCC, Stamp, seal, time_stamp
from .outside import tool

STAMPED_AT = SIGNED_AT + timedelta(seconds=2)


def verdict(data: bytes, trust: TrustList) -> tuple[str, str, str | None]:
    found = check(data, trust_pem=trust.to_pem().decode())
    return found["whole"], found["genuine"], found["timestamp"]


def test_the_check_tells_when_a_trusted_authority_saw_the_seal(stamped: bytes, signed: bytes, trust: TrustList) -> None:
    assert verdict(stamped, trust) == ("ok", "ok", STAMPED_AT.isoformat())
    assert verdict(signed, trust) == ("ok", "ok", None)
    for data in (stamped, signed):
        found = check(data, trust_pem=trust.to_pem().decode())
        assert found["key"] == "ok"
        assert found["signer"]["name"] == NAME
        assert PdfFileReader(io.BytesIO(data), strict=True).xrefs.total_revisions == 1
        assert data.count(b"startxref") == data.count(b"%%EOF") == 1


# -- what pyHanko's AdES validator says (ETSI EN 319 102-1) ---------------------------------------------------------------------------


def _signature(data: bytes) -> Any:
    (signature,) = PdfFileReader(io.BytesIO(data), strict=True).embedded_signatures
    return signature


def _policy(trust: TrustList, *, lists_needed: bool) -> SignatureValidationSpec:
    """The root alone is believed, nothing is fetched; a revocation list may be needed for every certificate."""
    root = asn1_x509.Certificate.load(trust.root.certificate.public_bytes(Encoding.DER))
    rule = RevocationCheckingRule.CRL_REQUIRED if lists_needed else RevocationCheckingRule.CHECK_IF_DECLARED
    revocation = CertRevTrustPolicy(RevocationCheckingPolicy(ee_certificate_rule=rule, intermediate_ca_cert_rule=rule))
    return SignatureValidationSpec(
        cert_validation_policy=CertValidationPolicySpec(SimpleTrustManager.build([root]), revinfo_policy=revocation),
        revinfo_gathering_policy=RevocationInfoGatheringSpec(online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY),
    )


def _store(signature: Any) -> LocalKnowledge:
    """What the file itself brings along."""
    store = DocumentSecurityStore.read_dss(signature.reader)
    lists = [CRLContainer(crl.CertificateList.load(each.get_object().data)) for each in store.crls]
    return LocalKnowledge(known_crls=lists, known_certs=list(store.load_certs()))


def _with_time(data: bytes, policy: SignatureValidationSpec, *, use_store: bool) -> tuple[AdESSubIndic, datetime]:
    signature = _signature(data)
    if use_store:
        policy = replace(policy, local_knowledge=_store(signature))
    found = asyncio.run(ades_with_time_validation(signature.signed_data, policy, raw_digest=signature.compute_digest()))
    return found.ades_subindic, found.best_signature_time


def test_level_b_t(stamped: bytes, signed: bytes, trust: TrustList) -> None:
    policy = _policy(trust, lists_needed=False)
    assert _with_time(stamped, policy, use_store=False) == (AdESPassed.OK, STAMPED_AT)
    assert _with_time(signed, policy, use_store=False)[0] == AdESIndeterminate.SIG_CONSTRAINTS_FAILURE


def test_level_b_lt(stamped: bytes, trust: TrustList, other_trust: TrustList) -> None:
    policy = _policy(trust, lists_needed=True)
    assert _with_time(stamped, policy, use_store=True) == (AdESPassed.OK, STAMPED_AT)
    # Without what the file brings along, the same policy cannot be met: so the store is what makes the level.
    assert _with_time(stamped, policy, use_store=False)[0] != AdESPassed.OK
    assert _with_time(stamped, _policy(other_trust, lists_needed=True), use_store=True)[0] != AdESPassed.OK


def test_the_long_term_process_needs_nothing_but_the_file_and_the_root(stamped: bytes, trust: TrustList) -> None:
    now = trust.issued_at + timedelta(days=1)
    # The clock stands still: otherwise the process finds a proof of existence some microseconds after the moment that it asks for.
    with time_machine.travel(now, tick=False):
        policy = PdfSignatureValidationSpec(_policy(trust, lists_needed=True))
        found = asyncio.run(ades_lta_validation(_signature(stamped), policy, timing_info=ValidationTimingInfo.now()))
    assert found.ades_subindic == AdESPassed.OK
    assert found.best_signature_time == STAMPED_AT
    assert found.signature_timestamp_status is not None
    assert found.signature_timestamp_status.ades_subindic == AdESPassed.OK
    assert found.api_status is not None
    assert found.api_status.coverage == SignatureCoverageLevel.ENTIRE_FILE


@pytest.mark.slow
def test_tools_of_others_agree(stamped: bytes, trust: TrustList, tmp_path: Path) -> None:
    path, longer, root = tmp_path / "stamped.pdf", tmp_path / "longer.pdf", tmp_path / "root.pem"
    path.write_bytes(stamped)
    longer.write_bytes(stamped + b"\n")
    root.write_bytes(trust.root.certificate.public_bytes(Encoding.PEM))
    said = tool("pdfsig", "-nocert", path, home=tmp_path)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "Total document signed" not in tool("pdfsig", "-nocert", longer, home=tmp_path)
    assert "No syntax or stream encoding errors found" in tool("qpdf", "--check", path, home=tmp_path)
    assert "unchanged since signing" in tool("mutool", "sign", "-v", path, home=tmp_path)


# -- the store ------------------------------------------------------------------------------------------------------------------------


def test_the_store_holds_chain_list_and_authority(stamped: bytes, signed: bytes, trust: TrustList) -> None:
    chain = [member.public_bytes(Encoding.DER) for member in trust.seal_chain(CODE)]
    authority = trust.timestamp_key
    assert authority is not None
    for data, certificates in ((stamped, [*chain, authority.der]), (signed, chain)):
        store = validation_data.read(PdfFileReader(io.BytesIO(data), strict=True))
        assert store == validation_data.Store(tuple(certificates), (trust.crl,))
        assert b"/VRI" not in data


def _prepared(pdf: bytes, trust: TrustList, *, stamp: bool, crl: bytes | None = None) -> pades.Prepared:
    authority = trust.timestamp_key
    assert authority is not None
    return pades.prepare(
        pdf,
        trust.seal_chain(CODE),
        field_name="Seal",
        reason="签发",
        location="南京",
        signing_time=SIGNED_AT,
        revocation_list=trust.crl if crl is None else crl,
        authority=authority.certificate if stamp else None,
    )


def test_preparing_for_a_stamp_is_deterministic_and_announces_it(rendered: bytes, trust: TrustList) -> None:
    plain, announced, again = (_prepared(rendered, trust, stamp=stamp) for stamp in (False, True, True))
    assert announced == again
    assert [pades.awaits_timestamp(each) for each in (plain, announced)] == [False, True]
    with pytest.raises(Invalid):
        _prepared(rendered, trust, stamp=True, crl=b"")


def _sealed(keys_dir: Path, trust: TrustList, prepared: pades.Prepared, stamp: Stamp | None) -> bytes:
    chain = trust.seal_chain(CODE)
    attributes = pades.signed_attributes(prepared, chain[0])
    signature = private_keys.open_key(keys_dir, trust.seals[0].id).sign(attributes)
    return pades.embed(prepared, attributes, signature, chain, stamp(signature) if stamp else None)


def test_a_stamp_is_embedded_where_it_was_announced_and_nowhere_else(rendered: bytes, keys_dir: Path, trust: TrustList) -> None:
    stamp = time_stamp(keys_dir, trust, STAMPED_AT)
    refused: list[tuple[bool, Stamp | None]] = [
        (True, None),
        (False, stamp),
        (True, lambda signature: stamp(signature + b"another")),
        (True, lambda signature: stamp(signature) + b"\0"),
        (True, lambda _: b"junk"),
    ]
    for announced, given in refused:
        with pytest.raises(Invalid):
            _sealed(keys_dir, trust, _prepared(rendered, trust, stamp=announced), given)


@pytest.mark.parametrize("kind", ["none", "foreign", "junk"])
def test_a_file_without_a_list_of_the_root_is_refused(
    rendered: bytes, keys_dir: Path, trust: TrustList, other_trust: TrustList, kind: str
) -> None:
    crl_of = {"none": b"", "foreign": other_trust.crl, "junk": b"junk"}[kind]
    data = _sealed(keys_dir, trust, _prepared(rendered, trust, stamp=False, crl=crl_of), None)
    whole, genuine, _ = verdict(data, trust)
    assert whole == genuine
    assert whole in {"altered", "unreadable"}


# -- attacks on the stamp -------------------------------------------------------------------------------------------------------------


Attributes = Callable[[bytes, bytes], cms.CMSAttributes | None]
OTHER = cms.CMSAttribute({"type": "1.3.6.1.4.1.99999.1", "values": [core.Null()]})


def _with_unsigned(data: bytes, attributes_of: Attributes) -> bytes:
    """The file with other unsigned attributes, made from the signature value and its token; every signed byte stays."""
    start, end = pades.prepared_from_bytes(data).reserved
    signed = cms.ContentInfo.load(bytes.fromhex(data[start + 1 : end - 1].decode()))["content"]
    (signer,) = signed["signer_infos"]
    token = signer["unsigned_attrs"][0]["values"][0].dump()
    kept = {name: signer[name] for name in signer if name != "unsigned_attrs"}
    unsigned = attributes_of(signer["signature"].native, token)
    again = cms.SignerInfo(kept if unsigned is None else {**kept, "unsigned_attrs": unsigned})
    parts = {name: signed[name] for name in ("version", "digest_algorithms", "encap_content_info", "certificates")}
    content = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData({**parts, "signer_infos": [again]})})
    digits = content.dump().hex().upper().encode()
    assert len(digits) <= end - start - 2
    return data[: start + 1] + digits.ljust(end - start - 2, b"0") + data[end - 1 :]


def _stamps(*tokens: bytes, more: tuple[cms.CMSAttribute, ...] = ()) -> cms.CMSAttributes:
    values = [cms.ContentInfo.load(token) for token in tokens]
    return cms.CMSAttributes([cms.CMSAttribute({"type": "signature_time_stamp_token", "values": values}), *more])


def _respelled(token: bytes) -> bytes:
    """The same token with a certificate more."""
    signed = cms.ContentInfo.load(token)["content"]
    parts = {name: signed[name] for name in ("version", "digest_algorithms", "encap_content_info", "signer_infos")}
    members = [signed["certificates"][0], signed["certificates"][0]]
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData({**parts, "certificates": members})}).dump())


_OTHERWISE: dict[str, Attributes] = {
    "stripped": lambda _, __: None,
    "emptied": lambda _, __: cms.CMSAttributes([]),
    "replaced": lambda _, __: cms.CMSAttributes([OTHER]),
    "twice": lambda _, token: _stamps(token, token),
    "another-attribute": lambda _, token: _stamps(token, more=(OTHER,)),
    "other-spelling": lambda _, token: _stamps(_respelled(token)),
    "junk": lambda _, __: _stamps(cms.ContentInfo({"content_type": "data", "content": b"junk"}).dump()),
}


@pytest.mark.parametrize("kind", sorted(_OTHERWISE))
def test_the_stamp_can_be_neither_taken_away_nor_written_otherwise(stamped: bytes, trust: TrustList, kind: str) -> None:
    assert _with_unsigned(stamped, lambda _, token: _stamps(token)) == stamped
    changed = _with_unsigned(stamped, _OTHERWISE[kind])
    assert changed != stamped
    assert verdict(changed, trust)[:2] == ("altered", "altered")


def _with_token(data: bytes, token_of: Stamp) -> bytes:
    return _with_unsigned(data, lambda signature, _: _stamps(token_of(signature)))


def test_a_stamp_of_another_signature_or_another_authority_is_refused(
    stamped: bytes, keys_dir: Path, trust: TrustList, foreign: tuple[Path, TrustList]
) -> None:
    ours, theirs = time_stamp(keys_dir, trust, STAMPED_AT), time_stamp(*foreign, STAMPED_AT)
    assert verdict(_with_token(stamped, ours), trust) == ("ok", "ok", STAMPED_AT.isoformat())
    for token_of in (theirs, lambda signature: ours(signature + b"!"), lambda _: ours(b"")):
        assert verdict(_with_token(stamped, token_of), trust)[:2] == ("altered", "altered")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrustList]:
    """Another installation with a test authority of the same name."""
    folder = tmp_path_factory.mktemp("foreign") / "keys"
    keys.ensure_authority_keys(folder, CODE, NAME, USCC, KID, not_before=NOT_BEFORE)
    keys.ensure_test_tsa(folder, not_before=NOT_BEFORE)
    return folder, trust_list.load(folder)


def test_a_stamp_cannot_be_added_to_a_file_that_announces_none(signed: bytes, stamped: bytes, keys_dir: Path, trust: TrustList) -> None:
    start, end = pades.prepared_from_bytes(signed).reserved
    room, token = (end - start) // 2, time_stamp(keys_dir, trust, STAMPED_AT)(b"")
    assert room < len(token) + 1400, "there is not even room for one"
    short = _sealed_too_early(keys_dir, trust, stamped)
    assert verdict(short, trust)[:2] == ("altered", "altered")


def _sealed_too_early(keys_dir: Path, trust: TrustList, stamped: bytes) -> bytes:
    """A file that announces a stamp, sealed by our own key without one."""
    prepared = pades.prepared_from_bytes(stamped)
    chain, (start, end) = trust.seal_chain(CODE), prepared.reserved
    attributes = pades.signed_attributes(prepared, chain[0])
    signature = private_keys.open_key(keys_dir, trust.seals[0].id).sign(attributes)
    return stamped[:start] + pades.contents(attributes, signature, chain, end - start) + stamped[end:]


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        (-STAMP_BEFORE, "ok"),
        (-STAMP_BEFORE - timedelta(seconds=1), "altered"),
        (STAMP_AFTER, "ok"),
        (STAMP_AFTER + timedelta(seconds=1), "altered"),
        (timedelta(days=365 * 10), "altered"),
    ],
)
def test_the_stamp_fits_the_signing_time(stamped: bytes, keys_dir: Path, trust: TrustList, distance: timedelta, expected: str) -> None:
    moved = _with_token(stamped, time_stamp(keys_dir, trust, SIGNED_AT + distance))
    assert verdict(moved, trust)[:2] == (expected, expected)


# -- keys that fell into other hands ----------------------------------------------------------------------------------------------------


@pytest.fixture
def fallen(tmp_path: Path, rendered: bytes) -> tuple[Path, bytes]:
    """An installation of its own and a file sealed and stamped in it."""
    folder = tmp_path / "keys"
    keys.ensure_authority_keys(folder, CODE, NAME, USCC, KID, not_before=NOT_BEFORE)
    keys.ensure_test_tsa(folder, not_before=NOT_BEFORE)
    trust = trust_list.load(folder)
    return folder, seal(rendered, folder, trust, stamp=time_stamp(folder, trust, STAMPED_AT))


def _fell(folder: Path, key_id: str, since: datetime) -> TrustList:
    with keys.changing(folder) as change:
        change.compromise(key_id, since)
    return trust_list.load(folder)


@pytest.mark.parametrize(("days", "expected"), [(-1, "key-compromised"), (1, "key-compromised-before")])
def test_a_seal_that_fell_is_told_with_its_time(fallen: tuple[Path, bytes], days: int, expected: str) -> None:
    folder, data = fallen
    trust = _fell(folder, trust_list.load(folder).seals[0].id, SIGNED_AT + timedelta(days=days))
    found = check(data, trust_pem=trust.to_pem().decode())
    assert (found["whole"], found["genuine"], found["key"]) == ("ok", expected, expected)
    assert (found["record"] is None) == (expected == "key-compromised")
    assert found["signer"]["name"] == NAME


def test_an_authority_that_fell_proves_no_time_but_the_seal_stands(fallen: tuple[Path, bytes]) -> None:
    folder, data = fallen
    assert verdict(data, trust_list.load(folder)) == ("ok", "ok", STAMPED_AT.isoformat())
    authority = trust_list.load(folder).timestamp_key
    assert authority is not None
    trust = _fell(folder, authority.id, SIGNED_AT + timedelta(days=30))
    assert verdict(data, trust) == ("ok", "ok", None)
    assert verdict(_with_unsigned(data, _OTHERWISE["stripped"]), trust)[:2] == ("altered", "altered")
