"""The signed attributes of PAdES B-B: content type, message digest, signing certificate. Nothing else, so there is one encoding."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from asn1crypto import algos, cms, tsp, x509


def signed_attributes(file_digest: bytes, certificate_der: bytes) -> bytes:
    """The DER of the SET that is signed, for the SHA-256 ``file_digest`` and the signer's certificate.

    No signing-time attribute: PAdES has the time in the signature dictionary. Source: ETSI EN 319 142-1 6.3, RFC 5652 5.4, RFC 5035 3.
    """
    return bytes(
        cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [file_digest]}),
                cms.CMSAttribute.load(signing_certificate(certificate_der)),
            ]
        ).dump()
    )


@lru_cache(maxsize=256)
def signing_certificate(certificate_der: bytes) -> bytes:
    """The DER of the attribute that ties a signature to one certificate by its bytes. Source: RFC 5035 3, RFC 5816 2.2.1."""
    certificate = x509.Certificate.load(certificate_der)
    issuer_serial = tsp.IssuerSerial(
        {"issuer": [x509.GeneralName("directory_name", certificate.issuer)], "serial_number": certificate.serial_number}
    )
    identifier = tsp.ESSCertIDv2(
        {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "cert_hash": hashlib.sha256(certificate_der).digest(),
            "issuer_serial": issuer_serial,
        }
    )
    value = tsp.SigningCertificateV2({"certs": [identifier]})
    return bytes(cms.CMSAttribute({"type": "signing_certificate_v2", "values": [value]}).dump())
