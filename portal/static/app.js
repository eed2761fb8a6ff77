/* Comfort only: every page works without this file. */
"use strict";

/* Repeating rows. <div data-rows> holds <div data-row>, a <template data-row-template> with __INDEX__ in its names, and buttons
   with data-add-row / data-remove-row which, without script, send the form and let the server do it. */
function addRow(list) {
  const template = list.querySelector("template[data-row-template]");
  const index = Number(list.dataset.nextIndex || list.querySelectorAll("[data-row]").length);
  list.dataset.nextIndex = index + 1;
  const holder = document.createElement("template");
  holder.innerHTML = template.innerHTML.replaceAll("__INDEX__", index).replaceAll("__NUMBER__", index + 1);
  const row = holder.content.firstElementChild;
  template.before(row);
  const first = row.querySelector("input, select, textarea");
  if (first) first.focus();
}

document.addEventListener("click", (event) => {
  const adder = event.target.closest("[data-add-row]");
  const list = event.target.closest("[data-rows]") || (adder && document.getElementById(adder.dataset.addRow));
  if (adder && list && list.querySelector("template[data-row-template]")) {
    event.preventDefault();
    addRow(list);
  }
  const remover = event.target.closest("[data-remove-row]");
  if (remover && list && list.querySelectorAll("[data-row]").length > 1) {
    event.preventDefault();
    remover.closest("[data-row]").remove();
    list.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

/* Leaving with unsaved answers asks first. */
const dirty = new Set();
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-guard]");
  if (form) dirty.add(form);
});
window.addEventListener("beforeunload", (event) => {
  if (dirty.size) event.preventDefault();
});

/* A file that is too large is named before it is sent. */
document.addEventListener("change", (event) => {
  const input = event.target;
  if (input.type !== "file" || !input.dataset.limit) return;
  const large = [...input.files].some((file) => file.size > Number(input.dataset.limit));
  input.setCustomValidity(large ? input.dataset.tooLarge : "");
  if (large) input.reportValidity();
});

/* A ready text goes into its field; what was typed by hand stays above it. */
document.addEventListener("change", (event) => {
  const select = event.target.closest("select[data-fills]");
  const text = select && select.selectedOptions[0].dataset.text;
  if (!text) return;
  const area = document.getElementById(select.dataset.fills);
  const ready = [...select.options].map((option) => option.dataset.text);
  const typed = area.value.trim();
  area.value = typed && !ready.includes(typed) ? `${typed}\n${text}` : text;
  area.dispatchEvent(new Event("input", { bubbles: true }));
});

/* A list by keys: j or ↓ and k or ↑ move, x ticks, / goes to the search; Enter opens as everywhere. Whoever wants no keys switches them off. */
const KEYS_OFF = "keys-off";
const typing = (target) => target.matches("input:not([type=checkbox]), select, textarea, [contenteditable]");
const steps = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

function step(list, by) {
  const links = [...list.querySelectorAll(".row-link")];
  const row = document.activeElement.closest("tr");
  const at = links.findIndex((link) => row && row.contains(link));
  const next = links[at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1)];
  if (next) next.focus();
}

document.addEventListener("keydown", (event) => {
  const list = document.querySelector("[data-keys]");
  const search = document.querySelector("[data-search]");
  if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target) || localStorage.getItem(KEYS_OFF)) return;
  const inside = list && list.contains(document.activeElement);
  if (event.key === "/" && search) {
    search.focus();
  } else if (list && event.key in steps && (inside || !event.key.startsWith("Arrow"))) {
    step(list, steps[event.key]);
  } else if (inside && event.key === "x" && document.activeElement.closest("tr")) {
    document.activeElement.closest("tr").querySelector("input[type=checkbox]").click();
  } else {
    return;
  }
  event.preventDefault();
});

document.addEventListener("DOMContentLoaded", () => {
  const hint = document.querySelector("[data-keys-hint]");
  if (!hint) return;
  const box = hint.querySelector("[data-keys-switch]");
  hint.hidden = false;
  box.checked = !localStorage.getItem(KEYS_OFF);
  box.addEventListener("change", () => (box.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "yes")));
});

/* One press ticks every row of the page, and the next one unticks them. */
document.addEventListener("DOMContentLoaded", () => {
  const button = document.querySelector("[data-tick-all]");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const boxes = [...button.form.querySelectorAll(".tick input")];
    const ticked = !boxes.every((box) => box.checked);
    boxes.forEach((box) => (box.checked = ticked));
  });
});

/* A form is sent once; a form with files shows that something happens. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent || form.querySelector(":invalid[type=file]")) {
    event.preventDefault();
    return;
  }
  dirty.delete(form); /* what was typed into another form would still be lost */
  if (form.method !== "post") return;
  form.dataset.sent = "yes";
  form.querySelectorAll("button[type=submit]").forEach((button) => button.setAttribute("aria-disabled", "true"));
  const files = [...form.querySelectorAll("input[type=file]")].some((input) => input.files.length);
  if (form.dataset.upload && files) {
    const note = document.createElement("p");
    note.className = "progress";
    note.setAttribute("role", "status");
    note.append(form.dataset.upload, document.createElement("progress"));
    form.append(note);
  }
});

/* Coming back by the browser's back button finds the form usable again. */
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-disabled]").forEach((button) => button.removeAttribute("aria-disabled"));
  });
});

/* After a refused form the summary of complaints is read first. */
document.addEventListener("DOMContentLoaded", () => {
  const summary = document.querySelector("[data-focus]");
  if (summary) summary.focus();
});

/* Where the menu is longer than its line, the area that is open comes into sight. */
for (const strip of document.querySelectorAll("[data-strip]")) {
  const here = strip.querySelector("[aria-current]");
  if (here) strip.scrollLeft = here.offsetLeft - strip.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2;
}
