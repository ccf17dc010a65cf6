// The map of links: what the things of an answer have to do with each other. The answer itself stands below it in words.
import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from "d3-force";
import type { SimulationLinkDatum, SimulationNodeDatum } from "d3-force";

export interface Link {
  from: string;
  to: string;
  name: string;
}
interface Dot extends SimulationNodeDatum {
  iri: string;
  degree: number;
}
type Line = SimulationLinkDatum<Dot> & { name: string };

const MOST = 60; // things that a picture can name
const NAMED = 40; // lines that it can
const STEPS = 250; // until the forces rest
const LONGEST = 34; // characters of a name
const MARGIN = 40;
const TRIPLE = /^(<[^>]*>|_:\S+) <([^>]*)> (<[^>]*>|_:\S+|"(?:[^"\\]|\\.)*")\S* \.$/;
const NAMES = /(prefLabel|label|title|name)$/;

/** The links of N-Triples, and what their things are called in them. */
export function read(ntriples: string): { links: Link[]; names: Map<string, string> } {
  const links: Link[] = [];
  const names = new Map<string, string>();
  for (const line of ntriples.split("\n")) {
    const [, subject, property = "", object = ""] = TRIPLE.exec(line) ?? [];
    if (!subject) continue;
    const from = bare(subject);
    if (!object.startsWith('"')) links.push({ from, to: bare(object), name: property });
    else if (NAMES.test(property) && (!names.has(from) || line.includes('"@en '))) names.set(from, JSON.parse(object) as string);
  }
  return { links, names };
}

function bare(term: string): string {
  return term.startsWith("<") ? term.slice(1, -1) : term;
}

function shape<K extends keyof SVGElementTagNameMap>(name: K, attributes: Record<string, string | number>, text = ""): SVGElementTagNameMap[K] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text) made.textContent = text;
  return made;
}

/** The picture, and how many of how many things it shows: those with the most links. */
export function draw(links: Link[], name: (iri: string) => string, address: (iri: string) => string, title: string): { picture: SVGSVGElement; shown: number; all: number } {
  const degree = new Map<string, number>();
  for (const { from, to } of links) for (const end of [from, to]) degree.set(end, (degree.get(end) ?? 0) + 1);
  const dots: Dot[] = [...degree].sort((a, b) => b[1] - a[1]).slice(0, MOST).map(([iri, n]) => ({ iri, degree: n }));
  const kept = new Map(dots.map((dot) => [dot.iri, dot]));
  const lines: Line[] = links.filter(({ from, to }) => from !== to && kept.has(from) && kept.has(to))
    .map((link) => ({ source: kept.get(link.from)!, target: kept.get(link.to)!, name: link.name }));
  // Without a clock and without chance: the same answer gives the same picture.
  forceSimulation(dots).stop()
    .force("links", forceLink<Dot, Line>(lines).distance(110))
    .force("charge", forceManyBody().strength(-420))
    .force("room", forceCollide(34))
    .force("x", forceX().strength(0.06)).force("y", forceY().strength(0.12))
    .tick(STEPS);
  const place = (dot: Dot): [number, number] => [Math.round(dot.x ?? 0), Math.round(dot.y ?? 0)];
  const [xs, ys] = [dots.map((d) => place(d)[0]), dots.map((d) => place(d)[1])];
  const [left, top] = [Math.min(...xs) - 3 * MARGIN, Math.min(...ys) - MARGIN];
  const picture = shape("svg", {
    viewBox: `${left} ${top} ${Math.max(...xs) - left + 3 * MARGIN} ${Math.max(...ys) - top + MARGIN}`, role: "group", class: "links", "aria-label": title,
  });
  for (const line of lines) {
    const [[x1, y1], [x2, y2]] = [place(line.source as Dot), place(line.target as Dot)];
    picture.append(shape("line", { x1, y1, x2, y2 }));
    if (lines.length <= NAMED) picture.append(shape("text", { x: (x1 + x2) / 2, y: (y1 + y2) / 2, class: "property" }, name(line.name)));
  }
  for (const dot of dots) {
    const [x, y] = place(dot);
    const text = name(dot.iri);
    const link = shape("a", { href: address(dot.iri) });
    link.append(
      shape("circle", { cx: x, cy: y, r: 5 + Math.min(5, Math.sqrt(dot.degree)) }),
      shape("text", { x, y: y + 22 }, text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text),
      shape("title", {}, text),
    );
    picture.append(link);
  }
  return { picture, shown: dots.length, all: degree.size };
}
