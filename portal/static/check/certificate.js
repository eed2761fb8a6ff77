/* What is needed of an X.509 certificate (RFC 5280): its public key and its dates. DER is read strictly, nothing else of it is used.

   No chain is built: a certificate counts because its bytes stand in a trust list that the pinned root has signed. */

import { Malformed } from "./cbor.js";

const SEQUENCE = 0x30;
const EXPLICIT_VERSION = 0xa0;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const VALIDITY = 4;
const PUBLIC_KEY = 6;
const TIME = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

/** Public key (SubjectPublicKeyInfo) and dates (seconds since 1970) of a certificate in DER. Throws ``Malformed``. */
export function readCertificate(der) {
  const [certificate, ...more] = members(der);
  const toBeSigned = members(content(certificate, SEQUENCE))[0];
  const fields = members(content(toBeSigned, SEQUENCE));
  if (more.length || fields.length <= PUBLIC_KEY || fields[0].tag !== EXPLICIT_VERSION) throw new Malformed("no certificate");
  const dates = members(content(fields[VALIDITY], SEQUENCE));
  if (dates.length !== 2 || fields[PUBLIC_KEY].tag !== SEQUENCE) throw new Malformed("no certificate");
  return { spki: fields[PUBLIC_KEY].whole.slice(), notBefore: moment(dates[0]), notAfter: moment(dates[1]) };
}

/** The elements that ``bytes`` are made of, one after the other, to the last byte. */
function members(bytes) {
  const found = [];
  for (let place = 0; place < bytes.length;) {
    const element = elementAt(bytes, place);
    found.push(element);
    place += element.whole.length;
  }
  return found;
}

function elementAt(bytes, place) {
  const first = bytes[place + 1];
  const longer = first > 0x80 ? first - 0x80 : 0;
  if (first === undefined || first === 0x80 || longer > 3) throw new Malformed("length");
  const size = longer ? bytes.subarray(place + 2, place + 2 + longer).reduce((sum, byte) => sum * 256 + byte, 0) : first;
  const start = place + 2 + longer;
  if (start + size > bytes.length) throw new Malformed("cut short");
  return { tag: bytes[place], inner: bytes.subarray(start, start + size), whole: bytes.subarray(place, start + size) };
}

function content(element, tag) {
  if (!element || element.tag !== tag) throw new Malformed("no certificate");
  return element.inner;
}

/** Two digits of a year mean 1950 to 2049 (RFC 5280, 4.1.2.5.1). */
function moment({ tag, inner }) {
  const digits = TIME.exec(String.fromCharCode(...inner));
  if (!digits || digits[1].length !== { [UTC_TIME]: 2, [GENERALIZED_TIME]: 4 }[tag]) throw new Malformed("date");
  const [year, month, ...rest] = digits.slice(1).map(Number);
  const full = tag === GENERALIZED_TIME ? year : year + (year < 50 ? 2000 : 1900);
  return Date.UTC(full, month - 1, ...rest) / 1000;
}
