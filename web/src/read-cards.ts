// Reads every QR pattern of a picture. A worker: what it computes does not hold up the page, which ends it when it takes too long.
import { BinaryBitmap, DecodeHintType, HybridBinarizer, RGBLuminanceSource } from "@zxing/library";
import QRCodeMultiReader from "@zxing/library/esm/core/multi/qrcode/QRCodeMultiReader";

type Grey = { light: Uint8ClampedArray; width: number; height: number };

onmessage = (event: MessageEvent<ImageData>) => {
  const whole = grey(event.data);
  // What is blurred at its full size may be sharp at half of it, and what is small is found at the full size alone.
  postMessage([...new Set([...codes(whole), ...codes(half(whole))])]);
};

function codes({ light, width, height }: Grey): string[] {
  const picture = new BinaryBitmap(new HybridBinarizer(new RGBLuminanceSource(light, width, height)));
  try {
    const hints = new Map([[DecodeHintType.TRY_HARDER, true]]);
    return new QRCodeMultiReader().decodeMultiple(picture, hints).map((result) => result.getText());
  } catch {
    return []; // it throws where there is none
  }
}

function grey({ data, width, height }: ImageData): Grey {
  const light = new Uint8ClampedArray(width * height);
  for (let n = 0, at = 0; n < light.length; n++, at += 4) {
    light[n] = 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
  }
  return { light, width, height };
}

/** The picture at half its size, each point the mean of four. */
function half(from: Grey): Grey {
  const [width, height] = [from.width >> 1, from.height >> 1];
  const light = new Uint8ClampedArray(width * height);
  for (let y = 0, n = 0; y < height; y++) {
    for (let x = 0; x < width; x++, n++) {
      const at = 2 * y * from.width + 2 * x;
      const below = at + from.width;
      light[n] = (from.light[at]! + from.light[at + 1]! + from.light[below]! + from.light[below + 1]!) / 4;
    }
  }
  return { light, width, height };
}
