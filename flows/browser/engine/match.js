// Matching texts, and where to look: shadow roots, frames. Runs in an isolated world, so nothing that the page's own
// scripts change (prototypes, globals) reaches it.
const R = (globalThis.__restock = {});

// doc is the document that is looked at: the shown one, or one that was fetched and is not shown (then inert is true).
R.doc = document;
R.inert = false;

// fold makes texts comparable: white space folded, no zero-width characters, lower case.
R.fold = (s) => String(s ?? "").replace(/[\u200b-\u200d\ufeff\u00ad]/g, "").replace(/\s+/g, " ").trim().toLowerCase();

const compile = (source, flags) => {
  try { return new RegExp(source, flags + "u"); } catch { return new RegExp(source, flags); }
};

// pattern compiles a text of the file: whole text, "*" for anything, or /…/i. length is how long a text can be that matches.
const patterns = new Map();
R.pattern = (text) => {
  let p = patterns.get(text);
  if (!p) patterns.set(text, (p = compilePattern(text)));
  return p;
};

const compilePattern = (text) => {
  const re = /^\/([\s\S]*)\/(i?)$/.exec(text);
  if (re) {
    const compiled = compile(re[1], re[2]);
    return { test: (s) => compiled.test(String(s ?? "").replace(/\s+/g, " ").trim()), length: 4000 };
  }
  const folded = R.fold(text);
  if (!folded.includes("*")) return { test: (s) => R.fold(s) === folded, length: folded.length + 400 };
  const wild = new RegExp("^" + folded.split("*").map((p) => p.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*") + "$", "us");
  return { test: (s) => wild.test(R.fold(s)), length: 8000 };
};

// markedHidden is all that is known of the visibility of an element that is not shown anywhere.
const markedHidden = "[hidden],[style*='display:none' i],[style*='display: none' i],input[type=hidden],template,noscript,script,style";

// hiding are the selectors by which the style sheets of the shown page hide elements: those of a fetched one are the same.
const hiding = () => {
  if (R.hidingSelectors) return R.hidingSelectors;
  const found = new Set();
  const visit = (rules) => {
    for (const r of rules) {
      if (r.media && !matchMedia(r.media.mediaText).matches) continue;
      if (r.cssRules?.length) visit(r.cssRules);
      if (!r.style || r.style.display !== "none" && !/hidden|collapse/.test(r.style.visibility)) continue;
      for (const s of r.selectorText?.split(",") ?? []) {
        if (/::|:(hover|focus|active|target|checked|before|after)/.test(s)) continue;
        try { document.querySelector(s); found.add(s.trim()); } catch { /* a part of :is(…) */ }
      }
    }
  };
  for (const sheet of document.styleSheets) { try { visit(sheet.cssRules); } catch { /* of another site */ } }
  return (R.hidingSelectors = [markedHidden, ...found].join(","));
};

// anyHidden reports whether a document that is not shown has hidden parts at all. It is looked up once a request.
const anyHidden = () => (R.hiding ??= !!R.doc.body?.querySelector(hiding()));

R.visible = (el) => {
  if (el?.nodeType !== 1 || !el.isConnected) return false;
  if (R.inert) return !anyHidden() || !el.closest(hiding());
  if (!el.checkVisibility({ visibilityProperty: true })) return getComputedStyle(el).display === "contents" && contentsVisible(el);
  if (el.tagName === "TR" && el.cells.length) return true; // it has a box, and asking for it would lay out the page
  const box = el.getBoundingClientRect();
  return box.width > 0 && box.height > 0;
};

// contentsVisible judges an element without a box of its own by what is in it.
const contentsVisible = (el) => {
  if ([...(shadowOf(el)?.children ?? el.children)].some(R.visible)) return true;
  const range = el.ownerDocument.createRange();
  range.selectNodeContents(el);
  return [...range.getClientRects()].some((r) => r.width > 0 && r.height > 0);
};

// closed holds the closed shadow roots that the bot was told of, by their hosts.
R.closed = new WeakMap();
R.addClosed = (host, root) => { R.closed.set(host, root); R.hosts = null; return true; };
const shadowOf = (el) => el.shadowRoot || R.closed.get(el);

const isHost = (e) => shadowOf(e) || e.tagName === "IFRAME" || e.tagName === "FRAME";

// hosts are the elements of the document that have a shadow root or are frames. They are looked up once a request.
const hosts = () => (R.hosts ??= [...R.doc.querySelectorAll("*")].filter(isHost));

// roots lists a scope and every shadow root and readable frame document inside it.
R.roots = (scope) => {
  const list = [scope];
  if (!hosts().length && (scope.ownerDocument || scope) === R.doc) return list;
  const inner = scope === R.doc ? hosts()
    : (scope.ownerDocument || scope) === R.doc && scope.getRootNode() === R.doc ? hosts().filter((e) => scope.contains(e))
    : [...scope.querySelectorAll("*")].filter(isHost);
  for (const el of inner) {
    const root = shadowOf(el);
    if (root) list.push(...R.roots(root));
    let doc = null;
    try { doc = el.contentDocument; } catch { /* another origin */ }
    if (doc) list.push(...R.roots(doc));
  }
  if (scope.nodeType === 1 && shadowOf(scope)) list.push(...R.roots(shadowOf(scope)));
  return list;
};

R.all = (scope, css) => {
  const found = [];
  for (const root of R.roots(scope)) for (const el of root.querySelectorAll(css)) found.push(el);
  return found;
};

// framed reports whether an element stands in a frame with that name, id, title or address.
R.framed = (el, text) => {
  const p = R.pattern(text);
  for (let win = el.ownerDocument.defaultView; win && win !== window; win = win.parent) {
    const owner = win.frameElement;
    const names = [win.name, owner?.id, owner?.title, owner?.getAttribute("name"), win.location.href];
    if (names.some((n) => n && p.test(n))) return true;
  }
  return false;
};

// text is what an element shows.
R.text = (el) => {
  if (el.tagName === "INPUT") return ["submit", "button", "reset"].includes(el.type) ? el.value : "";
  if (el.tagName === "TEXTAREA" || el.tagName === "SELECT") return "";
  if (R.inert) return inertText(el);
  if (hosts().length && hosts().some((h) => h === el || el.contains(h))) return flatText(el).replace(/ *\n[ \n]*/g, "\n").trim();
  return el.innerText ?? el.textContent;
};

// bareText is what innerText would give, without laying out the page, where the style of an element with nothing but text in
// it says that its text is shown as it is written; else null.
const inline = new Set(["A", "ABBR", "B", "CODE", "DIV", "EM", "I", "LABEL", "P", "SMALL", "SPAN", "STRONG", "TIME"]);
const bareText = (el) => {
  const child = el.firstElementChild;
  if (child && (el.childElementCount > 1 || !inline.has(child.tagName) || el.textContent.trim() !== child.textContent.trim())) return null;
  const style = getComputedStyle(el);
  if (style.textTransform !== "none" || style.visibility !== "visible" || style.display === "none" || style.whiteSpace !== "normal" && style.whiteSpace !== "nowrap") return null;
  return child ? bareText(child) : el.textContent.replace(/[ \t\r\n\f]+/g, " ").trim();
};

// flatText is the text of an element with that of the shadow roots in it, as it is shown.
const flatText = (el) => {
  if (el.tagName !== "SLOT" && !shadowOf(el) && !el.querySelector("*")) return el.innerText ?? el.textContent;
  const nodes = el.tagName === "SLOT" && el.assignedNodes().length ? el.assignedNodes() : (shadowOf(el) ?? el).childNodes;
  let out = "";
  for (const node of nodes) {
    if (node.nodeType === Node.TEXT_NODE) out += node.data.replace(/\s+/g, " ");
    if (node.nodeType !== Node.ELEMENT_NODE || ["STYLE", "SCRIPT", "TEMPLATE"].includes(node.tagName)) continue;
    if (node.tagName !== "SLOT" && !R.visible(node)) continue;
    const inline = node.tagName === "SLOT" || /^(inline|contents)/.test(getComputedStyle(node).display);
    out += inline ? flatText(node) : "\n" + flatText(node) + "\n";
  }
  return out;
};

// inertText is the text of an element that is not shown: blocks on lines of their own, hidden parts left out.
const blocks = new Set(["ADDRESS", "ARTICLE", "BLOCKQUOTE", "BR", "DD", "DIV", "DL", "DT", "FIGURE", "FOOTER", "FORM", "H1", "H2", "H3",
  "H4", "H5", "H6", "HEADER", "HR", "LI", "MAIN", "NAV", "OL", "OPTION", "P", "PRE", "SECTION", "TABLE", "TR", "UL"]);
const blockTags = [...blocks, "td", "th", "textarea", "select", "script", "style", "template", "noscript"].join(",").toLowerCase();
const inertText = (el) => {
  if (!el.firstElementChild || !anyHidden() && !el.querySelector(blockTags)) return el.textContent.replace(/[ \t\r\n\f]+/g, " ").trim();
  const some = anyHidden();
  let out = "";
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) { out += node.data.replace(/[ \t\r\n\f]+/g, " "); return; }
    if (node.nodeType !== Node.ELEMENT_NODE || some && node !== el && node.matches(hiding())) return;
    if (["TEXTAREA", "SELECT", "SCRIPT", "STYLE"].includes(node.tagName)) return;
    const block = node !== el && blocks.has(node.tagName);
    if (block) out += "\n";
    node.childNodes.forEach(walk);
    if (block) out += "\n";
    if (node.tagName === "TD" || node.tagName === "TH") out += "\t";
  };
  walk(el);
  return out.replace(/ *\n */g, "\n").replace(/ {2,}/g, " ").replace(/\n{2,}/g, "\n").trim();
};

// describe writes an element as a person would name it; texts of the page are cut short.
R.describe = (el) => {
  if (el?.nodeType !== 1) return "nothing";
  let s = "<" + el.tagName.toLowerCase();
  for (const a of ["id", "name", "type", "role", "class", "aria-label"]) {
    const v = el.getAttribute(a);
    if (v) s += ` ${a}="${v.length > 60 ? v.slice(0, 57) + "…" : v}"`;
  }
  return s + ">";
};
