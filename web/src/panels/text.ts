// Text: markdown or HTML of a dashboard file. Both become elements one by one, from a short list of
// harmless ones; markup is never handed to the page as it is.
import { at, str } from "../model/json.ts";
import { h } from "../ui/dom.ts";
import { safeHref } from "../ui/links.ts";
import type { PanelContext, PanelKind, PanelView } from "./kind.ts";

function link(url: string, label: Node[]): Node[] {
  const href = safeHref(url);
  if (!href) return label;
  const outside = /^https?:/i.test(href);
  return [
    h(
      "a",
      { href, target: outside ? "_blank" : null, rel: outside ? "noopener noreferrer" : null },
      ...label,
    ),
  ];
}

const INLINE =
  /(`+)(.+?)\1|\*\*(.+?)\*\*|__(.+?)__|\*([^*\s][^*]*)\*|_([^_\s][^_]*)_(?!\w)|~~(.+?)~~|!?\[([^\]]*)\]\(([^)\s]+)(?:\s+"[^"]*")?\)|<(https?:\/\/[^>\s]+)>|(https?:\/\/[^\s<>()]+)/;

const TAG = /<\/?(a|b|big|br|center|code|div|em|font|h[1-6]|hr|i|img|kbd|li|mark|ol|p|pre|s|small|span|strong|sub|sup|table|tbody|td|th|thead|tr|u|ul)\b[^<>]*>/i;

/** Text with emphasis, code and links. */
export function inline(text: string, depth = 0): Node[] {
  const m = depth < 8 ? INLINE.exec(text) : null;
  if (!m) return text ? [document.createTextNode(text)] : [];
  const before = text.slice(0, m.index);
  const after = text.slice(m.index + m[0].length);
  const inner = (t: string): Node[] => inline(t, depth + 1);
  let made: Node[];
  if (m[2] !== undefined) made = [h("code", { text: m[2] })];
  else if (m[3] ?? m[4]) made = [h("strong", {}, ...inner((m[3] ?? m[4])!))];
  else if (m[5] ?? m[6]) made = [h("em", {}, ...inner((m[5] ?? m[6])!))];
  else if (m[7]) made = [h("del", {}, ...inner(m[7]))];
  else if (m[9]) made = link(m[9], inner(m[8] || m[9]));
  else made = link((m[10] ?? m[11])!, [document.createTextNode((m[10] ?? m[11])!)]);
  return [...inner(before), ...made, ...inline(after, depth)];
}

interface Lines {
  all: string[];
  at: number;
}

function paragraph(l: Lines): HTMLElement {
  const text: string[] = [];
  while (
    l.at < l.all.length &&
    l.all[l.at]!.trim() &&
    !/^(#{1,6}\s|```|>|\s*([-*+]|\d+\.)\s)/.test(l.all[l.at]!)
  )
    text.push(l.all[l.at++]!.trim());
  if (!text.length) text.push(l.all[l.at++]!);
  const words = text.join(" ");
  return h("p", {}, ...(TAG.test(words) ? sanitised(words, inline) : inline(words)));
}

/** Lines from one that begins with a tag to the next empty one: HTML, with Markdown in its words. */
function html(l: Lines): Node[] {
  const lines: string[] = [];
  while (l.at < l.all.length && l.all[l.at]!.trim()) lines.push(l.all[l.at++]!);
  return sanitised(lines.join("\n"), inline);
}

function list(l: Lines): HTMLElement {
  const item = /^(\s*)([-*+]|\d+\.)\s+(.*)$/;
  const ordered = /\d/.test(item.exec(l.all[l.at]!)![2]!);
  const el = h(ordered ? "ol" : "ul");
  const indent = item.exec(l.all[l.at]!)![1]!.length;
  while (l.at < l.all.length) {
    const m = item.exec(l.all[l.at]!);
    if (!m || m[1]!.length < indent) break;
    if (m[1]!.length > indent + 1 && el.lastElementChild) {
      el.lastElementChild.append(list(l));
      continue;
    }
    l.at++;
    el.append(h("li", {}, ...inline(m[3]!)));
  }
  return el;
}

function tableOf(l: Lines): HTMLElement {
  const cells = (line: string): string[] =>
    line
      .trim()
      .replace(/^\||\|$/g, "")
      .split("|")
      .map((c) => c.trim());
  const head = cells(l.all[l.at]!);
  l.at += 2;
  const el = h("table", { class: "data-table" });
  el.append(h("thead", {}, h("tr", {}, ...head.map((c) => h("th", {}, ...inline(c))))));
  const body = h("tbody");
  while (l.at < l.all.length && l.all[l.at]!.includes("|"))
    body.append(h("tr", {}, ...cells(l.all[l.at++]!).map((c) => h("td", {}, ...inline(c)))));
  el.append(body);
  return el;
}

/** Markdown as elements: headings, lists, code, quotes, tables, rules, paragraphs. */
export function markdown(source: string): Node[] {
  const l: Lines = { all: source.replace(/\r\n?/g, "\n").split("\n"), at: 0 };
  const out: Node[] = [];
  while (l.at < l.all.length) {
    const line = l.all[l.at]!;
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (!line.trim()) l.at++;
    else if (TAG.exec(line.trim())?.index === 0) out.push(...html(l));
    else if (heading) {
      const level = Math.min(6, heading[1]!.length + 2) as 3 | 4 | 5 | 6;
      out.push(h(`h${level}`, {}, ...inline(heading[2]!)));
      l.at++;
    } else if (line.startsWith("```")) {
      const code: string[] = [];
      for (l.at++; l.at < l.all.length && !l.all[l.at]!.startsWith("```"); l.at++)
        code.push(l.all[l.at]!);
      l.at++;
      out.push(h("pre", {}, h("code", { text: code.join("\n") })));
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      out.push(h("hr"));
      l.at++;
    } else if (line.startsWith(">")) {
      const quoted: string[] = [];
      while (l.at < l.all.length && l.all[l.at]!.startsWith(">"))
        quoted.push(l.all[l.at++]!.replace(/^>\s?/, ""));
      out.push(h("blockquote", {}, ...inline(quoted.join(" "))));
    } else if (/^\s*([-*+]|\d+\.)\s+/.test(line)) out.push(list(l));
    else if (line.includes("|") && /^\s*\|?[\s:-]+\|[\s|:-]*$/.test(l.all[l.at + 1] ?? ""))
      out.push(tableOf(l));
    else out.push(paragraph(l));
  }
  return out;
}

const ALLOWED = new Set(
  "a b blockquote br code del div em h1 h2 h3 h4 h5 h6 hr i li ol p pre s small span strong sub sup table tbody td th thead tr u ul".split(
    " ",
  ),
);
const DROPPED = new Set(
  "script style iframe object embed template svg math noscript title head".split(" "),
);

/** Tags without styles and handlers, which the page's policy would only complain of; what is to stand in the
 *  middle still does. Nothing relies on this: attributes are not copied below. */
function calm(source: string): string {
  const centred = /\salign\s*=\s*["']?center|text-align\s*:\s*center|^<center\b/i;
  return source.replace(/<\w[^<>]*>/g, (tag) => {
    const bare = tag.replace(/\s(?:style|on\w+)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi, "");
    return centred.test(tag) ? bare.replace(/^<\w+/, (name) => `${name.replace(/center/i, "div")} data-centred`) : bare;
  });
}

const plain = (text: string): Node[] => [document.createTextNode(text)];

/** A picture that the page's policy lets through: of this server, or in the text itself. */
function image(el: Element): Node[] {
  const src = el.getAttribute("src") ?? "";
  const alt = el.getAttribute("alt") ?? "";
  if (/^(data:image\/|\/(?!\/))/.test(src)) return [h("img", { src, alt })];
  return safeHref(src) ? link(src, [document.createTextNode(alt || "picture")]) : [];
}

/** Copies what is allowed out of a document that never ran: tags by list, no attributes but href. */
export function sanitised(source: string, words: (text: string) => Node[] = plain): Node[] {
  const copy = (node: Node, depth: number): Node[] => {
    if (node.nodeType === Node.TEXT_NODE) return words(node.textContent ?? "");
    if (node.nodeType !== Node.ELEMENT_NODE || depth > 50) return [];
    const el = node as Element;
    const tag = el.tagName.toLowerCase();
    if (DROPPED.has(tag)) return [];
    const inner = [...el.childNodes].flatMap((c) => copy(c, depth + 1));
    if (tag === "img") return image(el);
    if (tag === "a") return link(el.getAttribute("href") ?? "", inner);
    const look = { class: el.hasAttribute("data-centred") ? "centred" : null };
    return ALLOWED.has(tag) ? [h(tag as "div", look, ...(inner as (Node | string)[]))] : inner;
  };
  const parsed = new DOMParser().parseFromString(calm(source), "text/html");
  return [...parsed.body.childNodes].flatMap((c) => copy(c, 0));
}

function create(host: HTMLElement, context: PanelContext): PanelView {
  const body = h("div", { class: "prose" });
  host.append(body);
  const { options } = context.panel;
  return {
    update() {
      const mode = str(at(options, "mode"), "markdown");
      const content = context.fill(str(at(options, "content")));
      if (mode === "code") body.replaceChildren(h("pre", {}, h("code", { text: content })));
      else if (mode === "html") body.replaceChildren(...sanitised(content));
      else body.replaceChildren(...markdown(content));
    },
  };
}

export const text: PanelKind = { needsData: false, wantsSeries: false, create };
