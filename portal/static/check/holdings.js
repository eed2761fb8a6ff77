/* What this device holds: the lists with their ages, the program itself, and how to keep it. */

/** The part of the page that tells the age of the data and the state of the installation. */
export class Holdings {
  constructor(page, said, lists) {
    Object.assign(this, { page, said, lists, failed: [] });
    this.find = (name) => page.getElementById(name);
  }

  /** Write everything anew for this moment (seconds since 1970); ``failed`` names the lists that could not be renewed. */
  show(now, failed = this.failed) {
    this.failed = failed;
    const { trust, statuses } = this.lists;
    const rows = trust ? [...trust.statusLists()].map(([uri, issuer]) => this.row(issuer, statuses.get(uri), now)) : [];
    const oldest = this.oldest();
    this.find("age").textContent = oldest === null
      ? this.said.say("no_lists")
      : this.said.say("list_of", { as_of: this.said.moment(oldest), age: this.said.age(now - oldest) });
    const state = this.state(now);
    this.find("state").textContent = this.said.say(`state_${state}`);
    this.find("state").className = `tag ${{ fresh: "ok", stale: "warn", missing: "bad" }[state]}`;
    this.page.querySelector("#lists-frame tbody").replaceChildren(...rows);
    this.find("lists-frame").hidden = !rows.length;
    this.find("trust-facts").textContent = trust
      ? this.said.say("trust_facts", { version: trust.version, issued: this.said.moment(trust.issuedAt), until: this.said.day(trust.nextUpdate) })
      : this.said.say("no_trust_list");
    this.find("failed").hidden = !failed.length;
  }

  busy(on) {
    this.find("renew").setAttribute("aria-disabled", String(on));
    this.find("renewing").textContent = on ? this.said.say("renewing") : "";
  }

  /** The issue of the oldest status list: no verdict stands on older data. Null when one is missing. */
  oldest() {
    const { trust, statuses } = this.lists;
    const times = trust ? [...trust.statusLists().keys()].map((uri) => statuses.get(uri)?.issuedAt) : [];
    return times.length && times.every((time) => time !== undefined) ? Math.min(...times) : null;
  }

  state(now) {
    const { trust, statuses } = this.lists;
    if (!trust || !statuses.size) return "missing";
    const all = [...trust.statusLists().keys()].map((uri) => statuses.get(uri));
    return now <= trust.nextUpdate && all.every((list) => list?.freshAt(now)) ? "fresh" : "stale";
  }

  row(issuer, list, now) {
    const row = this.find("list-template").content.cloneNode(true);
    const set = (name, text) => {
      row.querySelector(`[data-cell=${name}]`).textContent = text;
    };
    set("issuer", issuer);
    set("as-of", list ? this.said.moment(list.issuedAt) : this.said.say("none"));
    set("age", list ? this.said.age(now - list.issuedAt) : "");
    set("until", list ? this.said.moment(list.expiresAt) : "");
    return row;
  }

  /** Keep the program on this device. A browser without service workers can still check while the page is open. */
  async install({ worker, scope }, language) {
    window.addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault();
      this.find("install").hidden = false;
      this.find("install").addEventListener("click", () => event.prompt(), { once: true });
    });
    try {
      await (await caches.open("check-settings")).put("/check/language", new Response(language));
      const registration = await navigator.serviceWorker.register(worker, { scope });
      this.watch(registration);
      await navigator.serviceWorker.ready;
      this.find("kept").hidden = false;
      await navigator.storage?.persist?.();
    } catch {
      this.find("not-kept").hidden = false;
    }
  }

  /** A newer program takes over when the person says so, never in the middle of a check. */
  watch(registration) {
    const offer = () => {
      if (!registration.waiting || !navigator.serviceWorker.controller) return;
      this.find("newer").hidden = false;
      this.find("take-newer").addEventListener("click", () => registration.waiting?.postMessage("take over"), { once: true });
    };
    const controlled = navigator.serviceWorker.controller;
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      if (controlled) this.page.location.reload();
    });
    registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offer));
    offer();
  }
}
