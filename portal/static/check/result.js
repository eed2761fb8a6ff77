/* The verdict as it is read: banner, four answers, what to compare, what to do. Texts only, never markup. */

import { fill } from "./words.js";

const COLOURS = { good: "ok", open: "warn", bad: "bad" };
const BANNERS = { valid: "list", unknown: "unsure", invalid: "no" };

/** What the three weights come to. */
export function overallOf(verdict, table) {
  const weights = answersOf(verdict, table).map((answer) => answer.weight);
  if (weights.includes("bad")) return "invalid";
  return weights.includes("open") ? "unknown" : "valid";
}

/** Fills the page's result with a verdict. ``said`` are the words, ``table`` the answers that exist. */
export class Result {
  constructor(page, said, table) {
    Object.assign(this, { page, said, table });
    this.find = (name) => page.getElementById(name);
  }

  /** Show a verdict of the moment ``now``; ``source`` is "camera", "picture", "pdf" or "text". */
  show(verdict, now, source) {
    const overall = overallOf(verdict, this.table);
    const answers = answersOf(verdict, this.table);
    const facts = { as_of: verdict.asOf === null ? "—" : this.said.moment(verdict.asOf) };
    const texts = answers.map((answer) => fill(answer.text, facts));
    const details = this.find("details-template").content.cloneNode(true);
    this.four(details, answers, texts, verdict);
    details.querySelector("[data-checked]").textContent = this.said.say("checked_at", { moment: this.said.moment(now) });
    this.paper(details, verdict.paper);
    this.steps(details, overall, answers, verdict, source);
    this.find("details").replaceChildren(details);
    this.find("result").hidden = false;
    this.banner(overall, answers, texts, facts, verdict, now);
    this.find("result").focus({ preventScroll: true });
    this.find("result").scrollIntoView({ block: "start" });
  }

  clear() {
    this.find("result").hidden = true;
    this.find("verdict").replaceChildren();
    this.find("details").replaceChildren();
  }

  /** The verdict in two seconds, never without the age of what it stands on: the live region that is read aloud. */
  banner(overall, answers, texts, facts, verdict, now) {
    const banner = this.find(`banner-${BANNERS[overall]}`).content.cloneNode(true);
    banner.querySelector(".strong").textContent = fill(this.table.headlines[overall], facts);
    const why = ["bad", "open"].flatMap((weight) => texts.filter((_, place) => answers[place].weight === weight))[0];
    const words = banner.querySelector(".strong + p");
    words.textContent = why ?? this.said.say("for_whom", verdict.paper);
    const age = Object.assign(this.page.createElement("p"), { className: "age", textContent: this.ageOf(verdict, now) });
    words.after(age);
    this.find("verdict").replaceChildren(banner);
  }

  four(part, answers, texts, verdict) {
    const cells = part.querySelectorAll(".four > div");
    answers.forEach((answer, place) => {
      cells[place].className = COLOURS[answer.weight];
      cells[place].querySelector("dd").textContent = texts[place];
    });
    cells[3].querySelector("dd").textContent = this.said.say(verdict.paper ? "compare" : "nothing_to_compare");
    part.querySelectorAll("[data-code]").forEach((code, place) => {
      code.textContent = answers[place].code;
    });
  }

  ageOf({ asOf, inForce }, now) {
    if (asOf !== null) return this.said.say("list_of", { as_of: this.said.moment(asOf), age: this.said.age(now - asOf) });
    return this.said.say(inForce === "offline" ? "no_list" : "list_not_asked");
  }

  paper(part, paper) {
    part.querySelector("[data-paper]").hidden = !paper;
    if (!paper) return;
    const ends = paper.valid_until ? this.said.day(paper.valid_until) : this.said.say("no_end");
    const shown = { ...paper, valid_from: this.said.day(paper.valid_from), valid_until: ends };
    part.querySelectorAll("[data-fact]").forEach((row) => {
      row.hidden = !shown[row.dataset.fact];
      row.querySelector("dd").textContent = shown[row.dataset.fact] ?? "";
    });
    part.querySelector("[data-abbreviated]").hidden = !paper.abbreviated;
  }

  /** What to do: the step of the first answer that has one of its own, else that of the whole. */
  steps(part, overall, answers, verdict, source) {
    const own = answers.find((answer) => answer.weight !== "good" && answer.step);
    part.querySelector("[data-step]").textContent = own ? own.step : this.table.steps[overall];
    part.querySelector("[data-pdf-note]").hidden = source !== "pdf";
    const register = part.querySelector("[data-register]");
    register.hidden = !verdict.digits;
    if (verdict.digits) register.querySelector("a").href = `${register.dataset.register}${verdict.digits}`;
  }
}

/** The three answers with their codes; what a list says is worded as such. */
function answersOf(verdict, table) {
  const found = [["whole", verdict.whole], ["genuine", verdict.genuine], ["in_force", verdict.inForce]]
    .map(([question, code]) => ({ code, ...table[question][code] }));
  const listed = verdict.asOf === null ? undefined : table.listed[verdict.inForce];
  if (listed) found[2].text = listed;
  return found;
}
