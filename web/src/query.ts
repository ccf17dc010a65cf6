// The query page: sends the query, shows the answer as a table, chart or map of links, points at the place of an error.
// A query is shared by the address of the page: #query=… holds its text, #example=… the name of an example.
import { edit } from "./editor";
import { element } from "./element";
import type { Link } from "./links";

interface Term {
  type: string;
  value: string;
  datatype?: string;
  "xml:lang"?: string;
}
type Row = Record<string, Term | undefined>;
interface Answer {
  boolean?: boolean;
  head: { vars: string[] };
  results: { bindings: Row[] };
}
interface Problem {
  title?: string;
  detail?: string;
  line?: number;
  column?: number;
  offendingLine?: string;
}
type Kind = "select" | "ask" | "graph";

function part<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const form = part<HTMLFormElement>("form");
const fault = part("fault");
const state = part("status");
const result = part("result");
const stopButton = part<HTMLButtonElement>("stop");
const share = part<HTMLAnchorElement>("share");

const BASE = form.dataset["base"] ?? "";
const ENDPOINT = form.action;
const WORDS: Record<string, string> = JSON.parse(form.dataset["words"] ?? "{}");
const LANGUAGE = document.documentElement.lang;
const NAMESPACES: Record<string, string> = JSON.parse(form.dataset["prefixes"] ?? "{}");
const PREFIXES = Object.entries(NAMESPACES).sort((a, b) => b[1].length - a[1].length);
const OURS: { ns: string; id: string; esco: string } = JSON.parse(form.dataset["ours"] ?? "{}");
const ROWS_SHOWN = 1000;
const BARS = 40; // rows of a chart
const LONGEST_ADDRESS = 6000; // longer queries are sent as a body, and cannot be shared by address
const ACCEPT = "application/sparql-results+json, text/turtle;q=0.9, application/problem+json;q=0.5";
const DOWNLOADS: Record<Kind, string[]> = {
  select: ["csv", "json", "xml", "tsv"], ask: ["json", "xml"], graph: ["ttl", "jsonld", "nt", "rdf"],
};
const NUMBER = /#(integer|decimal|double|float|int|long)$/;

let running: AbortController | null = null;
const editor = edit(part<HTMLTextAreaElement>("query"), Object.keys(NAMESPACES), terms, () => void run());

/** What the page says, in its language, with the blanks filled in. */
function say(key: string, values: Record<string, string | number> = {}): string {
  return (WORDS[key] ?? key).replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** The classes and properties of the ontology, as names that a query can hold. */
async function terms(): Promise<string[]> {
  const answer = await fetch(`${BASE}/ns.nt`);
  if (!answer.ok) return [];
  const names = (await answer.text()).matchAll(/^<https:\/\/w3id\.org\/ccsi\/ns#(\w+)> /gm);
  return [...new Set([...names].map(([, name]) => `ccsi:${name}`))];
}

function address(iri: string): string {
  if (iri.startsWith(OURS.ns)) return `${BASE}/ns#${encodeURIComponent(iri.slice(OURS.ns.length))}`;
  if (iri.startsWith(OURS.id)) return `${BASE}/id/${iri.slice(OURS.id.length).split("/").map(encodeURIComponent).join("/")}`;
  return `${BASE}/resource?uri=${encodeURIComponent(iri)}`;
}

function short(iri: string): string {
  if (iri.startsWith(OURS.id)) return iri.slice(OURS.id.length);
  if (iri.startsWith(OURS.esco) && !iri.includes("#")) return iri.slice(OURS.esco.length);
  const fitting = PREFIXES.find(([, start]) => iri.startsWith(start) && iri.length > start.length);
  return fitting ? `${fitting[0]}:${iri.slice(fitting[1].length)}` : iri;
}

function isNumber(term: Term | undefined): boolean {
  return NUMBER.test(term?.datatype ?? "");
}

function shown(term: Term | undefined): HTMLTableCellElement {
  const cell = element("td");
  if (!term) return cell;
  if (term.type === "uri") {
    cell.append(element("a", short(term.value), { href: address(term.value), title: term.value }));
  } else {
    const tag = term["xml:lang"];
    if (isNumber(term)) cell.className = "number";
    cell.append(element("span", term.value, tag ? { lang: tag } : {}));
    if (tag) cell.append(" ", element("small", tag));
    else if (term.datatype && !isNumber(term)) cell.append(" ", element("small", short(term.datatype)));
  }
  return cell;
}

function table(answer: Answer): HTMLElement {
  const names = answer.head.vars;
  const made = element("table");
  const head = element("tr");
  for (const name of names) head.append(element("th", name, { scope: "col" }));
  const [above, body] = [element("thead"), element("tbody")];
  above.append(head);
  made.append(element("caption", say("answer"), { class: "skip" }), above, body);
  for (const row of answer.results.bindings.slice(0, ROWS_SHOWN)) {
    const line = element("tr");
    for (const name of names) line.append(shown(row[name]));
    body.append(line);
  }
  const wide = element("div", "", { class: "wide", tabindex: "0", role: "region", "aria-label": say("answer") });
  wide.append(made);
  return wide;
}

/** Bars for an answer that has one column of numbers and one of names; nothing for any other. */
function chart(answer: Answer): HTMLElement | "" {
  const rows = answer.results.bindings.slice(0, BARS);
  const numeric = answer.head.vars.filter((name) => rows.every((row) => isNumber(row[name])));
  const named = answer.head.vars.filter((name) => !numeric.includes(name) && rows.every((row) => row[name]));
  const label = named.find((name) => rows.every((row) => row[name]?.type !== "uri")) ?? named[0];
  const [value] = numeric;
  if (rows.length < 2 || numeric.length !== 1 || !value || !label) return "";
  const largest = Math.max(...rows.map((row) => Number(row[value]?.value)));
  if (!(largest > 0) || rows.some((row) => Number(row[value]?.value) < 0)) return "";
  const box = element("details", "", { open: "" });
  const list = element("ul", "", { class: "meters" });
  for (const row of rows) {
    const line = element("li");
    const figure = Number(row[value]?.value);
    const text = row[label]?.type === "uri" ? short(row[label].value) : (row[label]?.value ?? "");
    line.append(element("span", text), element("meter", "", { min: "0", max: String(largest), value: String(figure), "aria-label": text }));
    line.append(element("span", figure.toLocaleString(LANGUAGE), { class: "count" }));
    list.append(line);
  }
  box.append(element("summary", say("chart", { name: value })), list);
  return box;
}

/** A map of what the answer links, drawn when it is opened. */
function map(found: () => Promise<{ links: Link[]; names: Map<string, string> }>): HTMLElement {
  const box = element("details");
  box.append(element("summary", say("map")));
  box.addEventListener("toggle", () => void show(), { once: true });

  async function show(): Promise<void> {
    const [{ draw }, { links, names }] = await Promise.all([import("./links"), found()]);
    if (!links.length) {
      box.append(element("p", say("unlinked")));
      return;
    }
    const { picture, shown, all } = draw(links, (iri) => names.get(iri) ?? short(iri), address, say("map"));
    box.append(element("p", say(shown < all ? "most" : "things", { shown, all }), { class: "note" }), picture);
  }

  return box;
}

/** The same for rows: from the first column of IRIs to every other. */
function mapOfRows(answer: Answer): HTMLElement | "" {
  const rows = answer.results.bindings.slice(0, ROWS_SHOWN);
  const [first, ...others] = answer.head.vars.filter((name) => rows.some((row) => row[name]?.type === "uri"));
  if (!first || !others.length) return "";
  const title = answer.head.vars.find((name) => rows.some((row) => row[name]?.type === "literal" && !isNumber(row[name])));
  return map(async () => {
    const iri = (row: Row, name: string): string => (row[name]?.type === "uri" ? row[name].value : "");
    const links = rows.flatMap((row) => others.map((name) => ({ from: iri(row, first), to: iri(row, name), name })));
    const names = rows.map((row): [string, string] => [iri(row, first), (title && row[title]?.value) || short(iri(row, first))]);
    return { links: links.filter(({ from, to }) => from && to), names: new Map(names) };
  });
}

function request(text: string, accept: string, signal: AbortSignal | null = null): Promise<Response> {
  const encoded = `${ENDPOINT}?query=${encodeURIComponent(text)}`;
  if (encoded.length < LONGEST_ADDRESS) return fetch(encoded, { headers: { Accept: accept }, signal });
  return fetch(ENDPOINT, { method: "POST", body: text, headers: { Accept: accept, "Content-Type": "application/sparql-query" }, signal });
}

function downloads(kind: Kind, text: string): HTMLElement | "" {
  const target = `${ENDPOINT}?query=${encodeURIComponent(text)}`;
  if (target.length > LONGEST_ADDRESS) return "";
  const line = element("p", `${say("file")} `, { class: "formats" });
  for (const name of DOWNLOADS[kind]) line.append(element("a", name.toUpperCase(), { href: `${target}&format=${name}` }), " ");
  return line;
}

// Line and column count characters from 1; offsets count UTF-16 units from 0.
function offset(line: number, column: number): [number, number] {
  const lines = editor.text.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  const within = lines[line - 1] ?? "";
  const start = Array.from(within).slice(0, column - 1).join("").length;
  const word = /^\S+/.exec(within.slice(start))?.[0].length ?? 1;
  return [before + start, before + start + Math.max(1, word)];
}

function showFault(problem: Problem): void {
  fault.replaceChildren(element("strong", problem.title ?? say("none")), element("p", problem.detail ?? ""));
  const { line, column, offendingLine = "" } = problem;
  if (!line || !column) return;
  const before = Array.from(offendingLine).slice(0, column - 1).map((c) => (c === "\t" ? c : " "));
  fault.append(element("pre", `${offendingLine}\n${before.join("")}^`));
  const go = element("button", say("go", { line, column }), { type: "button", lang: LANGUAGE });
  const mark = (): void => editor.mark(...offset(line, column), problem.detail ?? "");
  go.addEventListener("click", mark);
  fault.append(go);
  mark();
}

function showAnswer(kind: Kind, body: string | Answer, text: string, milliseconds: number): void {
  const time = `${Math.round(milliseconds).toLocaleString(LANGUAGE)} ms`;
  if (typeof body === "string") {
    state.textContent = say("graph", { time });
    const graph = map(async () => {
      const [{ read }, answer] = await Promise.all([import("./links"), request(text, "application/n-triples")]);
      return read(answer.ok ? await answer.text() : "");
    });
    result.replaceChildren(downloads(kind, text), graph, element("pre", body.length > 200000 ? `${body.slice(0, 200000)}\n…` : body, { tabindex: "0" }));
  } else if (kind === "ask") {
    state.textContent = say(body.boolean ? "yes" : "no", { time });
    result.replaceChildren(downloads(kind, text));
  } else {
    const rows = body.results.bindings.length;
    const [n, shown] = [rows, ROWS_SHOWN].map((number) => number.toLocaleString(LANGUAGE)) as [string, string];
    state.textContent = say(rows > ROWS_SHOWN ? "some" : rows === 1 ? "row" : "rows", { n, shown, time });
    result.replaceChildren(downloads(kind, text), chart(body), mapOfRows(body), table(body));
  }
}

async function run(): Promise<void> {
  running?.abort();
  const mine = (running = new AbortController());
  const text = editor.text;
  fault.replaceChildren();
  result.replaceChildren();
  editor.mark();
  state.textContent = say("running");
  stopButton.hidden = false;
  const started = performance.now();
  try {
    const answer = await request(text, ACCEPT, mine.signal);
    const type = answer.headers.get("content-type") ?? "";
    if (!answer.ok) {
      state.textContent = "";
      showFault(type.includes("json") ? await answer.json() : { detail: say("status", { status: answer.status }) });
    } else if (type.includes("json")) {
      const found: Answer = await answer.json();
      showAnswer("boolean" in found ? "ask" : "select", found, text, performance.now() - started);
    } else {
      showAnswer("graph", await answer.text(), text, performance.now() - started);
    }
  } catch (problem) {
    if (mine !== running) return;
    const stopped = problem instanceof DOMException && problem.name === "AbortError";
    state.textContent = stopped ? say("stopped") : "";
    if (!stopped) showFault({ title: say("none"), detail: say("away") });
  } finally {
    if (mine === running) {
      running = null;
      stopButton.hidden = true;
    }
  }
}

function shareable(): void {
  const language = new URLSearchParams(location.search).get("language");
  const target = `${location.pathname}${language ? `?language=${language}` : ""}#query=${encodeURIComponent(editor.text)}`;
  share.href = target;
  share.hidden = target.length > LONGEST_ADDRESS;
  for (const other of document.querySelectorAll<HTMLAnchorElement>(".languages a")) other.hash = share.hash;
}

// What the address asks for: an example by name, or a text. True when it holds a query.
function fromAddress(): boolean {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const name = wanted.get("example");
  const text = (name && document.getElementById(`text-${name}`)?.textContent) || wanted.get("query");
  if (!text) return false;
  editor.text = text;
  shareable();
  return true;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void run();
});
stopButton.addEventListener("click", () => running?.abort());
part("query").addEventListener("input", shareable);
window.addEventListener("hashchange", () => {
  if (fromAddress()) {
    form.scrollIntoView();
    void run();
  }
});
for (const link of document.querySelectorAll<HTMLAnchorElement>("a.use")) {
  link.addEventListener("click", () => {
    // The same example a second time changes no address, so nothing else would run it.
    if (link.hash === location.hash) window.dispatchEvent(new Event("hashchange"));
  });
}

// A shared text is shown, not run: whoever opens a link decides. Examples are ours.
shareable();
if (fromAddress() && location.hash.startsWith("#example=")) void run();
