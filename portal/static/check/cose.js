/* COSE_Sign1 (RFC 9052) in its one strict form, checked with WebCrypto: ES256 on P-256, or Ed25519. */

import { joined, same, toHex } from "./bytes.js";
import { Malformed, Tagged, decode, head } from "./cbor.js";

export const ALG = 1;
export const KID = 4;

const TAG_SIGN1 = 18;
const EMPTY = new Uint8Array(0);
const SIGNATURE_SIZE = 64;
const HALF_ORDER = "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8";
/* RFC 9053, tables 1 and 2, and the fully specified numbers of RFC 9864. */
const KINDS = {
  p256: { algorithms: [-7, -9], imported: { name: "ECDSA", namedCurve: "P-256" }, verified: { name: "ECDSA", hash: "SHA-256" } },
  ed25519: { algorithms: [-8, -19], imported: { name: "Ed25519" }, verified: { name: "Ed25519" } },
};
/* How a SubjectPublicKeyInfo begins: P-256 with an uncompressed point (RFC 5480), Ed25519 (RFC 8410). */
const BEGINNINGS = [
  ["p256", Uint8Array.of(0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 3, 0x42, 0, 4), 91],
  ["ed25519", Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0), 44],
];

/** The parts of a message, nothing verified yet: tag 18, empty unprotected header, deterministic throughout. Throws ``Malformed``. */
export function parse(bytes) {
  const message = decode(bytes);
  const parts = message instanceof Tagged && message.tag === TAG_SIGN1 ? message.value : null;
  if (!Array.isArray(parts) || parts.length !== 4) throw new Malformed("no COSE_Sign1");
  const [header, unprotected, payload, signature] = parts;
  if (![header, payload, signature].every((part) => part instanceof Uint8Array)) throw new Malformed("no COSE_Sign1");
  const known = header.length ? decode(header) : new Map();
  if (!(known instanceof Map) || !(unprotected instanceof Map) || unprotected.size) throw new Malformed("headers");
  // An empty map enters the Sig_structure as a zero-length string (RFC 9052, 4.4).
  return { header: known, headerBytes: known.size ? header : EMPTY, payload, signature };
}

/** A public key from its SubjectPublicKeyInfo: P-256 or Ed25519. Throws ``Malformed`` for any other. */
export async function importKey(spki) {
  const found = BEGINNINGS.find(([, beginning, size]) => spki.length === size && same(spki.subarray(0, beginning.length), beginning));
  if (!found) throw new Malformed("no key of a known kind");
  const kind = KINDS[found[0]];
  return { kind, key: await crypto.subtle.importKey("spki", spki, kind.imported, true, ["verify"]) };
}

/** Whether the signature of ``message`` was made with this key and an algorithm that fits it; of the two values of s that an ECDSA
    signature may have only the smaller one counts: a signed code has one spelling. */
export async function isSignedBy(message, { kind, key }) {
  const { signature } = message;
  if (!kind.algorithms.includes(message.header.get(ALG)) || signature.length !== SIGNATURE_SIZE) return false;
  if (kind === KINDS.p256 && toHex(signature.subarray(SIGNATURE_SIZE / 2)) > HALF_ORDER) return false;
  return crypto.subtle.verify(kind.verified, key, signature, toBeSigned(message));
}

/** The Sig_structure (RFC 9052, 4.4): ["Signature1", protected, h'', payload]. */
function toBeSigned({ headerBytes, payload }) {
  const context = new TextEncoder().encode("Signature1");
  return joined(
    head(4, 4), head(3, context.length), context, head(2, headerBytes.length), headerBytes, head(2, 0), head(2, payload.length), payload,
  );
}
