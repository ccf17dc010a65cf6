// The editor of the query page: completes names, colours words, and marks an error at its place.
import { autocompletion, closeBrackets, completionKeymap, type Completion, type CompletionContext } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { sparql } from "@codemirror/legacy-modes/mode/sparql";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const KEYWORDS = [
  "SELECT", "CONSTRUCT", "ASK", "DESCRIBE", "WHERE", "OPTIONAL", "UNION", "MINUS", "FILTER", "FILTER NOT EXISTS", "BIND", "VALUES",
  "GRAPH", "DISTINCT", "GROUP BY", "HAVING", "ORDER BY", "DESC", "LIMIT", "OFFSET", "PREFIX", "AS", "IN", "COUNT", "SUM", "AVG", "MIN",
  "MAX", "SAMPLE", "GROUP_CONCAT", "STR", "LANG", "LANGMATCHES", "CONTAINS", "STRSTARTS", "REGEX", "LCASE", "IF", "COALESCE", "BOUND",
];
const COMMON = [
  "skos:prefLabel", "skos:altLabel", "skos:definition", "skos:broader", "skos:broaderTransitive", "skos:narrower", "skos:notation",
  "skos:inScheme", "skos:Concept", "dct:description", "dct:source", "esco:relatedEssentialSkill", "esco:relatedOptionalSkill",
  "esco:Occupation", "esco:Skill", "prov:wasDerivedFrom", "rdf:type", "rdfs:label",
];

/** What the page needs of an editor. */
export interface Editor {
  text: string;
  focus(): void;
  /** Point at a place, by offsets in the text, and say what is wrong there; without arguments, take the mark away. */
  mark(from?: number, to?: number, message?: string): void;
}

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--core)", fontWeight: "600" },
  { tag: tags.atom, color: "var(--ink)", fontWeight: "400" },
  { tag: [tags.string, tags.number, tags.bool], color: "var(--flag)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: "var(--link)" },
]);

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--paper)", border: "1px solid var(--edge)", borderRadius: "0.4rem", fontSize: "0.92rem" },
  "&.cm-focused": { outline: "3px solid var(--focus)", outlineOffset: "2px" },
  ".cm-scroller": { fontFamily: 'ui-monospace, "DejaVu Sans Mono", monospace', lineHeight: "1.5", minHeight: "16rem", maxHeight: "32rem" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--tint)", color: "var(--soft)", borderInlineEnd: "1px solid var(--line)" },
  ".cm-activeLine": { backgroundColor: "transparent", boxShadow: "inset 0 0 0 100vmax rgb(var(--heat) / 5%)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { background: "rgb(var(--heat) / 25%) !important" },
  ".cm-tooltip": { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--edge)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--core)", color: "var(--paper)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--flag) 2px" },
});

/** An editor in the place of a text field, which goes on holding the text; `names` are read when first needed. */
export function edit(field: HTMLTextAreaElement, prefixes: string[], names: () => Promise<string[]>, run: () => void): Editor {
  let known: Completion[] = [];
  let reading: Promise<void> | undefined;
  const fixed: Completion[] = [
    ...KEYWORDS.map((label) => ({ label, type: "keyword" })),
    ...COMMON.map((label) => ({ label, type: "property" })),
    ...prefixes.map((label) => ({ label: `${label}:`, type: "namespace", boost: -1 })),
  ];

  async function complete(context: CompletionContext) {
    const word = context.matchBefore(/[?$\w:-]+/);
    if (!word && !context.explicit) return null;
    reading ??= names().then((found) => void (known = found.map((label) => ({ label, type: "property" }))), () => undefined);
    await reading;
    const variables = [...new Set(context.state.doc.toString().match(/[?$]\w+/g) ?? [])].filter((v) => v !== word?.text);
    return { from: word?.from ?? context.pos, options: [...fixed, ...known, ...variables.map((label) => ({ label, type: "variable" }))] };
  }

  const host = document.createElement("div");
  field.before(host);
  field.hidden = true;
  // Styles that are made while the editor runs go into a shadow tree, where they are objects: the pages' policy holds.
  const root = host.attachShadow({ mode: "open", delegatesFocus: true });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: field.value,
      extensions: [
        keymap.of([
          { key: "Mod-Enter", run: () => (run(), true) },
          ...completionKeymap, ...historyKeymap, ...defaultKeymap,
        ]),
        lineNumbers(), history(), drawSelection(), bracketMatching(), closeBrackets(), highlightActiveLine(), lintGutter(),
        StreamLanguage.define(sparql), syntaxHighlighting(colours), autocompletion({ override: [complete] }), look,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": field.labels?.[0]?.textContent ?? "", spellcheck: "false" }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          field.value = update.state.doc.toString();
          field.dispatchEvent(new Event("input"));
        }),
      ],
    }),
  });
  field.labels?.[0]?.addEventListener("click", () => view.focus());
  return {
    get text() {
      return view.state.doc.toString();
    },
    set text(text: string) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    focus: () => view.focus(),
    mark(from, to, message = "") {
      if (from === undefined || to === undefined) {
        view.dispatch(setDiagnostics(view.state, []));
        return;
      }
      const end = Math.min(to, view.state.doc.length);
      const start = Math.min(from, end);
      view.dispatch(setDiagnostics(view.state, [{ from: start, to: end, severity: "error", message }]));
      view.dispatch({ selection: { anchor: start, head: end }, effects: EditorView.scrollIntoView(start, { y: "center" }) });
      view.focus();
    },
  };
}
