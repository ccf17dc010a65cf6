// What scripts add to the pages for people. Every page works without.
import { suggest } from "./suggest";
import { filterable, sortable } from "./tables";

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-suggest]")) suggest(form);
for (const table of document.querySelectorAll<HTMLTableElement>("table[data-table]")) {
  sortable(table);
  if (table.dataset["table"] === "filter") filterable(table);
}
const list = document.querySelector<HTMLElement>("[data-map]");
if (list) void import("./map").then(({ draw }) => draw(list));
