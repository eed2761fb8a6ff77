/* Compressed lists (zlib, RFC 1950), opened with a limit so that a small message cannot fill the memory. */

import { readAll } from "./bytes.js";

/** The bytes inside a zlib stream, at most ``limit``; throws when there are more or the stream is broken. */
export async function inflate(compressed, limit) {
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return readAll(stream, limit);
}
