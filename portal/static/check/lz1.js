/* Profile LZ1: the text of a licence's QR code, its message and its payload. The same rules, in the same order, as the register's. */

import { Malformed, decode as decodeCbor } from "./cbor.js";
import { ALG, KID, parse } from "./cose.js";
import { isCompanyCode, unpackedCompanyCode } from "./identifier.js";

const ADDRESS = /^https:\/\/([^/?#]*)\/v[/#]([\s\S]*)$/;
const DIGITS = /^[1-9][0-9]{0,1199}$/;
const SERIAL = /^[0-9A-Z]{1,32}$/;
const ASCII = /^[\x00-\x7f]*$/;
const FIRST_BYTE = "d2";
const ISSUED_AT = 6;
const EXPIRES_AT = 4;
const RECORD = -65537;
const PAYLOAD_LIMIT = 208;
const DIGEST_SIZE = 16;
const ELLIPSIS = "…";

/** The QR says nothing that can be trusted; ``code`` is that of the verdict. */
export class Refused extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** The digits of a licence's link and the bytes they stand for. ``hosts`` are the official names. */
export function fromText(text, hosts) {
  const address = ADDRESS.exec(text);
  if (!address) throw new Refused("qr-not-ours");
  const [, host, digits] = address;
  if (!hosts.includes(host)) throw new Refused("qr-foreign-host");
  if (!DIGITS.test(digits)) throw new Refused("qr-malformed");
  const hex = BigInt(digits).toString(16);
  if (hex.length % 2 || !hex.startsWith(FIRST_BYTE)) throw new Refused("qr-malformed");
  return { digits, bytes: Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16)) };
}

/** What a message says and which key is said to have signed it; the signature is not checked here. */
export function decode(bytes) {
  try {
    const message = parse(bytes);
    const kid = message.header.get(KID);
    if (message.header.size !== 2 || !message.header.has(ALG) || !isBytes(kid, 1, 2)) throw new Malformed("header");
    return { said: claimsOf(message.payload), kid, message };
  } catch (error) {
    if (error instanceof Malformed) throw new Refused("qr-malformed");
    throw error;
  }
}

function claimsOf(payload) {
  const claims = decodeCbor(payload);
  const right = claims instanceof Map && claims.has(ISSUED_AT) && claims.has(RECORD) && claims.size === (claims.has(EXPIRES_AT) ? 3 : 2);
  if (!right || payload.length > PAYLOAD_LIMIT) throw new Malformed("claims");
  const [issuedAt, expiresAt] = [claims.get(ISSUED_AT), claims.has(EXPIRES_AT) ? claims.get(EXPIRES_AT) : null];
  if (!isUint(issuedAt, 37) || !(expiresAt === null ? !claims.has(EXPIRES_AT) : isUint(expiresAt, 37))) throw new Malformed("times");
  return { issuedAt, expiresAt, ...licenceOf(claims.get(RECORD)) };
}

function licenceOf(record) {
  if (!Array.isArray(record) || record.length !== 8) throw new Malformed("licence");
  const [typeIndex, serial, version, packedHolder, holder, project, statusIndex, digest] = record;
  const holderId = holderOf(packedHolder);
  const right = isUint(typeIndex, 16)
    && ((typeof serial === "string" && SERIAL.test(serial)) || isUint(serial, 64))
    && isUint(version, 16)
    && isText(holder, 1000)
    && (project === null || isText(project, 1000))
    && isUint(statusIndex, 32)
    && isBytes(digest, DIGEST_SIZE, DIGEST_SIZE);
  if (!right) throw new Malformed("licence");
  const abbreviated = holder.endsWith(ELLIPSIS) || (project ?? "").endsWith(ELLIPSIS);
  return { typeIndex, serial: spelled(serial), version, holderId, holder, project, statusIndex, digest, abbreviated };
}

/** Whose licence it is. A credit code has to travel packed, so as a text it is refused. */
function holderOf(packed) {
  const holder = packed instanceof Uint8Array ? unpackedCompanyCode(packed) : packed;
  const right = packed instanceof Uint8Array ? holder !== null : isText(holder, 32) && ASCII.test(holder) && !isCompanyCode(holder);
  if (!right) throw new Malformed("holder");
  return holder;
}

/** A number as serial is written with at least eight digits. */
function spelled(serial) {
  return typeof serial === "string" ? serial : String(serial).padStart(8, "0");
}

function isUint(value, bits) {
  return (typeof value === "number" || typeof value === "bigint") && value >= 0 && BigInt(value) < 1n << BigInt(bits);
}

/** Whether a value is a text of 1 to ``longest`` characters (code points, as the register counts). */
function isText(value, longest) {
  return typeof value === "string" && value.length > 0 && [...value].length <= longest;
}

function isBytes(value, shortest, longest) {
  return value instanceof Uint8Array && value.length >= shortest && value.length <= longest;
}
