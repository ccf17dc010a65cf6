// Keeps the boards on the page as they are: shows what others move at once, and sends one's own moves without loading the page
// again. Without it every cell is a button of a form. What could not be sent is sent again: its nonce lets it count once.
const script = document.currentScript;
const notice = document.getElementById("changed");
const busy = new Map(); // cards that are being read, and whether something more has happened to them meanwhile
const unsent = [];

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

async function refresh(item) {
  if (!document.getElementById(`card-${item}`)) return;
  if (busy.has(item)) return void busy.set(item, true);
  do {
    busy.set(item, false);
    try {
      const answer = await fetch(script.dataset.card.replace("ITEM", item));
      if (answer.ok) put(await answer.text(), item);
    } catch { /* the stream comes back, and with it what was missed */ }
  } while (busy.get(item));
  busy.delete(item);
}

async function send(form) {
  let answer;
  try {
    answer = await fetch(form.address, { method: "POST", body: form.body, redirect: "manual" });
  } catch {
    unsent.push(form);
    return say(script.dataset.unsent);
  }
  say(answer.type === "opaqueredirect" ? "" : script.dataset[answer.status === 409 ? "stale" : "refused"]);
  await refresh(form.card);
}

function sendAgain() {
  for (const form of unsent.splice(0)) send(form);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.card) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  if (event.submitter?.name) body.append(event.submitter.name, event.submitter.value);
  send({ address: form.action, body, card: form.dataset.card });
});

const source = new EventSource(script.dataset.events);
for (const kind of ["place", "vote", "settled"]) {
  source.addEventListener(kind, (event) => { const { item } = JSON.parse(event.data); if (item) refresh(item); });
}
source.addEventListener("board", () => location.reload());
source.addEventListener("open", sendAgain);
addEventListener("online", sendAgain);
source.addEventListener("error", () => {
  if (source.readyState !== EventSource.CLOSED) return;
  // Too many listen: the page looks by itself.
  setInterval(() => { sendAgain(); document.querySelectorAll("tr[id^='card-']").forEach((row) => refresh(row.id.slice(5))); }, 10000);
});
