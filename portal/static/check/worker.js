/* Keeps the checker on the device. RELEASE is written in front of this file by the server: a name, the files with their digests, and
   the page in each language. Only these are ever answered from here: a verdict of the server is never kept and never made up. */

"use strict";

const ROOM = `checker-${RELEASE.name}`;
const FILES = new Set(RELEASE.files.map((file) => file.url));

self.addEventListener("install", (event) => event.waitUntil(keepRelease()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname === RELEASE.scope) event.respondWith(page(url));
  else if (FILES.has(url.pathname + url.search)) event.respondWith(file(url.pathname + url.search, request));
});

/** Fetch everything anew and keep it only when every file has the digest of this release. */
async function keepRelease() {
  const room = await caches.open(ROOM);
  await Promise.all(RELEASE.files.map(async ({ url, sha256 }) => {
    const answer = await fetched(url);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await answer.clone().arrayBuffer()));
    const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (hex !== sha256) throw new Error(`${url} is not of this release`);
    await room.put(url, answer);
  }));
  await Promise.all(Object.values(RELEASE.pages).map(async (url) => room.put(url, await fetched(url))));
}

/** The page is kept as a stranger sees it: without cookies. */
async function fetched(url) {
  const answer = await fetch(url, { cache: "reload", credentials: "omit" });
  if (!answer.ok || answer.redirected) throw new Error(`${answer.status} at ${url}`);
  return answer;
}

async function takeOver() {
  const rooms = await caches.keys();
  await Promise.all(rooms.filter((name) => name.startsWith("checker-") && name !== ROOM).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function file(url, request) {
  return (await (await caches.open(ROOM)).match(url)) ?? fetch(request);
}

/** The page in the language that the address asks for, else in that of the last time, else as the server would choose. */
async function page(url) {
  const room = await caches.open(ROOM);
  const last = await (await caches.open("check-settings")).match("/check/language");
  const language = [url.searchParams.get("lang"), await last?.text(), RELEASE.language].find((name) => Object.hasOwn(RELEASE.pages, name));
  return (await room.match(RELEASE.pages[language])) ?? fetch(url);
}
