// Traits: what tells an element from others, for picking one on a picture and for finding again one that has changed.

// passing reports whether a word of the source looks made by a program, and will be another one after the next build.
const passing = (s) => !s || s.length > 40 || /\d{3,}|^:r|[:{}<>"'\\]|^(css|sc|jss|emotion|chakra|svelte|ng|_ng|data-v|ember|ext-gen|yui|react|mui|radix|headlessui)-|__[\w-]*-?[A-Za-z0-9]{5,}$|(^|[-_])\d+$/i.test(s) || /[a-z]\d[a-z]|\d[a-z]\d/i.test(s);

const lasting = (el) => ({ id: passing(el.id) ? "" : el.id, classes: [...el.classList].filter((c) => !passing(c) && !/^(active|selected|open|hover|focus|disabled|show|odd|even|first|last|lit|row-\w+)$/i.test(c)).slice(0, 6) });

const clip = (s, n = 120) => String(s ?? "").replace(/\s+/g, " ").trim().slice(0, n);

const area = (el) => {
  const r = el.getBoundingClientRect(), offset = frameOffset(el);
  return [r.x + offset.x + scrollX, r.y + offset.y + scrollY, r.width, r.height].map(Math.round);
};

// handles are the short CSS selectors by which an element may be found from anywhere, the steadiest first.
const handles = (el) => {
  const tag = el.tagName.toLowerCase(), { id, classes } = lasting(el), list = [];
  for (const a of testIDs) if (el.getAttribute(a) && !passing(el.getAttribute(a))) list.push(`[${a}="${CSS.escape(el.getAttribute(a))}"]`);
  if (id) list.push(`#${CSS.escape(id)}`);
  if (el.getAttribute("name") && !passing(el.getAttribute("name"))) list.push(`${tag}[name="${CSS.escape(el.getAttribute("name"))}"]`);
  if (classes.length > 1) list.push(tag + classes.slice(0, 2).map((c) => "." + CSS.escape(c)).join(""));
  for (const c of classes) list.push(`${tag}.${CSS.escape(c)}`);
  return list;
};

// ways are CSS selectors that match exactly these elements and no other visible one, seen from a scope.
const ways = (elements, scope, most = 4) => {
  const [first] = elements, tag = first.tagName.toLowerCase(), found = [];
  const same = (css) => {
    const list = R.all(scope, css).filter((e) => elements.includes(e) || R.visible(e) && !(elements.length > 1 && isHead(e)));
    return list.length === elements.length && list.every((e) => elements.includes(e));
  };
  const common = lasting(first).classes.filter((c) => elements.every((e) => e.classList.contains(c))).map((c) => `${tag}.${CSS.escape(c)}`);
  const own = elements.length === 1 ? handles(first) : common;
  const attempt = (css) => { if (found.length < most && !found.includes(css) && same(css)) found.push(css); };
  own.forEach(attempt);
  const above = []; // what is around all of them, the nearest first
  for (let up = first.parentElement; up && up !== document.body && up !== scope && above.length < 6; up = up.parentElement) if (elements.every((e) => up.contains(e))) above.push(up);
  for (const up of above) {
    const between = up.tagName === "TABLE" && tag === "tr" && first.parentElement.tagName === "TBODY" ? " tbody" : "";
    for (const from of handles(up).slice(0, 3)) for (const to of [...own, tag]) attempt(`${from}${between} ${to}`);
  }
  for (const up of above) if (["MAIN", "NAV", "HEADER", "FOOTER", "TABLE", "FORM", "TBODY", "SECTION", "UL", "OL"].includes(up.tagName)) attempt(`${up.tagName.toLowerCase()} ${tag}`); // bare tags last
  attempt(tag);
  return found;
};

// traits of one element, or of the first of a group.
const traitsOf = (el) => {
  const { id, classes } = lasting(el), path = [];
  for (let e = el; e && path.length < 6; e = e.parentElement) path.push(e.tagName.toLowerCase());
  const testid = testIDs.map((a) => el.getAttribute(a)).find(Boolean);
  return {
    tag: el.tagName.toLowerCase(), role: R.role(el) || "", name: clip(R.name(el)), label: clip(R.labels(el)[0]), testid: testid || "", id, classes,
    field: el.getAttribute("name") || "", placeholder: el.getAttribute("placeholder") || "", title: el.getAttribute("title") || "", alt: el.getAttribute("alt") || "",
    type: el.getAttribute("type") || "", text: clip(R.text(el)), path, box: area(el), count: 1, what: R.describe(el), leaf: el.childElementCount < 2, clicks: !!el.closest("a[href],button,input,select,textarea,summary,[role=button],[onclick]"),
  };
};

// texts are what the members of a group say, for telling whether another group says the same.
const groupOf = (members) => {
  const map = headers(members[0]);
  const t = traitsOf(members[0]);
  return { ...t, name: "", count: members.length, heads: [...new Set(map.map((h) => h.text))].slice(0, 40), texts: members.slice(0, 80).map((m) => clip(R.text(m), 300)) };
};

// plainly is what a person can see: not transparent either.
const plainly = (el) => R.visible(el) && el.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true }) !== false;

const tellable = "h1,h2,h3,h4,h5,h6,button,a[href],input:not([type=hidden]),select,textarea,[role],[data-testid],[data-test],[data-qa],label,caption,legend";

// tellables are the visible elements that somebody could mean: those with a role of their own, and the innermost with a text.
const tellables = () => {
  const list = [];
  for (const el of R.all(document, "body *")) {
    if (noText.has(el.tagName) || el.namespaceURI !== "http://www.w3.org/1999/xhtml") continue;
    const leaf = [...el.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
    if ((leaf || el.matches(tellable)) && plainly(el)) list.push(el);
    if (list.length > 4000) return list;
  }
  return list;
};

// groups are the visible elements of one kind under one parent: what a list's rows look like.
const groups = () => {
  const list = [];
  const seen = new Set();
  for (const el of R.all(document, "body *")) {
    const parent = el.parentElement;
    if (!parent || seen.has(parent)) continue;
    seen.add(parent);
    const kinds = new Map();
    for (const child of parent.children) {
      if (noText.has(child.tagName) || !plainly(child) || isHead(child)) continue;
      const kind = child.tagName + (child.getAttribute("role") ?? "");
      kinds.set(kind, [...(kinds.get(kind) ?? []), child]);
    }
    for (const members of kinds.values()) if (members.length > 1) list.push(members);
    if (list.length > 400) break;
  }
  return list;
};

// traits tells of each element what its first match is like; of one of which there are many, what they have in common.
R.traits = (req) => req.elements.map((element) => {
  const found = R.find(element);
  if (!found.elements.length) return null;
  return found.many ? groupOf(found.elements) : traitsOf(found.elements[0]);
});

// survey lists what is on the page that somebody could mean. Where text is "groups", groups that could be the rows of a list.
R.survey = (req) => {
  R.surveyed = req.text === "groups" ? groups() : tellables().map((el) => [el]);
  return req.text === "groups" ? R.surveyed.map(groupOf) : R.surveyed.map(([el]) => traitsOf(el));
};

// ways gives the CSS selectors that match exactly one thing of the last survey.
R.ways = (req) => ways(R.surveyed[req.row] ?? [], document);

// inRows lists the ways to the parts of rows: of each part that nearly all rows have, a selector relative to the row.
R.inRows = (req) => {
  const rows = R.rows(req.rows, req.skip).slice(0, 60);
  const counts = new Map();
  for (const row of rows.slice(0, 5)) for (const el of row.querySelectorAll("*")) for (const css of handles(el)) counts.set(css, 0);
  for (const css of [...counts.keys()].slice(0, 200)) counts.set(css, rows.filter((row) => row.querySelectorAll(css).length === 1).length);
  return [...counts].filter(([, n]) => n >= rows.length * 0.9 && n > 0).map(([css]) => css).slice(0, 80);
};

// at is the element at a place of the page, with those around it that somebody could have meant, the innermost first; and where
// it lies in a row, the headings over it and the ways to it from there.
R.at = (req) => {
  let el = document.elementFromPoint(req.x - scrollX, req.y - scrollY);
  for (let inner = el; inner; ) {
    el = inner;
    const root = shadowOf(el);
    let doc = null;
    try { doc = el.contentDocument; } catch { /* another site's */ }
    const box = el.getBoundingClientRect(), x = req.x - scrollX, y = req.y - scrollY;
    inner = doc ? doc.elementFromPoint(x - box.x - el.clientLeft, y - box.y - el.clientTop) : root ? root.elementFromPoint(x, y) : null;
    if (inner === el) break;
  }
  if (!el || el === document.documentElement || el === document.body) return { elements: [] };
  const list = [el];
  const meant = el.closest("a[href],button,label,[role=button],[role=link],[role=tab],[role=menuitem],h1,h2,h3,h4,h5,h6,select,summary");
  if (meant && meant !== el) list.push(meant);
  R.surveyed = list.map((e) => [e]);
  const answer = { elements: list.map((e) => ({ ...traitsOf(e), css: ways([e], document) })) };
  answer.groups = [];
  for (let up = el; up && up !== document.body && answer.groups.length < 2; up = up.parentElement) {
    const members = [...(up.parentElement?.children ?? [])].filter((c) => c.tagName === up.tagName && plainly(c) && !isHead(c));
    if (members.length < 2 || !members.includes(up) || ["TD", "TH", "OPTION"].includes(up.tagName)) continue;
    const css = ways(members, document);
    if (css.length) answer.groups.push({ count: members.length, css });
  }
  const row = req.rows && R.rows(req.rows, req.skip).find((r) => r.contains(el));
  if (row) {
    const cell = cells(row).find((c) => c.cell.contains(el));
    const map = headers(row);
    answer.heads = cell ? [...new Set(map.filter((h) => h.start === cell.start).map((h) => h.text))].filter((text) => new Set(map.filter((h) => h.text === text).map((h) => h.start)).size === 1) : [];
    answer.inRow = el === row ? [] : ways([el], row);
  }
  return answer;
};

// spots are where the values of columns were found in the first rows, column by column.
R.spots = (plan) => {
  const rows = plan.record ? [document.documentElement] : R.rows(plan.rows, plan.skip).slice(0, 300);
  R.current = new Set(rows);
  const out = (plan.columns ?? []).map(() => []);
  for (const row of rows) {
    const map = headers(row);
    (plan.columns ?? []).forEach((selections, i) => {
      for (const sel of selections) {
        const el = sel.join || sel.take === "address" || sel.take === "column" ? null : pick(sel, row, map).el;
        if (el && R.visible(el)) { out[i].push(area(el)); break; }
      }
    });
  }
  R.current = null;
  return out;
};
