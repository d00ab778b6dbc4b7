// Roles: what an element is to assistive technology. WAI-ARIA 1.2, HTML-AAM 1.0.

const validRoles = new Set(("alert alertdialog application article banner blockquote button caption cell checkbox code columnheader " +
  "combobox complementary contentinfo definition deletion dialog directory document emphasis feed figure form generic grid gridcell group " +
  "heading img image insertion link list listbox listitem log main mark marquee math menu menubar menuitem menuitemcheckbox menuitemradio meter " +
  "navigation none note option paragraph presentation progressbar radio radiogroup region row rowgroup rowheader scrollbar search " +
  "searchbox separator slider spinbutton status strong subscript suggestion superscript switch tab table tablist tabpanel term " +
  "textbox time timer toolbar tooltip tree treegrid treeitem").split(" "));

const sectioning = "article,aside,main,nav,section,[role=article],[role=complementary],[role=main],[role=navigation],[role=region]";
const named = (e) => e.hasAttribute("aria-label") || e.hasAttribute("aria-labelledby");
const around = (e, css) => { for (let n = e; n; n = n.getRootNode()?.host) if (n.closest(css)) return true; return false; };
const landmark = (role) => (e) => (around(e, sectioning) ? "generic" : role);

const inputRoles = {
  button: "button", submit: "button", reset: "button", image: "button", checkbox: "checkbox", radio: "radio", range: "slider",
  number: "spinbutton", hidden: "", file: "button",
}; // passwords and dates have no role in HTML-AAM; people, and Chrome, take them for text boxes

const cellRole = (e) => {
  const table = e.closest("table");
  const role = table && R.role(table);
  return role === "grid" || role === "treegrid" ? "gridcell" : "cell";
};

// headerRole follows HTML's algorithm for header cells without a scope: a header of its column where it stands in a thead or
// in a row of headers only, else of its row.
const headerRole = (e) => {
  const scope = (e.getAttribute("scope") || "").toLowerCase();
  if (scope === "col" || scope === "colgroup") return "columnheader";
  if (scope === "row" || scope === "rowgroup") return "rowheader";
  const row = e.parentElement;
  if (e.closest("thead") || !row) return "columnheader";
  const filled = (c) => c.tagName === "TD" && c.textContent.trim() !== "";
  if (![...row.children].some((c) => c.tagName === "TD")) return "columnheader";
  if ([...row.children].some(filled)) return "rowheader";
  const at = [...row.children].indexOf(e);
  const column = [...(e.closest("table")?.rows ?? [])].map((r) => r.cells[at]);
  return column.some((c) => c && filled(c)) ? "columnheader" : "rowheader";
};

const implied = {
  A: (e) => (e.hasAttribute("href") ? "link" : "generic"), AREA: (e) => (e.hasAttribute("href") ? "link" : "generic"),
  ADDRESS: "group", ARTICLE: "article", ASIDE: "complementary", BLOCKQUOTE: "blockquote", BUTTON: "button", CAPTION: "caption", CODE: "code",
  DATALIST: "listbox", DD: "definition", DEL: "deletion", DETAILS: "group", DFN: "term", DIALOG: "dialog", DT: "term", EM: "emphasis",
  FIELDSET: "group", FIGURE: "figure", FOOTER: landmark("contentinfo"), FORM: (e) => (named(e) ? "form" : "generic"),
  H1: "heading", H2: "heading", H3: "heading", H4: "heading", H5: "heading", H6: "heading", HEADER: landmark("banner"), HR: "separator",
  HTML: "document", IMG: (e) => (e.getAttribute("alt") === "" && !e.title && !kept(e) ? "presentation" : "img"),
  INPUT: (e) => inputRoles[e.type] ?? (e.list ? "combobox" : e.type === "search" ? "searchbox" : "textbox"),
  INS: "insertion", LI: "listitem", MAIN: "main", MARK: "mark", MATH: "math", MENU: "list", METER: "meter", NAV: "navigation", OL: "list",
  OPTGROUP: "group", OPTION: "option", OUTPUT: "status", P: "paragraph", PROGRESS: "progressbar", SEARCH: "search",
  SECTION: (e) => (named(e) ? "region" : "generic"), SELECT: (e) => (e.multiple || e.size > 1 ? "listbox" : "combobox"), STRONG: "strong",
  SUB: "subscript", SUP: "superscript", SVG: "img", TABLE: "table", TBODY: "rowgroup", TD: cellRole, TEXTAREA: "textbox", TFOOT: "rowgroup",
  TH: headerRole, THEAD: "rowgroup", TIME: "time", TR: "row", UL: "list",
};

const globalAria = ["aria-atomic", "aria-busy", "aria-controls", "aria-current", "aria-describedby", "aria-details", "aria-dropeffect",
  "aria-flowto", "aria-grabbed", "aria-hidden", "aria-keyshortcuts", "aria-label", "aria-labelledby", "aria-live", "aria-owns",
  "aria-relevant", "aria-roledescription"];

const focusable = (e) => e.matches("a[href],area[href],button:not(:disabled),input:not([type=hidden]):not(:disabled),select:not(:disabled)," +
  "textarea:not(:disabled),summary,iframe,audio[controls],video[controls],[contenteditable=''],[contenteditable=true],[tabindex]");

const explicit = (el) => (el.getAttribute("role") || "").toLowerCase().split(/[ \t\n\f\r]+/).find((r) => validRoles.has(r)) || "";
const presentational = (role) => role === "none" || role === "presentation";

// structure are the parents from which a missing role is inherited: a table without the role of a table has no rows either.
const structure = {
  TD: ["TR"], TH: ["TR"], TR: ["THEAD", "TBODY", "TFOOT", "TABLE"], THEAD: ["TABLE"], TBODY: ["TABLE"], TFOOT: ["TABLE"],
  LI: ["OL", "UL", "MENU"], DD: ["DL"], DT: ["DL"],
};

const inheritsNone = (el) => {
  for (let e = el; e; e = e.parentElement) {
    const parents = structure[e.tagName];
    const parent = e.parentElement;
    if (!parents || !parent || !parents.includes(parent.tagName)) return false;
    const role = explicit(parent);
    if (presentational(role) && !kept(parent)) return true;
    if (role) return false;
  }
  return false;
};

// kept reports that role=none does not count: whatever can take the focus, or says something of itself, has a role.
const kept = (el) => focusable(el) || globalAria.some((a) => el.hasAttribute(a));

R.role = (el) => {
  const given = explicit(el);
  if (given && !presentational(given)) return given === "image" ? "img" : given;
  if (given && !kept(el)) return "presentation";
  const own = implied[el.tagName.toUpperCase()];
  const role = typeof own === "function" ? own(el) : own ?? "generic";
  return role && !given && inheritsNone(el) ? "presentation" : role;
};

// ariaHidden reports whether assistive technology does not see an element.
R.ariaHidden = (el) => {
  for (let e = el; e; e = e.assignedSlot || e.parentElement || e.getRootNode()?.host) {
    if (e.getAttribute("aria-hidden") === "true") return true;
  }
  return false;
};
