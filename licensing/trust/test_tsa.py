"""TEST time-stamping, not for production: a small authority for development that says so in every token. Pure. Source: RFC 3161 2.4.

The signer process holds its key. What makes a time stamp worth anything is that somebody else gives it: a real installation names an
authority of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from asn1crypto import algos, cms, core, tsp, x509

from licensing.trust import attributes, timestamp_token
from licensing.trust.timestamp_token import IMPRINT_SIZE

# A UUID arc (X.667 clause 6) that stands for "test, no promise about the clock"; it is in every token.
TEST_POLICY: Final = "2.25.207439154871394107921302548812033265169"
_SERIAL_SIZE: Final = 16


def token(imprint: bytes, moment: datetime, certificate: bytes, sign: Callable[[bytes], bytes], *, nonce: int | None = None) -> bytes:
    """The token (DER, in its one spelling) that says: the SHA-256 ``imprint`` existed at ``moment`` (aware; told in whole seconds).

    ``sign`` gives the DER of ECDSA with SHA-256 on P-256 with the smaller s, by the key of ``certificate`` (DER). The serial number
    follows from imprint and moment, so nothing has to be remembered. Raises ``ValueError`` for an imprint of another size.
    """
    if len(imprint) != IMPRINT_SIZE:
        raise ValueError(imprint)
    info = _info(imprint, moment, certificate, nonce)
    signed = _attributes(info, certificate)
    return timestamp_token.assemble(info, signed, sign(signed), certificate)


def _info(imprint: bytes, moment: datetime, certificate: bytes, nonce: int | None) -> bytes:
    told = moment.astimezone(UTC).replace(microsecond=0)
    serial = hashlib.sha256(imprint + told.isoformat().encode()).digest()[:_SERIAL_SIZE]
    facts = {
        "version": "v1",
        "policy": TEST_POLICY,
        "message_imprint": tsp.MessageImprint(
            {"hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}), "hashed_message": imprint}
        ),
        "serial_number": int.from_bytes(serial, "big"),
        "gen_time": core.GeneralizedTime(told),
        "accuracy": tsp.Accuracy({"seconds": 1}),
        "nonce": nonce,
        "tsa": x509.GeneralName("directory_name", x509.Certificate.load(certificate).subject),
    }
    return bytes(tsp.TSTInfo({name: fact for name, fact in facts.items() if fact is not None}).dump())


def _attributes(info: bytes, certificate: bytes) -> bytes:
    return bytes(
        cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(info).digest()]}),
                cms.CMSAttribute.load(attributes.signing_certificate(certificate)),
            ]
        ).dump()
    )
