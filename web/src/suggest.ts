// Completion of a search box: what the API suggests, as a list that is walked with the arrow keys.
import Combobox from "@github/combobox-nav";
import { element } from "./element";

interface Hit {
  uri: string;
  type: string;
  code: string | null;
  preferredLabel: Record<string, string>;
  matchedLabel: Record<string, string>;
  domains: { domain: string; degree: string }[];
}

const PAUSE = 120; // milliseconds without a key before the service is asked
const SHOWN = "8";
const PAGES: Record<string, string> = {
  occupation: "occupations", skill: "skills", domain: "sectors", cluster: "clusters", profile: "profiles",
};

let lists = 0;

/** Complete the search box of a form; a choice opens the page of a concept, or adds it to what the form holds. */
export function suggest(form: HTMLFormElement): void {
  const input = form.querySelector<HTMLInputElement>("input[type=search]");
  const service = form.dataset["suggest"];
  if (!input || !service) return;
  const list = element("ul", "", { role: "listbox", id: `suggestions-${++lists}`, class: "suggestions" });
  list.setAttribute("aria-label", input.labels?.[0]?.textContent ?? "");
  list.hidden = true;
  input.after(list);
  const names: Record<string, string> = JSON.parse(form.dataset["names"] ?? "{}");
  const box = new Combobox(input, list, { tabInsertsSuggestions: false });
  let timer = 0;
  let asked: AbortController | undefined;

  function close(): void {
    box.stop();
    list.hidden = true;
    list.replaceChildren();
  }

  async function ask(text: string): Promise<void> {
    asked?.abort();
    asked = new AbortController();
    const language = form.querySelector<HTMLInputElement>("input[name=language]")?.value ?? "en";
    const query = new URLSearchParams({ q: text, limit: SHOWN, language });
    if (form.dataset["types"]) query.set("type", form.dataset["types"]);
    for (const { name, value } of form.querySelectorAll("select")) if (value) query.set(name, value);
    try {
      const answer = await fetch(`${service}?${query}`, { signal: asked.signal });
      const hits: Hit[] = answer.ok ? (await answer.json()).items : [];
      close();
      if (!hits.length || document.activeElement !== input) return;
      list.append(...hits.map(option));
      list.hidden = false;
      box.start();
    } catch (problem) {
      // Another key was pressed, or the service is away: the form works as it is.
      if (!(problem instanceof DOMException)) close();
    }
  }

  function option(hit: Hit, number: number): HTMLLIElement {
    const made = element("li", "", { role: "option", id: `${list.id}-${number}` });
    const [[tag, label] = ["", ""]] = Object.entries(hit.preferredLabel);
    const [[, matched] = ["", ""]] = Object.entries(hit.matchedLabel);
    made.append(element("span", label, { class: "name", lang: tag }));
    if (matched && matched !== label) made.append(" ", element("span", matched, { class: "minor", lang: tag }));
    const place = [names[hit.type] ?? "", ...hit.domains.map((d) => names[d.domain] ?? d.domain)].filter(Boolean).join(" · ");
    made.append(" ", element("span", [hit.code, place].filter(Boolean).join(" "), { class: "minor" }));
    made.dataset["uri"] = hit.uri;
    made.dataset["type"] = hit.type;
    made.dataset["label"] = label;
    return made;
  }

  function take(chosen: HTMLElement): void {
    const { uri = "", type = "", label = "" } = chosen.dataset;
    const key = uri.slice(uri.lastIndexOf("/") + 1);
    if (form.dataset["go"] === "add") {
      form.append(element("input", "", { type: "hidden", name: form.dataset["name"] ?? "", value: key }));
      input!.disabled = true;
      form.submit();
    } else if (type in PAGES) {
      const base = form.action.replace(/\/find$/, "");
      const language = form.querySelector<HTMLInputElement>("input[name=language]")?.value ?? "en";
      const rest = type === "cluster" ? uri.slice(uri.indexOf("/cluster/") + 9) : key;
      location.assign(`${base}/${PAGES[type]}/${rest}?language=${language}`);
    } else {
      input!.value = label;
      form.submit();
    }
  }

  list.addEventListener("combobox-commit", (event) => take(event.target as HTMLElement));
  input.addEventListener("input", () => {
    clearTimeout(timer);
    const text = input.value.trim();
    if (text.length < 2) close();
    else timer = window.setTimeout(() => void ask(text), PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    }
  });
  input.addEventListener("blur", () => window.setTimeout(close, PAUSE));
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus, so a click arrives
}
