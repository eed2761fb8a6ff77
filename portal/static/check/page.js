/* The checker: reads a QR code by camera, from a picture or PDF or as text, judges it on this device, and keeps its lists fresh. */

import { fromBase64 } from "./bytes.js";
import { Camera } from "./camera.js";
import { Holdings } from "./holdings.js";
import { judge, judgeAll, unchecked, unreadable } from "./judge.js";
import { Lists } from "./lists.js";
import { QrReader, Unreadable } from "./pictures.js";
import { Result } from "./result.js";
import { Words } from "./words.js";

const table = JSON.parse(document.getElementById("checker").dataset.carried);
const said = new Words(table);
const find = (name) => document.getElementById(name);
const now = () => Date.now() / 1000;
const RENEW_EVERY = 3600;
const GLANCE_EVERY = 30_000;
const NEEDED = [globalThis.crypto?.subtle, globalThis.caches, globalThis.DecompressionStream, globalThis.Worker, AbortSignal.timeout];

const lists = new Lists({ key: fromBase64(table.root.key), id: fromBase64(table.root.id) }, table.addresses.trust_list);
const reader = new QrReader(table.addresses);
const result = new Result(document, said, table);
const holdings = new Holdings(document, said, lists);
const camera = new Camera(find("camera"), reader, (texts) => {
  showCamera(false);
  return answer(() => judgeAll(texts, lists, table, now()), "camera");
});

function tell(name) {
  find("progress").textContent = name ? said.say(name) : "";
}

/** Judge, show, and say so when it takes a while. */
async function answer(judged, source) {
  tell("looking");
  result.clear();
  const verdict = await judged().catch((error) => {
    console.error(error);
    return unchecked();
  });
  tell("");
  holdings.show(now());
  result.show(verdict, now(), source);
  showNetwork();
}

async function readFile(file) {
  try {
    const texts = await reader.readFile(file);
    return await judgeAll(texts, lists, table, now());
  } catch (error) {
    if (error instanceof Unreadable) return unreadable();
    throw error;
  }
}

function showCamera(on) {
  find("viewfinder").hidden = !on;
  find("camera-start").hidden = on;
  find("camera-stop").hidden = !on;
  find("camera-light").hidden = !(on && camera.lamp);
  find("camera-light").setAttribute("aria-pressed", "false");
}

async function startCamera() {
  result.clear();
  try {
    await camera.start();
    showCamera(true);
    tell("hold_over");
    find("camera-stop").focus();
    find("viewfinder").scrollIntoView({ block: "nearest" });
  } catch (error) {
    camera.stop();
    tell(error.name === "NotAllowedError" ? "camera_forbidden" : "camera_missing");
  }
}

function stopCamera() {
  camera.stop();
  showCamera(false);
  tell("");
  find("camera-start").focus();
}

async function light(button) {
  const on = button.getAttribute("aria-pressed") !== "true";
  await camera.light(on);
  button.setAttribute("aria-pressed", String(on));
}

/** What can only be done with a network is offered only then. */
function showNetwork() {
  document.querySelectorAll("[data-online]").forEach((part) => {
    part.hidden = !navigator.onLine;
  });
  document.querySelectorAll("[data-offline]").forEach((part) => {
    part.hidden = navigator.onLine;
  });
}

async function renew() {
  showNetwork();
  if (!navigator.onLine) return holdings.show(now());
  holdings.busy(true);
  const failed = await lists.renew();
  holdings.busy(false);
  holdings.show(now(), failed);
  return undefined;
}

/** Nobody looks: the camera goes off. Somebody looks again after a long while: the lists are renewed. */
function lookedAway() {
  if (document.hidden) stopIfRunning();
  else if (now() - (lists.fetchedAt ?? 0) / 1000 > RENEW_EVERY) renew();
}

function listen() {
  find("camera-start").addEventListener("click", startCamera);
  find("camera-stop").addEventListener("click", stopCamera);
  find("camera-light").addEventListener("click", (event) => light(event.currentTarget));
  find("file").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    stopIfRunning();
    await answer(() => readFile(file), /pdf$/i.test(file.type || file.name) ? "pdf" : "picture");
    event.target.value = "";
  });
  find("by-text").addEventListener("submit", (event) => {
    event.preventDefault();
    stopIfRunning();
    answer(() => judge(find("text").value.trim(), lists, table, now()), "text");
  });
  find("result").addEventListener("click", (event) => {
    if (!event.target.closest("[data-again]")) return;
    result.clear();
    find("camera-start").focus();
  });
  find("renew").addEventListener("click", renew);
  window.addEventListener("online", renew);
  window.addEventListener("offline", showNetwork);
  document.addEventListener("visibilitychange", lookedAway);
  setInterval(() => holdings.show(now()), GLANCE_EVERY);
}

function stopIfRunning() {
  if (camera.stream) stopCamera();
}

async function begin() {
  if (NEEDED.some((part) => !part)) {
    find("too-old").hidden = false;
    return;
  }
  find("tools").hidden = false;
  find("data").hidden = false;
  listen();
  holdings.install(table.addresses, table.language);
  await lists.recall();
  holdings.show(now());
  await renew();
  document.documentElement.dataset.ready = "yes";
}

begin();
