/* From a frame of the camera, a picture or a PDF to the texts of its QR codes. Nothing leaves the device. */

const MOST_PIXELS = 12_000_000;
const LONGEST_FILE = 30 * 1024 * 1024;
const MOST_PAGES = 3;
const PDF_SCALE = 200 / 72;
const PATIENCE = 20_000;
const PDF_MAGIC = "%PDF-";

/** The file is too large, no picture and no PDF, or takes too long. */
export class Unreadable extends Error {}

/** Texts of the QR codes in a frame, a picture or the first pages of a PDF. ``addresses`` name the scanner and the PDF library. */
export class QrReader {
  constructor(addresses) {
    this.addresses = addresses;
    this.asked = new Map();
    this.next = 0;
  }

  /** The texts in a picture or PDF that somebody chose; throws ``Unreadable``. */
  async readFile(file) {
    if (file.size > LONGEST_FILE) throw new Unreadable("too large");
    const beginning = await file.slice(0, 1024).text();
    return beginning.includes(PDF_MAGIC) ? this.readPdf(file) : this.readPicture(file);
  }

  /** The texts in anything that a canvas can draw: a video, a bitmap. Throws ``Unreadable``. */
  readDrawable(drawable, width, height) {
    const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (width * height)));
    const canvas = canvasOf(Math.round(width * scale), Math.round(height * scale));
    canvas.getContext("2d", { willReadFrequently: true }).drawImage(drawable, 0, 0, canvas.width, canvas.height);
    return this.readCanvas(canvas);
  }

  async readPicture(file) {
    const bitmap = await createImageBitmap(file).catch(() => {
      throw new Unreadable("no picture");
    });
    try {
      return await this.readDrawable(bitmap, bitmap.width, bitmap.height);
    } finally {
      bitmap.close();
    }
  }

  async readPdf(file) {
    const library = await import(this.addresses.pdf);
    library.GlobalWorkerOptions.workerSrc = this.addresses.pdf_worker;
    // Nothing is fetched for the file and nothing in it is run: only the marks on its pages are wanted.
    const task = library.getDocument({
      data: await file.arrayBuffer(), enableXfa: false, disableFontFace: true, useSystemFonts: false, useWasm: false,
      disableWorkerRendering: true, maxImageSize: MOST_PIXELS, verbosity: library.VerbosityLevel.ERRORS,
    });
    try {
      return await inTime(this.readPages(task));
    } catch (error) {
      throw error instanceof Unreadable ? error : new Unreadable(String(error));
    } finally {
      await task.destroy();
    }
  }

  async readPages(task) {
    const texts = [];
    const document = await task.promise;
    for (let number = 1; number <= Math.min(document.numPages, MOST_PAGES); number += 1) {
      const page = await document.getPage(number);
      const natural = page.getViewport({ scale: 1 });
      const viewport = page.getViewport({ scale: Math.min(PDF_SCALE, Math.sqrt(MOST_PIXELS / (natural.width * natural.height))) });
      const canvas = canvasOf(Math.ceil(viewport.width), Math.ceil(viewport.height));
      await page.render({ canvas, viewport, background: "white" }).promise;
      texts.push(...await this.readCanvas(canvas));
    }
    return texts;
  }

  readCanvas(canvas) {
    const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    this.worker ??= this.start();
    const id = this.next++;
    const answer = new Promise((resolve, reject) => this.asked.set(id, { resolve, reject }));
    this.worker.postMessage({ id, width, height, pixels: data.buffer }, [data.buffer]);
    return inTime(answer);
  }

  start() {
    const worker = new Worker(this.addresses.scanner, { type: "module" });
    worker.addEventListener("message", ({ data: { id, texts, error } }) => {
      const { resolve, reject } = this.asked.get(id);
      this.asked.delete(id);
      if (error) reject(new Unreadable(error));
      else resolve(texts);
    });
    worker.addEventListener("error", () => {
      this.asked.forEach(({ reject }) => reject(new Unreadable("the scanner did not start")));
      this.asked.clear();
      this.worker = undefined;
    });
    return worker;
  }
}

function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, width);
  canvas.height = Math.max(1, height);
  return canvas;
}

function inTime(answer) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Unreadable("too slow")), PATIENCE);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
