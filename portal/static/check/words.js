/* Words, dates and ages in the language of the page. The sentences come from the server; here they only meet their facts. */

const CHINA = 8 * 3600 * 1000;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Speaks with the sentences that the page brought along. Moments are seconds since 1970, shown in China time. */
export class Words {
  constructor({ words, months, patterns }) {
    Object.assign(this, { words, months, patterns });
  }

  /** The sentence of this name with its facts filled in. */
  say(name, facts = {}) {
    return fill(this.words[name], facts);
  }

  /** ``23 Nov 2026, 14:05`` or ``2026 年 11 月 23 日 14:05``. */
  moment(seconds) {
    return this.written(seconds, this.patterns.moment);
  }

  /** The day alone, of a moment or of a date like 2026-11-23. */
  day(date) {
    const seconds = typeof date === "string" ? (Date.parse(`${date}T00:00:00Z`) - CHINA) / 1000 : date;
    return this.written(seconds, this.patterns.day);
  }

  /** The time of day with its seconds. */
  time(seconds) {
    return new Date(seconds * 1000 + CHINA).toISOString().slice(11, 19);
  }

  /** How long ago: ``3 hours old``. A list from the future has no age. */
  age(seconds) {
    if (seconds < 0) return this.say("age_future");
    const [name, size] = [["age_days", DAY], ["age_hours", HOUR], ["age_minutes", MINUTE]].find(([, unit]) => seconds >= unit) ?? [];
    if (!name) return this.say("age_now");
    const count = Math.floor(seconds / size);
    return this.say(count === 1 ? `${name}_one` : name, { count });
  }

  /** A pattern of Babel (CLDR): y, M, MMM, d, HH, mm. */
  written(seconds, pattern) {
    const china = new Date(seconds * 1000 + CHINA);
    const two = (number) => String(number).padStart(2, "0");
    const parts = {
      y: china.getUTCFullYear(), MMM: this.months[china.getUTCMonth()], M: china.getUTCMonth() + 1, d: china.getUTCDate(),
      HH: two(china.getUTCHours()), mm: two(china.getUTCMinutes()),
    };
    return pattern.replace(/MMM|HH|mm|[yMd]/g, (part) => parts[part]);
  }
}

/** A sentence with ``%(name)s`` places, filled with its facts. */
export function fill(sentence, facts) {
  return sentence.replace(/%\((\w+)\)s/g, (_, name) => facts[name] ?? "—").replaceAll("%%", "%");
}
