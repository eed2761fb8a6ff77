"""The append-only Merkle log of everything that was issued or changed. It knows trees and proofs and holds no key."""
