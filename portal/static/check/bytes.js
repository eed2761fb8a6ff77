/* Bytes and the texts they are written in. */

/** The bytes of standard base64; throws when it is not base64. */
export function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Lower-case hexadecimal, two digits for each byte. */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether two byte strings are the same. */
export function same(one, other) {
  return one.length === other.length && one.every((byte, place) => byte === other[place]);
}

/** Several byte strings as one. */
export function joined(...pieces) {
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let place = 0;
  for (const piece of pieces) {
    whole.set(piece, place);
    place += piece.length;
  }
  return whole;
}

/** The text of UTF-8 bytes, a byte order mark included; throws when they are not UTF-8. */
export function fromUtf8(bytes) {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** SHA-256 in hexadecimal. */
export async function sha256(bytes) {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** All bytes of a stream, at most ``limit`` of them; throws and stops reading when there are more. */
export async function readAll(stream, limit) {
  const reader = stream.getReader();
  const pieces = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(...pieces);
    size += value.length;
    if (size > limit) {
      await reader.cancel();
      throw new RangeError("too many bytes");
    }
    pieces.push(value);
  }
}
