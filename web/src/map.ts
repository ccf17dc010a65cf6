// The map of skills: fields as areas by their number of skills; one that is chosen grows and shows its own.
import { hierarchy, treemap, treemapSquarify } from "d3-hierarchy";
import { element } from "./element";

interface Field {
  name: string;
  size: number;
  parts: HTMLAnchorElement[];
}
interface Whole {
  children: Field[];
}
interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

const SHADES = 4;

function places<T>(items: T[], size: (item: T) => number, ratio: number): Place[] {
  const root = hierarchy<{ children?: { item: T }[]; item?: T }>({ children: items.map((item) => ({ item })) })
    .sum((node) => (node.item === undefined ? 0 : size(node.item)));
  const laid = treemap<{ children?: { item: T }[]; item?: T }>().tile(treemapSquarify).size([100 * ratio, 100])(root);
  return (laid.children ?? []).map((n) => ({
    x: n.x0 / ratio, y: n.y0, width: (n.x1 - n.x0) / ratio, height: n.y1 - n.y0,
  }));
}

function put(cell: HTMLElement, place: Place): void {
  // The object model of styles, not an attribute: the pages' policy allows nothing inline.
  cell.style.setProperty("inset-inline-start", `${place.x}%`);
  cell.style.setProperty("top", `${place.y}%`);
  cell.style.setProperty("width", `${place.width}%`);
  cell.style.setProperty("height", `${place.height}%`);
}

/** Draw the map above the list that it is drawn from; the list stays. */
export function draw(list: HTMLElement): void {
  const whole: Whole = {
    children: [...list.querySelectorAll<HTMLElement>("[data-area]")].map((section) => ({
      name: section.querySelector("h3 a")?.textContent ?? "",
      size: section.querySelectorAll("p a").length,
      parts: [...section.querySelectorAll<HTMLAnchorElement>("p a")],
    })).filter((field) => field.size > 0),
  };
  if (whole.children.length < 2) return;
  const map = element("div", "", { class: "skillmap", role: "group", "aria-label": list.dataset["title"] ?? "" });
  const back = element("button", list.dataset["back"] ?? "", { type: "button", class: "second" });
  const head = element("p", list.dataset["note"] ?? "", { class: "note", role: "status" });
  const largest = Math.max(...whole.children.map((f) => f.size));
  list.before(head, map, back);
  back.hidden = true;
  back.addEventListener("click", () => show());
  let last: string | undefined;

  function show(): void {
    const where = places(whole.children, (f) => f.size, map.clientWidth / Math.max(1, map.clientHeight));
    map.replaceChildren(...whole.children.map((field, n) => {
      const shade = Math.ceil((SHADES * field.size) / largest);
      const cell = element("button", "", { type: "button", class: `cell heat-${shade}` });
      cell.append(element("span", field.name, { class: "name" }), " ", element("span", String(field.size), { class: "count" }));
      put(cell, where[n]!);
      cell.addEventListener("click", () => zoom(field, where[n]!));
      return cell;
    }));
    back.hidden = true;
    head.textContent = list.dataset["note"] ?? "";
    const before = [...map.querySelectorAll("button")].find((cell) => cell.firstChild?.textContent === last);
    if (last) (before ?? map.querySelector("button"))?.focus();
  }

  function zoom(field: Field, from: Place): void {
    last = field.name;
    const where = places(field.parts, () => 1, map.clientWidth / Math.max(1, map.clientHeight));
    const cells = field.parts.map((link, n) => {
      const cell = element("a", link.textContent ?? "", { href: link.href, class: "cell heat-1" });
      const { x, y, width, height } = where[n]!;
      put(cell, {
        x: from.x + (x * from.width) / 100, y: from.y + (y * from.height) / 100,
        width: (width * from.width) / 100, height: (height * from.height) / 100,
      });
      return cell;
    });
    map.replaceChildren(...cells);
    // Laid out small inside the field first, then at their full size: the style sheet says how the way looks.
    requestAnimationFrame(() => cells.forEach((cell, n) => put(cell, where[n]!)));
    back.hidden = false;
    head.textContent = `${field.name}: ${field.size}`;
    back.focus();
  }

  show();
}
