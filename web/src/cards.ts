// Cards of paper from a photo. What is read is shown first; then it goes into the field that a keyboard fills as well.
import { element } from "./element";

const LONGEST = 3000; // pixels of a picture's longer side; more is made smaller
const SECONDS = 30; // that one picture may take

const place = document.getElementById("photo") as HTMLElement | null;
const written = document.getElementById("paper") as HTMLTextAreaElement | null;
if (place && written && typeof Worker === "function" && typeof createImageBitmap === "function") offer(place, written);

function offer(place: HTMLElement, written: HTMLTextAreaElement): void {
  const cards = JSON.parse(place.dataset["cards"] ?? "{}") as Record<string, string>;
  const ours = `CCSI:${place.dataset["deck"]}:`;
  const said = place.querySelector<HTMLElement>("[role=status]")!;
  const box = place.querySelector("fieldset")!;
  const list = box.querySelector("ul")!;
  const pile = place.querySelector<HTMLInputElement>("#photo-pile")!;
  const file = place.querySelector<HTMLInputElement>("#photo-file")!;

  file.addEventListener("change", async () => {
    const pictures = [...(file.files ?? [])];
    file.value = "";
    if (!pictures.length) return;
    file.disabled = true;
    place.ariaBusy = "true";
    const texts = new Set<string>();
    let failed = false;
    for (const picture of pictures) {
      said.textContent = place.dataset["reading"]!;
      try {
        for (const text of await read(await pixels(picture))) texts.add(text);
      } catch {
        failed = true;
      }
    }
    file.disabled = false;
    const codes = [...texts].filter((text) => text.startsWith(ours)).map((text) => text.slice(ours.length));
    const known = codes.filter((code) => typeof cards[code] === "string").sort();
    const others = [...texts].filter((text) => !known.includes(text.slice(ours.length)) || !text.startsWith(ours));
    const notes = [];
    if (failed) notes.push(place.dataset["failed"]!);
    else if (!texts.size) notes.push(place.dataset["none"]!);
    if (others.length) notes.push(place.dataset["other"]!.replace("{codes}", others.map((o) => o.slice(0, 40)).join(", ")));
    said.textContent = notes.join(" ");
    show(known);
    place.ariaBusy = "false";
  });

  function show(codes: string[]): void {
    for (const code of codes) {
      if (list.querySelector(`[value="${code}"]`)) continue;
      const label = element("label");
      const tick = element("input", "", { type: "checkbox", value: code });
      tick.checked = true;
      const before = [...piles(written.value)].find(([, on]) => on.includes(code));
      const moves = before ? ` (${place.dataset["moves"]!.replace("{pile}", before[0])})` : "";
      label.append(tick, " ", element("span", code, { class: "code" }), ` ${cards[code]}${moves}`);
      const item = element("li");
      item.append(label);
      list.append(item);
    }
    box.hidden = !list.childElementCount;
    if (!box.hidden) box.querySelector("input")!.focus();
  }

  box.querySelector("button")!.addEventListener("click", () => {
    const name = pile.value.replaceAll(":", " ").trim();
    if (!name) {
      said.textContent = place.dataset["unnamed"]!;
      pile.focus();
      return;
    }
    const chosen = [...list.querySelectorAll<HTMLInputElement>("input:checked")].map((tick) => tick.value);
    written.value = put(written.value, name, chosen);
    list.replaceChildren();
    box.hidden = true;
    pile.value = "";
    said.textContent = place.dataset["added"]!;
    pile.focus();
  });

  place.hidden = false;
}

/** The piles of the text field, by name. */
function piles(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const name = line.slice(0, colon).trim();
    const codes = line.slice(colon + 1).toUpperCase().split(/[\s,]+/).filter(Boolean);
    found.set(name, [...(found.get(name) ?? []), ...codes]);
  }
  return found;
}

/** The text field with cards on a pile, and on no other. */
function put(text: string, name: string, codes: string[]): string {
  const found = piles(text);
  for (const [other, on] of found) found.set(other, on.filter((code) => !codes.includes(code)));
  found.set(name, [...(found.get(name) ?? []), ...codes].sort());
  return [...found].filter(([, on]) => on.length).map(([other, on]) => `${other}: ${on.join(" ")}`).join("\n");
}

async function pixels(file: File): Promise<ImageData> {
  const picture = await createImageBitmap(file);
  try {
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const canvas = element("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("no canvas");
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  } finally {
    picture.close();
  }
}

/** The codes of a picture, read beside the page by a worker that is ended afterwards, whatever it does. */
function read(picture: ImageData): Promise<string[]> {
  const worker = new Worker(new URL("read-cards.js", import.meta.url), { type: "module" });
  return new Promise<string[]>((resolve, reject) => {
    setTimeout(() => reject(new Error("too slow")), SECONDS * 1000);
    worker.onmessage = (event: MessageEvent<string[]>) => resolve(event.data);
    worker.onerror = () => reject(new Error("the worker failed"));
    worker.postMessage(picture, [picture.data.buffer]);
  }).finally(() => worker.terminate());
}
