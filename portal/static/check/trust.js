/* The trust list: who may sign, in what state each key is, and which hosts are official. Signed by the root that the page pins. */

import { fromBase64, fromUtf8, same, toHex } from "./bytes.js";
import { Malformed } from "./cbor.js";
import { readCertificate } from "./certificate.js";
import { ALG, KID, importKey, isSignedBy, parse } from "./cose.js";

export const FORMAT = "leizheng-trust-list/1";

const ES256 = -7;
const STATES = ["active", "retired", "compromised"];
const HOST = /^[a-z0-9.-]{1,253}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const HEX = /^([0-9a-f]{2}){1,32}$/;

/** One key of the list. Moments are seconds since 1970. */
class TrustedKey {
  constructor(entry, certificate, key) {
    Object.assign(this, certificate, { key, state: entry.state, since: seconds(entry.since), activeFrom: seconds(entry.active_from) });
    Object.assign(this, { purpose: entry.purpose, kid: entry.kid, issuer: entry.issuer, uscc: entry.uscc });
    this.statusList = entry.status_list ?? null;
  }

  /** What a signature that names ``moment`` is worth: the same four answers as everywhere. */
  judge(moment) {
    if (this.state === "compromised" && moment >= this.since) return "key-compromised";
    if (moment < Math.max(this.notBefore, this.activeFrom) || moment > this.notAfter) return "expired-signer";
    if (this.state === "retired" && moment >= this.since) return "expired-signer";
    return this.state === "compromised" ? "key-compromised-before" : "ok";
  }
}

/** A trust list whose signature by the root was checked. */
class TrustList {
  constructor(said, keys) {
    this.version = said.version;
    this.previous = said.previous;
    this.issuedAt = seconds(said.issued_at);
    this.nextUpdate = seconds(said.next_update);
    this.hosts = said.hosts;
    this.keys = keys;
  }

  /** The key for this purpose with this identifier (bytes), or undefined. */
  find(purpose, kid) {
    return this.keys.find((key) => key.purpose === purpose && key.kid === toHex(kid));
  }

  /** The address of each status list with the authority that it is about. */
  statusLists() {
    return new Map(this.keys.filter((key) => key.purpose === "qr" && key.statusList).map((key) => [key.statusList, key.issuer]));
  }
}

/** The trust list in ``bytes``, signed by the pinned root ({key: SPKI, id: its key identifier}). Throws ``Malformed`` for anything else. */
export async function openTrustList(bytes, root) {
  const message = parse(bytes);
  const kid = message.header.get(KID);
  const rightHeader = message.header.size === 2 && message.header.get(ALG) === ES256 && kid instanceof Uint8Array && same(kid, root.id);
  const signed = rightHeader && await isSignedBy(message, await importKey(root.key));
  if (!signed) throw new Malformed("not by the pinned root");
  const said = jsonOf(message.payload);
  check(said);
  return new TrustList(said, await Promise.all(said.keys.filter((entry) => ["qr", "status"].includes(entry.purpose)).map(keyOf)));
}

async function keyOf(entry) {
  const certificate = readCertificate(fromBase64(entry.certificate));
  return new TrustedKey(entry, certificate, await importKey(certificate.spki));
}

/** JSON in its one form: sorted keys, no spaces (RFC 8785 for the types that occur here). */
function jsonOf(payload) {
  try {
    const text = fromUtf8(payload);
    const said = JSON.parse(text);
    if (JSON.stringify(said, sorted) === text) return said;
  } catch {
    throw new Malformed("no JSON");
  }
  throw new Malformed("not the one form of its JSON");
}

function sorted(_, value) {
  const plain = value === null || typeof value !== "object" || Array.isArray(value);
  return plain ? value : Object.fromEntries(Object.keys(value).sort().map((name) => [name, value[name]]));
}

/** The root has signed it, so this is no defence against attackers; it is one against reading a later format as this one. */
function check(said) {
  const right = said?.format === FORMAT
    && Number.isSafeInteger(said.version) && said.version > 0
    && typeof said.previous === "string"
    && MOMENT.test(said.issued_at) && MOMENT.test(said.next_update)
    && Array.isArray(said.hosts) && said.hosts.every((host) => HOST.test(host))
    && Array.isArray(said.keys) && said.keys.every(isEntry)
    && new Set(said.keys.map((entry) => `${entry.purpose} ${entry.kid}`)).size === said.keys.length;
  if (!right) throw new Malformed("not a trust list of this format");
}

function isEntry(entry) {
  return ["id", "purpose", "authority", "issuer", "uscc", "certificate"].every((name) => typeof entry[name] === "string")
    && typeof entry.kid === "string" && HEX.test(entry.kid) && STATES.includes(entry.state) && MOMENT.test(entry.since) && MOMENT.test(entry.active_from)
    && ["undefined", "string"].includes(typeof entry.status_list);
}

function seconds(moment) {
  return Date.parse(moment) / 1000;
}
