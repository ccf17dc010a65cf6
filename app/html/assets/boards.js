// Keeps the boards on the page as they are: shows what others move at once, and sends one's own moves without loading the page
// again. Without it every cell is a button of a form. What could not be sent is sent again: its nonce lets it count once.
const script = document.currentScript;
const notice = document.getElementById("changed");
const reading = new Map(); // cards that are being read, and whether something more has happened to them meanwhile
const turns = new Map(); // of each card, the end of what was pressed last
const unsent = []; // one of each card at most
const SIGNS = { none: "·", some: "○", main: "●" };
const NEXT = { none: "some", some: "main", main: "none" };
const LATER = 2000; // milliseconds at most after which the votes on a new placement are read: not by all pages at once

const say = (text) => { notice.textContent = text || ""; };
const keyOf = (node) => node?.closest?.("tr[id^='card-']") && node.dataset.key;

function put(page, item) {
  const fresh = new DOMParser().parseFromString(page, "text/html").getElementById(`card-${item}`);
  const row = document.getElementById(`card-${item}`);
  if (!fresh || !row || Number(fresh.dataset.version) < Number(row.dataset.version)) return;
  const open = row.querySelector("details[open]");
  if (open && open.contains(document.activeElement)) return; // somebody writes a rationale there
  const key = row.contains(document.activeElement) && keyOf(document.activeElement);
  row.replaceWith(fresh);
  if (key) [...fresh.querySelectorAll("button")].find((button) => button.dataset.key === key)?.focus();
}

/** Show where a card is from the event alone; whoever reads and moves it next names this version. */
function patch({ item, round, places, grades }) {
  const row = document.getElementById(`card-${item}`);
  if (!row || round <= Number(row.dataset.version)) return;
  row.dataset.version = round;
  for (const field of row.querySelectorAll("input[name='version']")) field.value = round;
  for (const cell of row.querySelectorAll("td[data-place]")) {
    const level = places[cell.dataset.place] ?? "none";
    cell.className = cell.className.replace(/level-\w+/, `level-${level}`);
    cell.querySelector("[aria-hidden]").textContent = SIGNS[level];
    cell.querySelector(".level").textContent = script.dataset[level];
    const grade = cell.querySelector(".grade");
    if (grade) grade.textContent = grades[cell.dataset.place] ?? "";
    const button = cell.querySelector("button");
    if (button) button.value = `${cell.dataset.place}=${NEXT[level]}`;
  }
}

/** Read a row anew; when it ends, the row is at least as new as when it was asked for. */
function refresh(item) {
  const now = reading.get(item);
  if (now) {
    now.again = true;
    return now.done;
  }
  const state = { again: true };
  reading.set(item, state);
  state.done = read(item, state).finally(() => reading.delete(item));
  return state.done;
}

async function read(item, state) {
  while (state.again && document.getElementById(`card-${item}`)) {
    state.again = false;
    try {
      const answer = await fetch(script.dataset.card.replace("ITEM", item));
      if (answer.ok) put(await answer.text(), item);
    } catch { /* the stream comes back, and with it what was missed */ }
  }
}

/** One thing at a time for each card, so that what is pressed next is about what the press before made of it. */
function inTurn(item, work) {
  const ended = (turns.get(item) ?? Promise.resolve()).then(work);
  turns.set(item, ended);
  return ended;
}

async function send(address, body, item) {
  let answer;
  try {
    answer = await fetch(address, { method: "POST", body, redirect: "manual" });
  } catch {
    unsent.push([address, body, item]);
    return say(script.dataset.unsent);
  }
  say(answer.type === "opaqueredirect" ? "" : script.dataset[answer.status === 409 ? "stale" : "refused"]);
  await refresh(item);
}

function sendAgain() {
  for (const form of unsent.splice(0)) inTurn(form[2], () => send(...form));
}

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  const item = form.dataset.card;
  if (!item) return;
  event.preventDefault();
  const [name, value] = [submitter?.name, submitter?.value];
  inTurn(item, () => {
    if (unsent.some(([, , waiting]) => waiting === item)) return say(script.dataset.unsent);
    const forms = [...(document.getElementById(`card-${item}`)?.querySelectorAll("form") ?? [])];
    const now = form.isConnected ? form : (forms.find((one) => one.action === form.action) ?? form);
    const body = new URLSearchParams(new FormData(now));
    if (name) body.append(name, value);
    return send(form.action, body, item);
  });
});

const source = new EventSource(script.dataset.events);
for (const kind of ["place", "vote", "settled"]) {
  source.addEventListener(kind, (event) => {
    const told = JSON.parse(event.data);
    if (told.places) patch(told);
    if (told.item) setTimeout(refresh, Math.random() * LATER, told.item);
  });
}
source.addEventListener("board", () => location.reload());
source.addEventListener("open", sendAgain);
addEventListener("online", sendAgain);
source.addEventListener("error", () => {
  if (source.readyState !== EventSource.CLOSED) return;
  // Too many listen: the page looks by itself.
  setInterval(() => { sendAgain(); document.querySelectorAll("tr[id^='card-']").forEach((row) => refresh(row.id.slice(5))); }, 10000);
});
