// Accessible names: what a screen reader calls an element. Accessible Name and Description Computation 1.2, HTML-AAM 1.0.

const fromContent = new Set(["button", "cell", "checkbox", "columnheader", "gridcell", "heading", "link", "menuitem",
  "menuitemcheckbox", "menuitemradio", "option", "radio", "row", "rowheader", "switch", "tab", "tooltip", "treeitem"]);

// nameless are the roles that may not be named.
const nameless = new Set(["caption", "code", "definition", "deletion", "emphasis", "generic", "insertion", "mark", "paragraph", "presentation",
  "strong", "subscript", "suggestion", "superscript", "term", "time"]);

const squeeze = (s) => s.replace(/[\u200b\u00ad]/g, "").replace(/\s+/g, " ").trim();

const references = (el, attribute) => (el.getAttribute(attribute) || "").split(/\s+/).filter(Boolean)
  .map((id) => { const root = el.getRootNode(); return root.getElementById?.(id) ?? root.querySelector?.("#" + CSS.escape(id)); }).filter(Boolean);

const notRendered = (el) => {
  if (el.getAttribute("aria-hidden") === "true") return true;
  if (R.inert) return el.matches(markedHidden);
  const style = getComputedStyle(el);
  return style.display === "none" || style.visibility === "hidden" || style.visibility === "collapse";
};

const unescape = (s) => s.replace(/\\([0-9a-f]{1,6})\s?|\\([\s\S])/gi, (_, hex, char) => (hex ? String.fromCodePoint(parseInt(hex, 16)) : char));

const before = (el, pseudo) => {
  if (R.inert) return "";
  const style = getComputedStyle(el, pseudo);
  if (!style.content || style.content === "none" || style.content === "normal" || style.display === "none" || style.visibility === "hidden") return "";
  const bare = style.content.replace(/url\((?:"(?:\\.|[^"])*"|'(?:\\.|[^'])*'|[^)]*)\)/g, "");
  const strings = (s) => [...s.matchAll(/(["'])((?:\\[\s\S]|(?!\1)[^\\])*)\1/g)].map((m) => unescape(m[2])).join("");
  const alt = /(?:^|\s)\/\s*((["'])(?:\\[\s\S]|(?!\2)[^\\])*\2)\s*$/.exec(bare);
  const text = alt ? strings(alt[1]) : strings(bare);
  return style.display === "inline" ? text : text && " " + text + " ";
};

// controlValue is what a form control inside a label contributes (step 2C of the computation).
const controlValue = (el, role) => {
  switch (role) {
    case "textbox": case "searchbox": return typeof el.value === "string" ? el.value : el.textContent;
    case "combobox": case "listbox": {
      if (el.tagName === "SELECT") return [...el.selectedOptions].map((o) => squeeze(o.textContent)).join(" ");
      const options = [...el.querySelectorAll("[role=option][aria-selected=true]")];
      return options.length ? options.map((o) => squeeze(o.textContent)).join(" ") : typeof el.value === "string" ? el.value : null;
    }
    case "slider": case "spinbutton": case "scrollbar": case "meter": case "progressbar":
      return el.getAttribute("aria-valuetext") ?? el.getAttribute("aria-valuenow") ?? (el.value !== undefined ? String(el.value) : "");
  }
  return null;
};

// ownLabels are the <label> elements of a field. They are collected once a request: asking each field for its own would search
// the page as often as there are fields.
const ownLabels = (el) => {
  if (!R.ofLabels) {
    R.ofLabels = new Map();
    for (const l of R.all(R.doc, "label")) if (l.control) R.ofLabels.set(l.control, [...(R.ofLabels.get(l.control) ?? []), l]);
  }
  return R.ofLabels.get(el) ?? [];
};

// native is the name that HTML gives: labels, legend, caption, alt, value.
const native = (el, state) => {
  const tag = el.tagName.toUpperCase();
  const labels = ownLabels(el);
  if (tag === "INPUT" && ["button", "submit", "reset"].includes(el.type)) {
    if (labels.length) return labelNames(labels, el, state);
    return el.value || { submit: "Submit", reset: "Reset" }[el.type] || el.title || "";
  }
  if (tag === "INPUT" && el.type === "image") {
    if (labels.length) return labelNames(labels, el, state);
    return el.getAttribute("alt") || el.title || "Submit";
  }
  if (["INPUT", "SELECT", "TEXTAREA", "METER", "PROGRESS", "OUTPUT", "BUTTON"].includes(tag) && labels.length) return labelNames(labels, el, state);
  if (tag === "IMG" || tag === "AREA") return el.getAttribute("alt") || "";
  const child = { FIELDSET: "legend", FIGURE: "figcaption", TABLE: "caption" }[tag];
  if (child) {
    const c = [...el.children].find((e) => e.tagName.toLowerCase() === child);
    return c ? compute(c, { ...state, inside: true, traversal: true }) : "";
  }
  if (tag === "SVG" || el.ownerSVGElement) return [...el.children].find((e) => e.tagName.toLowerCase() === "title")?.textContent || "";
  return "";
};

const labelNames = (labels, el, state) => labels
  .map((l) => compute(l, { ...state, inside: true, traversal: true, from: el, labelled: true })).filter(Boolean).join(" ");

// notInNames are never shown as text, whatever holds them.
const notInNames = new Set(["SCRIPT", "STYLE", "TEMPLATE", "NOSCRIPT", "DESC", "METADATA", "DEFS", "SYMBOL", "TITLE"]);

// apart are the parts of an element that are things of their own: a menu that is open, the branches of a tree.
const apart = (node, state) => R.role(node) === "menu" || R.role(node) === "group" && /^(treeitem|menuitem|menuitemcheckbox|menuitemradio|option)$/.test(state.role);

const content = (el, state) => {
  let out = before(el, "::before");
  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE) { out += node.data; return; }
    if (node.nodeType !== Node.ELEMENT_NODE || notInNames.has(node.tagName.toUpperCase()) || apart(node, state)) return;
    if (state.rendered && !node.checkVisibility() && getComputedStyle(node).display !== "contents") return;
    const text = computeNode(node, { ...state, inside: true, top: false });
    const inline = R.inert ? !blocks.has(node.tagName) && node.tagName !== "TD" && node.tagName !== "TH"
      : getComputedStyle(node).display === "inline" && node.tagName !== "BR";
    out += inline ? text : " " + text + " ";
  };
  const slotted = el.tagName === "SLOT" ? el.assignedNodes() : [];
  const root = shadowOf(el);
  for (const node of slotted.length ? slotted : root ? root.childNodes : el.childNodes) {
    if (slotted.length || !node.assignedSlot) visit(node);
  }
  references(el, "aria-owns").forEach(visit);
  return out + before(el, "::after");
};

// reference is the state in which an element that is referred to is computed: one that is hidden counts with all that is in it.
const reference = (el, seen) => {
  const rendered = !R.inert && el.checkVisibility({ visibilityProperty: true });
  return { seen, by: true, inside: true, referenced: !rendered, rendered };
};

const compute = (el, state) => squeeze(computeNode(el, state));

// computeNode is the computation's recursive step. state: top (the element itself), inside (part of another's name), traversal
// (referenced: hidden parts of it do not count), by (an aria-labelledby is being followed), from (the field of a label).
const computeNode = (el, state) => {
  let blank = "";
  if (state.seen.has(el)) return "";
  if (!state.top && !state.referenced && notRendered(el)) { state.seen.add(el); return ""; }
  if (!state.by) {
    const refs = references(el, "aria-labelledby");
    const visited = refs.map(() => new Set(state.seen));
    const text = refs.map((r, i) => squeeze(computeNode(r, reference(r, visited[i])))).filter(Boolean).join(" ");
    if (text) {
      for (const seen of visited) for (const node of seen) state.seen.add(node);
      return text;
    }
  }
  const role = R.role(el);
  if ((state.labelled || state.by || state.inside) && !state.top && el !== state.from) {
    const value = controlValue(el, role);
    if (value !== null && (state.by || state.labelled || fromContent.has(state.role))) { state.seen.add(el); return value; }
  }
  if (el === state.from) return "";
  const aria = squeeze(el.getAttribute("aria-label") || "");
  if (aria) { state.seen.add(el); return aria; }
  if (!presentational(role)) {
    const own = native(el, state);
    if (own) { state.seen.add(el); return own; }
  }
  if (fromContent.has(role) || state.inside || el.tagName === "SUMMARY") {
    state.seen.add(el);
    blank = content(el, { ...state, role: state.role ?? role });
    if (squeeze(blank)) return blank;
  }
  if (!presentational(role) || el.tagName === "IFRAME") { // white space alone is no name, but it is between two others
    const title = el.getAttribute("title") || (el.matches("textarea,input:is([type=text],[type=search],[type=url],[type=tel],[type=email],[type=password],[type=number],:not([type]))") && (el.getAttribute("placeholder") || el.getAttribute("aria-placeholder"))) ||
      el.getAttribute("aria-placeholder") || "";
    if (title) { state.seen.add(el); return title; }
  }
  return blank;
};

// name is the accessible name of an element. It is computed once a request.
R.name = (el) => {
  R.names ??= new Map();
  let name = R.names.get(el);
  if (name === undefined) {
    const role = R.role(el);
    name = nameless.has(role) && el.tagName !== "SUMMARY" && !explicit(el) ? "" : compute(el, { seen: new Set(), top: true, role, rendered: !R.inert && el.checkVisibility() });
    R.names.set(el, name);
  }
  return name;
};

// labels are the texts by which a person knows a field: those it refers to, its own labels, and aria-label.
R.labels = (el) => {
  const plain = (e) => compute(e, { ...reference(e, new Set()), labelled: true, from: el });
  const by = references(el, "aria-labelledby").map(plain).filter(Boolean);
  const list = by.length > 1 ? [by.join(" "), ...by] : by;
  const aria = squeeze(el.getAttribute("aria-label") || "");
  const own = ownLabels(el).flatMap((l) => [plain(l), squeeze(R.text(l)), squeeze([...l.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE).map((n) => n.data).join(" "))]);
  return [...new Set([...list, ...(aria ? [aria] : []), ...own])].filter(Boolean);
};
