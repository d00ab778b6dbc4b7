// Finding elements: what a Target of a selector file matches on this page. Runs in an isolated world, so nothing that the
// page's own scripts change (prototypes, globals) reaches it.
const R = (globalThis.__restock = {});

// fold makes texts comparable: white space folded, no zero-width characters, lower case.
R.fold = (s) => String(s ?? "").replace(/[\u200b-\u200d\ufeff\u00ad]/g, "").replace(/\s+/g, " ").trim().toLowerCase();

// pattern compiles a text of the file: whole text, "*" for anything, or /…/i.
R.pattern = (text) => {
  const re = /^\/([\s\S]*)\/(i?)$/.exec(text);
  if (re) {
    const compiled = new RegExp(re[1], re[2] + "u");
    return { test: (s) => compiled.test(String(s ?? "").replace(/\s+/g, " ").trim()), length: 2000 };
  }
  const folded = R.fold(text);
  if (!folded.includes("*")) return { test: (s) => R.fold(s) === folded, length: folded.length + 400 };
  const wild = new RegExp("^" + folded.split("*").map((p) => p.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*") + "$", "us");
  return { test: (s) => wild.test(R.fold(s)), length: 4000 };
};

R.visible = (el) => {
  if (el?.nodeType !== 1 || !el.isConnected) return false;
  if (el.checkVisibility && !el.checkVisibility({ visibilityProperty: true })) return false;
  if (getComputedStyle(el).display === "contents") return [...el.children].some(R.visible) || el.textContent.trim() !== "";
  const box = el.getBoundingClientRect();
  return box.width > 0 && box.height > 0;
};

// hosts are the elements of the document that have an open shadow root or are frames. They are looked up once a request.
const hosts = () => (R.hosts ??= [...document.querySelectorAll("*")].filter((e) => e.shadowRoot || e.tagName === "IFRAME" || e.tagName === "FRAME"));

// roots lists a scope and every open shadow root and same-origin frame document inside it.
R.roots = (scope) => {
  const list = [scope];
  if (scope.shadowRoot) list.push(...R.roots(scope.shadowRoot));
  const inner = scope.ownerDocument === document || scope === document
    ? hosts().filter((e) => scope === document || (scope !== e && scope.contains(e)))
    : [...scope.querySelectorAll("*")].filter((e) => e.shadowRoot || e.tagName === "IFRAME" || e.tagName === "FRAME");
  for (const el of inner) {
    if (el.shadowRoot) list.push(...R.roots(el.shadowRoot));
    let doc = null;
    try { doc = el.contentDocument; } catch { /* another origin */ }
    if (doc) list.push(...R.roots(doc));
  }
  return list;
};

R.all = (scope, css) => {
  const found = [];
  for (const root of R.roots(scope)) found.push(...root.querySelectorAll(css));
  return found;
};

R.text = (el) => {
  if (el.tagName === "INPUT") return ["submit", "button", "reset"].includes(el.type) ? el.value : "";
  if (el.tagName === "TEXTAREA" || el.tagName === "SELECT") return "";
  return el.innerText ?? el.textContent;
};

const roles = {
  A: (e) => (e.hasAttribute("href") ? "link" : "generic"), AREA: (e) => (e.hasAttribute("href") ? "link" : "generic"),
  ARTICLE: "article", ASIDE: "complementary", BUTTON: "button", DATALIST: "listbox", DD: "definition", DETAILS: "group",
  DIALOG: "dialog", DT: "term", FIELDSET: "group", FIGURE: "figure", FOOTER: "contentinfo", FORM: "form", H1: "heading",
  H2: "heading", H3: "heading", H4: "heading", H5: "heading", H6: "heading", HEADER: "banner", HR: "separator",
  IMG: (e) => (e.getAttribute("alt") === "" ? "presentation" : "img"), LI: "listitem", MAIN: "main", MENU: "list",
  METER: "meter", NAV: "navigation", OL: "list", OPTGROUP: "group", OPTION: "option", OUTPUT: "status", P: "paragraph",
  PROGRESS: "progressbar", SEARCH: "search", SECTION: "region", SELECT: (e) => (e.multiple || e.size > 1 ? "listbox" : "combobox"),
  SUMMARY: "button", TABLE: "table", TBODY: "rowgroup", TFOOT: "rowgroup", THEAD: "rowgroup", TD: "cell",
  TEXTAREA: "textbox", TH: (e) => (e.scope === "row" ? "rowheader" : "columnheader"), TR: "row", UL: "list",
  INPUT: (e) => ({ button: "button", submit: "button", reset: "button", image: "button", checkbox: "checkbox",
    radio: "radio", range: "slider", number: "spinbutton", search: "searchbox", hidden: "", file: "", password: "" }
    [e.type] ?? (e.hasAttribute("list") ? "combobox" : "textbox")),
};

R.role = (el) => {
  const given = (el.getAttribute("role") || "").trim().split(/\s+/)[0].toLowerCase();
  if (given) return given;
  const implied = roles[el.tagName];
  return typeof implied === "function" ? implied(el) : implied || "generic";
};

const fromContent = new Set(["button", "cell", "checkbox", "columnheader", "gridcell", "heading", "link", "menuitem",
  "menuitemcheckbox", "menuitemradio", "option", "radio", "row", "rowheader", "switch", "tab", "tooltip", "treeitem", "listitem"]);

// labelText is the text of a label without that of the field inside it.
const labelText = (label, field) => {
  let text = "";
  const walk = (node) => {
    if (node === field) return;
    if (node.nodeType === Node.TEXT_NODE) text += node.data;
    else if (node.nodeType === Node.ELEMENT_NODE && !["SCRIPT", "STYLE", "SELECT", "TEXTAREA"].includes(node.tagName)) {
      text += " "; node.childNodes.forEach(walk); text += " ";
    }
  };
  walk(label);
  return text.replace(/\s+/g, " ").trim();
};

// labels are the texts that name a field, in the order of the accessible name computation (accname-1.2, steps 2B-2D).
R.labels = (el) => {
  const ids = (el.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean);
  const by = ids.map((id) => el.getRootNode().getElementById?.(id)).filter(Boolean).map((e) => labelText(e, el)).join(" ");
  if (by.trim()) return [by];
  const aria = (el.getAttribute("aria-label") || "").trim();
  const own = el.labels ? [...el.labels].map((l) => labelText(l, el)) : [];
  return aria ? [aria, ...own] : own;
};

R.name = (el) => {
  const label = R.labels(el);
  if (label.length) return label.join(" ");
  if (el.tagName === "INPUT" && ["submit", "button", "reset"].includes(el.type)) {
    return el.value || { submit: "Submit", reset: "Reset" }[el.type] || "";
  }
  if (el.tagName === "IMG" || el.tagName === "AREA" || (el.tagName === "INPUT" && el.type === "image")) {
    return el.getAttribute("alt") || el.title || "";
  }
  if (el.tagName === "FIELDSET") return el.querySelector(":scope > legend")?.textContent || "";
  if (el.tagName === "TABLE") return el.caption?.textContent || el.title || "";
  if (fromContent.has(R.role(el))) {
    const walk = (n) => {
      if (n.nodeType === Node.TEXT_NODE) return n.data;
      if (n.nodeType !== Node.ELEMENT_NODE || n.getAttribute("aria-hidden") === "true") return "";
      if (n !== el && n.getAttribute("aria-label")) return " " + n.getAttribute("aria-label") + " ";
      if (n.tagName === "IMG") return " " + (n.alt || "") + " ";
      if (n.tagName === "SCRIPT" || n.tagName === "STYLE") return "";
      const style = n === el ? null : getComputedStyle(n);
      if (style && (style.display === "none" || style.visibility === "hidden")) return "";
      const inside = [...n.childNodes].map(walk).join("");
      return style && style.display !== "inline" ? " " + inside + " " : inside;
    };
    const text = walk(el).trim();
    if (text) return text;
  }
  return el.title || el.getAttribute("placeholder") || "";
};

const fields = "input,select,textarea,button,meter,output,progress,[contenteditable=''],[contenteditable=true],[role=textbox]," +
  "[role=combobox],[role=listbox],[role=checkbox],[role=radio],[role=switch],[role=spinbutton],[role=searchbox],[role=slider]";

// byText finds the innermost elements whose text matches.
const byText = (scope, pattern) => {
  const found = [];
  for (const root of R.roots(scope)) {
    for (const el of root.querySelectorAll("*")) {
      if (["SCRIPT", "STYLE", "HEAD", "TITLE", "NOSCRIPT", "TEMPLATE", "HTML", "META", "LINK"].includes(el.tagName)) continue;
      const content = el.tagName === "INPUT" ? R.text(el) : el.textContent;
      if (!content || content.length > pattern.length) continue;
      if (pattern.test(content) || pattern.test(R.text(el))) found.push(el);
    }
  }
  const set = new Set(found);
  return found.filter((el) => ![...el.querySelectorAll("*")].some((inner) => set.has(inner)));
};

const byXPath = (scope, xpath) => {
  const doc = scope.ownerDocument || scope;
  const result = doc.evaluate(xpath, scope, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
  const found = [];
  for (let i = 0; i < result.snapshotLength; i++) if (result.snapshotItem(i).nodeType === 1) found.push(result.snapshotItem(i));
  return found;
};

const testIDs = ["data-testid", "data-test", "data-qa", "data-cy", "data-test-id", "data-qa-id", "data-testing"];

// candidates lists what matches a target's keys in a scope, whether visible or not. The first key looks for elements, the
// further ones filter.
const candidates = (t, scope) => {
  const tests = [];
  let list = null;
  const key = (value, find, filter) => {
    if (!value) return;
    if (list === null && find) list = find(value);
    else tests.push(filter(value));
  };
  const attr = (name) => [
    (v) => { const p = R.pattern(v); return R.all(scope, `[${name}]`).filter((e) => p.test(e.getAttribute(name))); },
    (v) => { const p = R.pattern(v); return (e) => e.hasAttribute(name) && p.test(e.getAttribute(name)); },
  ];
  key(t.css, (v) => R.all(scope, v), null);
  key(t.xpath, (v) => byXPath(scope, v), (v) => { const set = new Set(byXPath(scope, v)); return (e) => set.has(e); });
  key(t.testid, (v) => { const p = R.pattern(v); return testIDs.flatMap((a) => R.all(scope, `[${a}]`).filter((e) => p.test(e.getAttribute(a)))); },
    (v) => { const p = R.pattern(v); return (e) => testIDs.some((a) => p.test(e.getAttribute(a) ?? "\u0000")); });
  key(t.label, (v) => R.all(scope, fields).filter(R.labelled(v)), R.labelled);
  key(t.placeholder, ...attr("placeholder"));
  key(t.heading, (v) => { const p = R.pattern(v); return R.all(scope, "h1,h2,h3,h4,h5,h6,[role=heading]").filter((e) => p.test(R.name(e)) || p.test(R.text(e))); },
    (v) => { const p = R.pattern(v); return (e) => R.role(e) === "heading" && p.test(R.name(e)); });
  key(t.role, (v) => R.all(scope, "*").filter((e) => R.role(e) === v.toLowerCase()), (v) => (e) => R.role(e) === v.toLowerCase());
  key(t.title, ...attr("title"));
  key(t.alt, ...attr("alt"));
  if (t.name && t.role) {
    const p = R.pattern(t.name);
    tests.push((e) => p.test(R.name(e)));
  } else key(t.name, ...attr("name"));
  key(t.text, (v) => byText(scope, R.pattern(v)), (v) => { const p = R.pattern(v); return (e) => p.test(R.text(e)) || p.test(e.textContent); });
  return (list || []).filter((e) => tests.every((test) => test(e)));
};

R.labelled = (text) => {
  const p = R.pattern(text);
  return (e) => R.labels(e).some((l) => p.test(l) || p.test(l.replace(/[\s*:：]+$/u, "")));
};

// matches lists what a target stands for: the visible matches, or all of them where hidden is set.
R.matches = (t, scope) => {
  let scopes = [scope];
  if (t.in) {
    const outer = R.find(t.in, scope);
    scopes = outer.elements;
  }
  let list = [...new Set(scopes.flatMap((s) => candidates(t, s)))];
  if (t.has) list = list.filter((e) => R.find(t.has, e).elements.length > 0);
  const shown = t.hidden ? list : list.filter(R.visible);
  return { shown: t.first ? shown.slice(0, 1) : shown, hidden: list.length - shown.length };
};

// find tries the alternatives in order and returns the elements of the first that matches anything.
R.find = (element, scope = document) => {
  let hidden = 0;
  for (let i = 0; i < element.alternatives.length; i++) {
    const m = R.matches(element.alternatives[i], scope);
    if (m.shown.length) return { elements: m.shown, alternative: i, many: !!element.alternatives[i].many, hidden };
    hidden += m.hidden;
  }
  return { elements: [], alternative: -1, many: false, hidden };
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
