"use strict";
// The query page: sends the query, shows the answer as a table of links, points at the place of an error.
// A query is shared by the address of the page: #query=… holds its text, #example=… the name of an example.

const form = document.getElementById("form");
const editor = document.getElementById("query");
const fault = document.getElementById("fault");
const state = document.getElementById("status");
const result = document.getElementById("result");
const runButton = document.getElementById("run");
const stopButton = document.getElementById("stop");
const share = document.getElementById("share");

const BASE = form.dataset.base;
const ENDPOINT = form.action;
const PREFIXES = Object.entries(JSON.parse(form.dataset.prefixes)).sort((a, b) => b[1].length - a[1].length);
const OURS = JSON.parse(form.dataset.ours);
const ROWS_SHOWN = 1000;
const LONGEST_ADDRESS = 6000; // longer queries are sent as a body, and cannot be shared by address
const ACCEPT = "application/sparql-results+json, text/turtle;q=0.9, application/problem+json;q=0.5";
const DOWNLOADS = { select: ["csv", "json", "xml", "tsv"], ask: ["json", "xml"], graph: ["ttl", "jsonld", "nt", "rdf"] };

let running = null;

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function address(iri) {
  if (iri.startsWith(OURS.ns)) return `${BASE}/ns#${encodeURIComponent(iri.slice(OURS.ns.length))}`;
  if (iri.startsWith(OURS.id)) return `${BASE}/id/${iri.slice(OURS.id.length).split("/").map(encodeURIComponent).join("/")}`;
  return `${BASE}/resource?uri=${encodeURIComponent(iri)}`;
}

function short(iri) {
  if (iri.startsWith(OURS.id)) return iri.slice(OURS.id.length);
  if (iri.startsWith(OURS.esco) && !iri.includes("#")) return iri.slice(OURS.esco.length);
  const fitting = PREFIXES.find(([, start]) => iri.startsWith(start) && iri.length > start.length);
  return fitting ? `${fitting[0]}:${iri.slice(fitting[1].length)}` : iri;
}

function shown(term) {
  if (!term) return element("td", "");
  const cell = element("td");
  if (term.type === "uri") {
    cell.append(element("a", short(term.value), { href: address(term.value), title: term.value }));
  } else {
    const number = /#(integer|decimal|double|float|int|long)$/.test(term.datatype || "");
    if (number) cell.className = "number";
    cell.append(element("span", term.value, term["xml:lang"] ? { lang: term["xml:lang"] } : {}));
    if (term["xml:lang"]) cell.append(" ", element("small", term["xml:lang"]));
    else if (term.datatype && !number) cell.append(" ", element("small", short(term.datatype)));
  }
  return cell;
}

function table(answer) {
  const names = answer.head.vars;
  const rows = answer.results.bindings;
  const made = element("table");
  const head = element("tr");
  for (const name of names) head.append(element("th", name, { scope: "col" }));
  made.append(element("caption", "Answer", { class: "skip" }), element("thead"), element("tbody"));
  made.tHead.append(head);
  for (const row of rows.slice(0, ROWS_SHOWN)) {
    const line = element("tr");
    for (const name of names) line.append(shown(row[name]));
    made.tBodies[0].append(line);
  }
  const wide = element("div", undefined, { class: "wide", tabindex: "0", role: "region", "aria-label": "Answer" });
  wide.append(made);
  return wide;
}

function downloads(kind, text) {
  const target = `${ENDPOINT}?query=${encodeURIComponent(text)}`;
  if (target.length > LONGEST_ADDRESS) return "";
  const line = element("p", "As a file: ", { class: "formats" });
  for (const name of DOWNLOADS[kind]) line.append(element("a", name.toUpperCase(), { href: `${target}&format=${name}` }), " ");
  return line;
}

// Line and column count characters from 1; the editor counts UTF-16 units from 0.
function select(line, column) {
  const lines = editor.value.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  const within = Array.from(lines[line - 1] || "").slice(0, column - 1).join("").length;
  const start = Math.min(before + within, editor.value.length);
  editor.focus();
  editor.setSelectionRange(start, Math.min(start + 1, editor.value.length));
  const height = editor.scrollHeight / Math.max(1, lines.length);
  editor.scrollTop = Math.max(0, (line - 4) * height);
}

function showFault(problem) {
  fault.replaceChildren(element("strong", problem.title || "No answer"), element("p", problem.detail || ""));
  if (problem.line) {
    const before = Array.from(problem.offendingLine || "").slice(0, problem.column - 1).map((c) => (c === "\t" ? c : " "));
    fault.append(element("pre", `${problem.offendingLine}\n${before.join("")}^`));
    const go = element("button", `Go to line ${problem.line}, column ${problem.column}`, { type: "button" });
    go.addEventListener("click", () => select(problem.line, problem.column));
    fault.append(go);
  }
  editor.setAttribute("aria-invalid", "true");
}

function showAnswer(kind, body, text, milliseconds) {
  const time = `${Math.round(milliseconds).toLocaleString("en")} ms`;
  if (kind === "graph") {
    state.textContent = `A graph, in ${time}.`;
    result.replaceChildren(downloads(kind, text), element("pre", body.length > 200000 ? `${body.slice(0, 200000)}\n…` : body, { tabindex: "0" }));
  } else if (kind === "ask") {
    state.textContent = `${body.boolean ? "Yes" : "No"}, in ${time}.`;
    result.replaceChildren(downloads(kind, text));
  } else {
    const rows = body.results.bindings.length;
    const part = rows > ROWS_SHOWN ? `, the first ${ROWS_SHOWN.toLocaleString("en")} shown` : "";
    state.textContent = `${rows.toLocaleString("en")} ${rows === 1 ? "row" : "rows"}${part}, in ${time}.`;
    result.replaceChildren(downloads(kind, text), table(body));
  }
}

async function run() {
  if (running) running.abort();
  const mine = (running = new AbortController());
  const text = editor.value;
  const encoded = `${ENDPOINT}?query=${encodeURIComponent(text)}`;
  const body = { method: "POST", body: text, headers: { Accept: ACCEPT, "Content-Type": "application/sparql-query" } };
  const [target, options] = encoded.length < LONGEST_ADDRESS ? [encoded, { headers: { Accept: ACCEPT } }] : [ENDPOINT, body];
  fault.replaceChildren();
  result.replaceChildren();
  editor.removeAttribute("aria-invalid");
  state.textContent = "Running…";
  stopButton.hidden = false;
  const started = performance.now();
  try {
    const answer = await fetch(target, { ...options, signal: mine.signal });
    const type = answer.headers.get("content-type") || "";
    if (!answer.ok) {
      state.textContent = "";
      showFault(type.includes("json") ? await answer.json() : { detail: `The server said ${answer.status}.` });
    } else if (type.includes("json")) {
      const found = await answer.json();
      showAnswer("boolean" in found ? "ask" : "select", found, text, performance.now() - started);
    } else {
      showAnswer("graph", await answer.text(), text, performance.now() - started);
    }
  } catch (problem) {
    if (mine !== running) return;
    state.textContent = problem.name === "AbortError" ? "Stopped." : "";
    if (problem.name !== "AbortError") showFault({ title: "No answer", detail: "The server cannot be reached." });
  } finally {
    if (mine === running) {
      running = null;
      stopButton.hidden = true;
    }
  }
}

function shareable() {
  const target = `${location.pathname}#query=${encodeURIComponent(editor.value)}`;
  share.href = target;
  share.hidden = target.length > LONGEST_ADDRESS;
}

// What the address asks for: an example by name, or a text. True when it holds a query.
function fromAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const example = wanted.get("example") && document.getElementById(`text-${wanted.get("example")}`);
  const text = example ? example.textContent : wanted.get("query");
  if (!text) return false;
  editor.value = text;
  shareable();
  return true;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
stopButton.addEventListener("click", () => running && running.abort());
editor.addEventListener("input", shareable);
editor.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});
window.addEventListener("hashchange", () => {
  if (fromAddress()) {
    form.scrollIntoView();
    run();
  }
});
for (const link of document.querySelectorAll("a.use")) {
  link.addEventListener("click", () => {
    // The same example a second time changes no address, so nothing else would run it.
    if (link.hash === location.hash) window.dispatchEvent(new Event("hashchange"));
  });
}

// A shared text is shown, not run: whoever opens a link decides. Examples are ours.
shareable();
if (fromAddress() && location.hash.startsWith("#example=")) run();
