/* The four answers about a licence, from its QR text and the lists on this device: the codes of the register, never a bare "valid". */

import { isSignedBy } from "./cose.js";
import { licenceIdentifier } from "./identifier.js";
import { Refused, decode, fromText } from "./lz1.js";

const CHINA = 8 * 3600;
/* What the values of a status list mean. A value that nobody has defined is not "in force". */
const STATUS_CODES = new Map([
  [0x0, "in-force-as-of"], [0x1, "ended"], [0x2, "suspended"], [0xc, "revoked-for-deceit"], [0xd, "revoked-as-penalty"], [0xe, "replaced"],
  [0xf, "not-yet-valid"],
]);
/* What changes by itself needs a fresh list; what was taken away stays so. */
const PASSING = ["in-force-as-of", "not-yet-valid", "not-checked"];

/** The verdict on the text of a QR code at ``now`` (seconds since 1970).

    ``lists`` has ``trust`` (a trust list or null) and ``statuses`` (status lists by their address); ``table`` the answers that exist and the
    types of licences. Bad input is a verdict, never an error. */
export async function judge(text, lists, table, now) {
  if (!lists.trust) return unchecked();
  try {
    return await judgeCode(fromText(text, lists.trust.hosts), lists, table, now);
  } catch (error) {
    if (error instanceof Refused) return refused(error.code, table);
    throw error;
  }
}

/** The verdict on the codes that were found in one picture. */
export async function judgeAll(texts, lists, table, now) {
  const different = [...new Set(texts)];
  const verdicts = await Promise.all(different.map((text) => judge(text, lists, table, now)));
  const ours = verdicts.filter((verdict) => verdict.whole !== "qr-not-ours");
  const candidates = ours.length ? ours : verdicts;
  if (candidates.length === 1) return candidates[0];
  return verdictOf(candidates.length ? "several-qr" : "no-qr", "not-checked", "not-checked");
}

/** The verdict when nothing could be found out. */
export function unchecked() {
  return verdictOf("not-checked", "not-checked", "not-checked");
}

/** The verdict on a file in which no code could be looked for. */
export function unreadable() {
  return verdictOf("unreadable", "not-checked", "not-checked");
}

async function judgeCode({ digits, bytes }, { trust, statuses }, table, now) {
  const { said, kid, message } = decode(bytes);
  const key = trust.find("qr", kid);
  if (!key) throw new Refused("qr-unknown-key");
  if (!await isSignedBy(message, key.key)) throw new Refused("qr-signature");
  const paper = paperOf(said, key, table);
  const genuine = genuineCode(key.judge(said.issuedAt), trust, now);
  const [inForce, asOf] = inForceOf(said, statuses.get(key.statusList), now);
  return { ...verdictOf("signed-code", genuine, inForce), paper, digits, asOf };
}

function genuineCode(judged, trust, now) {
  return judged === "ok" && now > trust.nextUpdate ? "trust-list-stale" : judged;
}

/** What can be said about the status, and for which moment. A date that is over counts without any list. */
function inForceOf(said, list, now) {
  if (said.expiresAt !== null && now > said.expiresAt) return ["expired", null];
  if (!list) return ["offline", null];
  const value = list.value(said.statusIndex);
  const code = value === undefined ? "not-checked" : STATUS_CODES.get(value) ?? "ended";
  const proves = list.freshAt(now) && list.issuedAt >= said.issuedAt;
  return [PASSING.includes(code) && !proves ? "status-stale" : code, list.issuedAt];
}

function paperOf(said, key, table) {
  const type = table.types[said.typeIndex];
  const identifier = type && licenceIdentifier(type.type_code, key.uscc, said.serial, said.version);
  if (!identifier) throw new Refused("unreadable");
  return {
    holder: said.holder,
    uscc: said.holderId,
    number: "",
    identifier,
    type: type.name,
    valid_from: dayOf(said.issuedAt),
    valid_until: said.expiresAt ? dayOf(said.expiresAt) : null,
    issuer: key.issuer,
    project: said.project,
    abbreviated: said.abbreviated,
  };
}

function refused(code, table) {
  if (code in table.genuine) return verdictOf("not-checked", code, "not-checked");
  return verdictOf(code in table.whole ? code : "unreadable", "not-checked", "not-checked");
}

function verdictOf(whole, genuine, inForce) {
  return { whole, genuine, inForce, paper: null, digits: null, asOf: null };
}

/** The day in China, as YYYY-MM-DD. */
function dayOf(seconds) {
  return new Date((seconds + CHINA) * 1000).toISOString().slice(0, 10);
}
