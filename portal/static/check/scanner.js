/* Finds QR codes in pictures, in a worker so that the page stays alive: {id, width, height, pixels} in, {id, texts} out. */

import { prepareZXingModule, readBarcodes } from "../vendor/zxing-wasm/reader/index.js";

const ENGINE = new URL("../vendor/zxing-wasm/reader/zxing_reader.wasm", import.meta.url).href;
const OPTIONS = { formats: ["QRCode"], tryHarder: true, tryRotate: true, tryInvert: true, tryDownscale: true, maxNumberOfSymbols: 8 };

prepareZXingModule({ overrides: { locateFile: () => ENGINE } });

self.addEventListener("message", async ({ data: { id, width, height, pixels } }) => {
  try {
    const found = await readBarcodes(new ImageData(new Uint8ClampedArray(pixels), width, height), OPTIONS);
    self.postMessage({ id, texts: found.filter((code) => code.isValid).map((code) => code.text) });
  } catch (error) {
    self.postMessage({ id, error: String(error) });
  }
});
