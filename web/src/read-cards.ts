// Reads every QR pattern of a picture. A worker: what it computes does not hold up the page, which ends it when it takes too long.
import { BinaryBitmap, DecodeHintType, HybridBinarizer, QRCodeReader, RGBLuminanceSource } from "@zxing/library";

const PARTS = [1, 2, 3, 4, 5, 6, 8]; // windows of the shorter side over this; the reader finds one pattern in each
const LEAST = 60; // pixels of a window, below which no pattern can be read

onmessage = (event: MessageEvent<ImageData>) => postMessage([...codes(grey(event.data), event.data.width, event.data.height)]);

/** Every pattern that some window holds alone: windows of several sizes, each a third of its side further than the one before. */
function codes(light: Uint8ClampedArray, width: number, height: number): Set<string> {
  const found = new Set<string>();
  const hints = new Map([[DecodeHintType.TRY_HARDER, true]]);
  const whole = new RGBLuminanceSource(light, width, height);
  for (const parts of PARTS) {
    const side = Math.floor(Math.min(width, height) / parts);
    if (side < LEAST) break;
    for (const y of steps(height, side)) {
      for (const x of steps(width, side)) {
        try {
          const picture = new BinaryBitmap(new HybridBinarizer(whole.crop(x, y, side, side)));
          found.add(new QRCodeReader().decode(picture, hints).getText());
        } catch {
          continue; // it throws where there is none
        }
      }
    }
  }
  return found;
}

/** Where windows begin, so that they cover a length. */
function steps(length: number, side: number): number[] {
  const last = length - side;
  const count = Math.ceil((3 * last) / side);
  return Array.from({ length: count + 1 }, (_, n) => (count ? Math.round((n * last) / count) : 0));
}

function grey({ data, width, height }: ImageData): Uint8ClampedArray {
  const light = new Uint8ClampedArray(width * height);
  for (let n = 0, at = 0; n < light.length; n++, at += 4) {
    light[n] = 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
  }
  return light;
}
