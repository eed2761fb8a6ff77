/* Deterministic CBOR (RFC 8949, 4.2) read strictly: every value has one spelling, and everything else is refused.

   Read are integers, byte and text strings, arrays, maps, tags, true, false and null. Refused are indefinite lengths, longer heads than
   needed, keys out of order or twice, floating-point numbers, bytes after the end, and texts that are not UTF-8. */

import { fromUtf8 } from "./bytes.js";

const DEEPEST = 8;
const SIMPLE = new Map([[20, false], [21, true], [22, null]]);

/** The bytes are not the one spelling of a value. */
export class Malformed extends Error {}

/** A tagged value (RFC 8949, 3.4). */
export class Tagged {
  constructor(tag, value) {
    this.tag = tag;
    this.value = value;
  }
}

/** The one value that ``bytes`` is: number, bigint above 2^53, Uint8Array, string, array, Map, Tagged, boolean or null. */
export function decode(bytes) {
  const reader = new Reader(bytes);
  const value = reader.item(0);
  if (reader.place !== bytes.length) throw new Malformed("bytes after the end");
  return value;
}

/** The head of a byte string, an array and so on: the major type with its argument in the shortest form. */
export function head(major, argument) {
  const first = major << 5;
  if (argument < 24) return Uint8Array.of(first | argument);
  if (argument < 0x100) return Uint8Array.of(first | 24, argument);
  if (argument < 0x10000) return Uint8Array.of(first | 25, argument >> 8, argument & 0xff);
  return Uint8Array.of(first | 26, argument >>> 24, (argument >> 16) & 0xff, (argument >> 8) & 0xff, argument & 0xff);
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.place = 0;
  }

  item(depth) {
    if (depth > DEEPEST) throw new Malformed("too deep");
    const [major, argument] = this.head();
    switch (major) {
      case 0: return argument;
      case 1: return typeof argument === "bigint" ? -1n - argument : -1 - argument;
      case 2: return this.take(argument).slice();
      case 3: return this.text(argument);
      case 4: return this.array(argument, depth);
      case 5: return this.map(argument, depth);
      case 6: return new Tagged(argument, this.item(depth + 1));
      default: return this.simple(argument);
    }
  }

  head() {
    const first = this.take(1)[0];
    const short = first & 31;
    if (short < 24) return [first >> 5, short];
    if (short > 27) throw new Malformed("no definite length");
    // Simple values of two bytes and floating-point numbers have no place in our messages.
    if (first >> 5 === 7) throw new Malformed("no integer, string, array or map");
    const size = 1 << (short - 24);
    const argument = this.take(size).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const least = size === 1 ? 24n : 1n << BigInt(4 * size);
    if (argument < least) throw new Malformed("a longer head than needed");
    return [first >> 5, argument <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(argument) : argument];
  }

  take(size) {
    if (size > this.bytes.length - this.place) throw new Malformed("cut short");
    this.place += size;
    return this.bytes.subarray(this.place - size, this.place);
  }

  text(size) {
    try {
      return fromUtf8(this.take(size));
    } catch {
      throw new Malformed("not UTF-8");
    }
  }

  array(size, depth) {
    this.expect(size);
    return Array.from({ length: size }, () => this.item(depth + 1));
  }

  map(size, depth) {
    this.expect(size);
    const found = new Map();
    let before = null;
    for (let number = 0; number < size; number += 1) {
      const start = this.place;
      const key = this.item(depth + 1);
      const spelling = this.bytes.subarray(start, this.place);
      if (before !== null && !precedes(before, spelling)) throw new Malformed("keys out of order");
      if (typeof key === "object") throw new Malformed("a key that is no number or text");
      found.set(key, this.item(depth + 1));
      before = spelling;
    }
    return found;
  }

  /** Nothing is prepared for more members than there are bytes left. */
  expect(size) {
    if (size > this.bytes.length - this.place) throw new Malformed("cut short");
  }

  simple(number) {
    if (!SIMPLE.has(number)) throw new Malformed("no integer, string, array or map");
    return SIMPLE.get(number);
  }
}

/** Whether one encoded key stands before another: byte by byte (RFC 8949, 4.2.1). */
function precedes(one, other) {
  const shorter = Math.min(one.length, other.length);
  for (let place = 0; place < shorter; place += 1) {
    if (one[place] !== other[place]) return one[place] < other[place];
  }
  return one.length < other.length;
}
