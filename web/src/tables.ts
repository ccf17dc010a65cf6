// Tables that sort by a head, and long ones that filter and turn into cards.
import { element } from "./element";

const language = document.documentElement.lang;
const collator = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
const decimal = language === "en" ? "." : ",";

function number(text: string): number {
  const kept = [...text].filter((c) => (c >= "0" && c <= "9") || c === decimal || c === "-").join("");
  return kept ? Number(kept.replace(decimal, ".")) : Number.NEGATIVE_INFINITY;
}

function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** Make the heads of a table buttons that sort it: upwards, or downwards where numbers are compared, then the other way. */
export function sortable(table: HTMLTableElement): void {
  const body = table.tBodies[0];
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  if (!body || body.rows.length < 2) return;
  heads.forEach((head, column) => {
    if (head.tagName !== "TH" || !head.textContent?.trim()) return;
    const links = head.querySelector("a");
    const button = element("button", links ? "" : head.textContent, { type: "button", class: "sort" });
    if (links) {
      button.append(element("span", head.textContent, { class: "unseen" }));
      head.append(" ", button);
    } else head.replaceChildren(button);
    const numeric = head.classList.contains("number");
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const up = now ? now === "descending" : !numeric;
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const text = (row: HTMLTableRowElement): string => row.cells[column]?.textContent?.trim() ?? "";
      const rows = [...body.rows].sort((a, b) => {
        const order = numeric ? number(text(a)) - number(text(b)) : collator.compare(text(a), text(b));
        return up ? order : -order;
      });
      body.append(...rows);
    });
  });
}

/** Put a box above a table that leaves the rows with all of its words, and a button that shows them as cards. */
export function filterable(table: HTMLTableElement): void {
  const rows = [...(table.tBodies[0]?.rows ?? [])];
  const place = table.closest(".wide") ?? table;
  const { filterLabel = "", none = "", cards = "", rows: asRows = "" } = table.dataset;
  const label = element("label", `${filterLabel} `);
  const input = element("input", "", { type: "search" });
  const state = element("span", "", { role: "status", class: "count" });
  label.append(input);
  const texts = rows.map((row) => fold(row.textContent ?? ""));
  input.addEventListener("input", () => {
    const words = fold(input.value).split(/\s+/);
    rows.forEach((row, n) => (row.hidden = !words.every((word) => texts[n]?.includes(word))));
    const left = rows.filter((row) => !row.hidden).length;
    state.textContent = left ? `${left} / ${rows.length}` : none;
  });
  const line = element("p", "", { class: "actions" });
  line.append(label, state);
  if (cards) {
    const turn = element("button", cards, { type: "button", class: "second", "aria-pressed": "false" });
    turn.addEventListener("click", () => {
      const now = table.classList.toggle("as-cards");
      turn.setAttribute("aria-pressed", String(now));
      turn.textContent = now ? asRows : cards;
    });
    line.append(turn);
  }
  place.before(line);
}
