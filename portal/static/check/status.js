/* Status lists: Token Status List as CWT, one nibble for each licence of an authority, signed by a status key of the trust list.

   Source: draft-ietf-oauth-status-list, 4 and 5; the values are those of the status list profile. */

import { Malformed, decode } from "./cbor.js";
import { ALG, KID, isSignedBy, parse } from "./cose.js";
import { inflate } from "./inflate.js";

const TYPE = 16;
const TYPE_NAME = "application/statuslist+cwt";
const ES256 = -7;
const SUBJECT = 2;
const EXPIRES_AT = 4;
const ISSUED_AT = 6;
const ASK_AGAIN = 65534;
const LIST = 65533;
const WIDTHS = [1, 2, 4, 8];
const LATEST = 2 ** 37;
const LARGEST = 4 * 1024 * 1024;
const CLOCK_SKEW = 5 * 60;

/** The statuses of one authority's licences as they were at ``issuedAt``; to be believed until ``expiresAt`` (seconds since 1970). */
class StatusList {
  constructor(claims, packed) {
    Object.assign(this, claims, { packed });
  }

  /** Whether ``moment`` lies between issue and expiry; five minutes of a slow clock are forgiven. */
  freshAt(moment) {
    return this.issuedAt - CLOCK_SKEW <= moment && moment <= this.expiresAt;
  }

  /** The value of a licence, or undefined when the list does not reach so far. The first has the lowest bits of the first byte. */
  value(index) {
    const each = 8 / this.bits;
    const byte = this.packed[Math.floor(index / each)];
    return byte === undefined ? undefined : (byte >> ((index % each) * this.bits)) & (2 ** this.bits - 1);
  }
}

/** The status list in ``bytes``, for ``uri`` and signed by a key that ``trust`` knows. Throws ``Malformed`` for anything else. */
export async function openStatusList(bytes, uri, trust) {
  const message = parse(bytes);
  const kid = message.header.get(KID);
  const rightHeader = message.header.size === 3 && message.header.get(ALG) === ES256 && message.header.get(TYPE) === TYPE_NAME;
  const key = rightHeader && kid instanceof Uint8Array ? trust.find("status", kid) : undefined;
  if (!key || !await isSignedBy(message, key.key)) throw new Malformed("not by a known status key");
  const { compressed, ...claims } = claimsOf(message.payload);
  if (claims.uri !== uri) throw new Malformed("another list");
  if (key.judge(claims.issuedAt) !== "ok") throw new Malformed("by a key that could not sign then");
  const packed = await inflate(compressed, LARGEST).catch(() => {
    throw new Malformed("compression");
  });
  return new StatusList(claims, packed);
}

function claimsOf(payload) {
  const said = decode(payload);
  const list = said instanceof Map && said.size === 5 ? said.get(LIST) : undefined;
  const right = list instanceof Map && list.size === 2 && WIDTHS.includes(list.get("bits")) && list.get("lst") instanceof Uint8Array
    && typeof said.get(SUBJECT) === "string"
    && [ISSUED_AT, EXPIRES_AT, ASK_AGAIN].every((name) => Number.isSafeInteger(said.get(name)) && said.get(name) >= 0 && said.get(name) < LATEST)
    && said.get(ISSUED_AT) <= said.get(EXPIRES_AT);
  if (!right) throw new Malformed("not a status list");
  const [uri, issuedAt, expiresAt, askAgain] = [SUBJECT, ISSUED_AT, EXPIRES_AT, ASK_AGAIN].map((name) => said.get(name));
  return { uri, issuedAt, expiresAt, askAgain, bits: list.get("bits"), compressed: list.get("lst") };
}
