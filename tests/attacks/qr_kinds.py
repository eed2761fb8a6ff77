"""Every kind of change to the text of a QR code, by name: ``KINDS[name](subject)`` is a text that must never be accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qr_addresses import ADDRESSES
from qr_changes import BITS, FACTS
from qr_encodings import ENCODINGS, SIGNATURES
from qr_subjects import Change

FAMILIES: Final[Mapping[str, Mapping[str, Change]]] = {
    "bits and digits": BITS,
    "facts and keys": FACTS,
    "signature values": SIGNATURES,
    "encodings": ENCODINGS,
    "addresses": ADDRESSES,
}
KINDS: Final[Mapping[str, Change]] = {name: change for family in FAMILIES.values() for name, change in family.items()}
