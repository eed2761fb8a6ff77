/* The camera: frames are looked at one after the other until one holds a QR code. */

const WISHES = { audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1080 } } };
const PAUSE = 120;

/** Shows the camera in ``video`` and hands the texts of the first frame with a code to ``found``. */
export class Camera {
  constructor(video, reader, found) {
    Object.assign(this, { video, reader, found, stream: null });
  }

  /** Start and go on until a code is found or ``stop`` is called. Throws what the browser says when there is no camera or no permission. */
  async start() {
    this.stream = await navigator.mediaDevices.getUserMedia(WISHES);
    this.video.srcObject = this.stream;
    await this.video.play();
    this.watch(this.stream);
  }

  stop() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.video.srcObject = null;
    this.stream = null;
  }

  /** The lamp of the phone, where it has one that pages may switch. */
  get lamp() {
    const track = this.stream?.getVideoTracks()[0];
    return track?.getCapabilities?.().torch ? track : null;
  }

  async light(on) {
    await this.lamp?.applyConstraints({ advanced: [{ torch: on }] });
  }

  async watch(stream) {
    while (this.stream === stream) {
      const texts = await this.look();
      if (this.stream === stream && texts.length) {
        this.stop();
        await this.found(texts);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  /** The texts in the frame of this moment. A frame that cannot be read is like one without a code: the next one comes soon. */
  async look() {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return [];
    return this.reader.readDrawable(this.video, videoWidth, videoHeight).catch(() => []);
  }
}
