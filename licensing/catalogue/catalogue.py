"""The whole catalogue in one object, and how to find things in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from licensing.catalogue.model import LetterKind, LicenceType, Matter, Proof
from licensing.errors import NotFound
from licensing.words import Said, say

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All matters, proofs, licence types, letters and places, as one reading of the data files.

    ``version`` is the SHA-256 over all of them. ``zones`` are development zones by a code that begins with that of their host,
    ``former_names`` places under codes that are no more. A look-up of something unknown raises ``NotFound``.
    """

    version: str
    matters: tuple[Matter, ...]
    proofs: tuple[Proof, ...]
    licence_types: tuple[LicenceType, ...]
    letters: tuple[LetterKind, ...]
    region_names: Mapping[str, str]
    zones: Mapping[str, str]
    former_names: Mapping[str, str]

    def matter(self, code: str) -> Matter:
        """The matter with this code."""
        return _found((matter for matter in self.matters if matter.code == code), say("There is no such matter."))

    def proof(self, code: str, version: int | None = None) -> Proof:
        """One version of a proof: the one named, else the newest of all."""
        versions = (proof for proof in reversed(self.proofs) if proof.code == code and version in (None, proof.version))
        return _found(versions, say("There is no such proof, or a promise cannot replace it."))

    def current(self, code: str, day: date) -> Proof | None:
        """The version that counts on ``day``: the one that began last, or None where that one is switched off or has ended.

        An older one never comes back: whoever switches a proof off means the proof, not one of its texts.
        """
        begun = (proof for proof in self.proofs if proof.code == code and proof.valid_from <= day)
        newest = max(begun, key=_began, default=None)
        return newest if newest is not None and newest.in_force(day) else None

    def promisable(self, matter: Matter, day: date) -> tuple[Proof, ...]:
        """The proofs that a promise may replace in ``matter`` on ``day``, in the order of the matter."""
        wanted = (self.current(code, day) for code in matter.proofs)
        return tuple(proof for proof in wanted if proof is not None)

    def licence_type(self, code: str) -> LicenceType:
        """The licence type with this code."""
        return _found((kind for kind in self.licence_types if kind.code == code), say("There is no such kind of licence."))

    def licence_type_by_index(self, index: int) -> LicenceType:
        """The licence type that a QR names by its number (profile LZ1)."""
        return _found((kind for kind in self.licence_types if kind.index == index), say("There is no such kind of licence."))

    def letter(self, code: str) -> LetterKind:
        """The kind of letter with this code (D1 …)."""
        return _found((kind for kind in self.letters if kind.code == code), say("There is no such letter."))

    def has_region(self, code: str) -> bool:
        """Whether this is the code of a place that the catalogue knows: GB/T 2260, or a development zone."""
        return code in self.region_names or code in self.zones

    def region_name(self, code: str) -> str:
        """The full name from the province down, such as 江苏省南京市鼓楼区."""
        if not self.has_region(code):
            raise NotFound(say("There is no place with this code."))
        return self.place_name(code)

    def place_name(self, code: str) -> str:
        """The full name of a place, also under a code that is no more; the code itself where nothing is known of it."""
        names = {**self.former_names, **self.region_names, **self.zones}
        line = dict.fromkeys((code[:2] + "0000", code[:4] + "00", code[:6], code))
        return "".join(names[part] for part in line if part in names) if code in names else code

    def regions(self, parent: str | None = None) -> tuple[tuple[str, str], ...]:
        """Codes and short names directly under ``parent``, in order of code; the provinces when it is None or empty."""
        return tuple((code, name) for code, name in self.region_names.items() if region_parent(code) == (parent or None))


def region_parent(code: str) -> str | None:
    """The code one level up (GB/T 2260: PPCCDD), or None for a province."""
    if code.endswith("0000"):
        return None
    return code[:2] + "0000" if code.endswith("00") else code[:4] + "00"


def _began(proof: Proof) -> tuple[date, int]:
    return proof.valid_from, proof.version


def _found(things: Iterable[Thing], sentence: Said) -> Thing:
    for thing in things:
        return thing
    raise NotFound(sentence)
