/* The lists on this device: kept as the bytes that were signed, verified again each time they are read. */

import { readAll, same, sha256 } from "./bytes.js";
import { openStatusList } from "./status.js";
import { openTrustList } from "./trust.js";

const ROOM = "check-lists";
const PATIENCE = 20_000;
const LARGEST = 8 * 1024 * 1024;
const CWT = "application/statuslist+cwt";

/** The trust list and the status list of every authority in it. ``root`` is what the page pins; ``address`` where the trust list lies. */
export class Lists {
  constructor(root, address) {
    this.root = root;
    this.address = address;
    this.trust = null;
    this.statuses = new Map();
    this.fetchedAt = null;
  }

  /** Take up what this device has kept. Whatever does not hold any more is left out. */
  async recall() {
    const kept = await keptUnder(this.address);
    if (!kept) return;
    try {
      this.trust = await openTrustList(kept.bytes, this.root);
    } catch {
      return;
    }
    this.trustBytes = kept.bytes;
    this.fetchedAt = kept.fetchedAt;
    for (const uri of this.trust.statusLists().keys()) {
      const list = await keptUnder(uri);
      const opened = list && await openStatusList(list.bytes, uri, this.trust).catch(() => null);
      if (opened) this.statuses.set(uri, opened);
    }
  }

  /** Fetch all lists. Returns what could not be renewed: names of lists, empty when all went well. Nothing good is given up for it. */
  async renew() {
    const failed = [];
    try {
      await this.renewTrust();
    } catch {
      failed.push("trust-list");
    }
    for (const uri of this.trust?.statusLists().keys() ?? []) {
      await this.renewStatus(uri).catch(() => failed.push(uri));
    }
    if (!failed.length) this.fetchedAt = Date.now();
    return failed;
  }

  /** Refuses a list that is older than the kept one, or another one under the same version: lists only go forward. */
  async renewTrust() {
    const bytes = await download(this.address, "application/cose");
    const opened = await openTrustList(bytes, this.root);
    if (this.trust && !await follows(opened, bytes, this.trust, this.trustBytes)) throw new Error("the trust list went back");
    await keep(this.address, bytes);
    [this.trust, this.trustBytes] = [opened, bytes];
    await this.judgeStatusesAgain();
  }

  async renewStatus(uri) {
    // Every official host serves the same lists, so they are asked of the host that this page came from.
    const bytes = await download(new URL(uri).pathname, CWT);
    const opened = await openStatusList(bytes, uri, this.trust);
    if (opened.issuedAt < (this.statuses.get(uri)?.issuedAt ?? 0)) throw new Error("the status list went back");
    await keep(uri, bytes);
    this.statuses.set(uri, opened);
  }

  /** A new trust list may have taken the key of a kept status list away. */
  async judgeStatusesAgain() {
    for (const uri of [...this.statuses.keys()]) {
      const kept = await keptUnder(uri);
      const opened = kept && await openStatusList(kept.bytes, uri, this.trust).catch(() => null);
      if (opened) this.statuses.set(uri, opened);
      else this.statuses.delete(uri);
    }
  }
}

/** Whether a trust list is the kept one or comes after it; the next version names the bytes of the one before. */
async function follows(opened, bytes, kept, keptBytes) {
  if (opened.version === kept.version) return same(bytes, keptBytes);
  if (opened.version === kept.version + 1) return opened.previous === await sha256(keptBytes);
  return opened.version > kept.version;
}

async function download(address, type) {
  const answer = await fetch(address, {
    headers: { Accept: type }, cache: "no-cache", credentials: "omit", redirect: "error", signal: AbortSignal.timeout(PATIENCE),
  });
  if (!answer.ok) throw new Error(`${answer.status} at ${address}`);
  return readAll(answer.body, LARGEST);
}

async function keep(name, bytes) {
  const room = await caches.open(ROOM);
  await room.put(shelf(name), new Response(bytes, { headers: { "X-Fetched-At": String(Date.now()) } }));
}

async function keptUnder(name) {
  const kept = await (await caches.open(ROOM)).match(shelf(name));
  return kept && { bytes: new Uint8Array(await kept.arrayBuffer()), fetchedAt: Number(kept.headers.get("X-Fetched-At")) };
}

/** An address inside this page's scope that is asked of nobody. */
function shelf(name) {
  return `/check/kept?of=${encodeURIComponent(name)}`;
}
