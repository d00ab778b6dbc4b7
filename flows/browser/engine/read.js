// Reading: conditions, and all rows of a page with all their columns in one go, so that what is read is one moment.

R.holds = (c) => {
  if (c.const !== undefined && !c.const) return false;
  if (c.visible && R.find(c.visible).elements.length === 0) return false;
  if (c.hidden && R.find(c.hidden).elements.length > 0) return false;
  if (c.url && !R.pattern(c.url).test(R.address())) return false;
  if (c.value) {
    const found = R.find(c.value.of).elements;
    if (found.length !== 1 || !R.pattern(c.value.is).test(R.fieldValue(found[0]))) return false;
  }
  if (c.any && !c.any.some(R.holds)) return false;
  if (c.all && !c.all.every(R.holds)) return false;
  if (c.not && R.holds(c.not)) return false;
  return true;
};

R.see = (req) => ({ seen: req.conditions.map(R.holds) });

// address is where the document that is looked at came from.
R.address = () => R.fetched ?? document.querySelector("meta[name=restock-address]")?.content ?? location.href;

// rows lists the row elements of a reading, without those to skip.
R.rows = (rows, skip) => {
  const found = R.find(rows).elements;
  if (!skip?.length || !found.length) return found;
  const set = new Set(found);
  const out = new Set();
  for (const s of skip) {
    for (const t of s.alternatives) {
      for (const e of R.matches({ ...t, first: false }, R.doc).shown) {
        for (let n = e; n; n = n.parentElement ?? n.getRootNode()?.host) if (set.has(n)) { out.add(n); break; }
      }
    }
  }
  return found.filter((row) => !out.has(row));
};

const tables = "table,[role=table],[role=grid],[role=treegrid]";

// rowCells lists the cells of a row as they stand in the source.
const rowCells = (row) => {
  if (row.tagName === "TR") return [...row.cells];
  const list = [...row.querySelectorAll("[role=cell],[role=gridcell],[role=rowheader],[role=columnheader]")];
  return list.length ? list.filter((c) => !list.some((o) => o !== c && o.contains(c))) : [...row.children];
};

// cells lists the cells of a row with the columns each covers; a cell that hangs down from a row above is among them.
const cells = (row) => {
  R.grid ??= new Map();
  const known = R.grid.get(row);
  if (known) return known;
  const section = row.tagName === "TR" ? row.parentElement : null;
  if (!section || !hangs(section)) {
    const list = layOut(rowCells(row), () => false);
    R.grid.set(row, list);
    return list;
  }
  const hanging = new Map(); // column → {cell, rows left}
  for (const r of section.rows ?? section.children) {
    if (r.tagName !== "TR") continue;
    const list = layOut(rowCells(r), (at) => hanging.has(at));
    for (const [at, h] of [...hanging]) {
      if (!list.some((c) => c.cell === h.cell)) list.push({ cell: h.cell, start: h.start, end: h.end });
      if (--h.left <= 0) hanging.delete(at);
    }
    for (const c of list) {
      if (c.cell.parentElement !== r || !(c.cell.rowSpan > 1 || c.cell.getAttribute("rowspan") === "0")) continue;
      for (let at = c.start; at < c.end; at++) hanging.set(at, { ...c, left: c.cell.rowSpan > 1 ? c.cell.rowSpan - 1 : 1e9 });
    }
    R.grid.set(r, list.sort((a, b) => a.start - b.start));
  }
  return R.grid.get(row) ?? [];
};

// hangs reports whether a section of a table has cells that reach over several rows. It is looked up once a request.
const hangs = (section) => {
  R.hanging ??= new Map();
  if (!R.hanging.has(section)) R.hanging.set(section, !!section.querySelector("[rowspan]"));
  return R.hanging.get(section);
};

const layOut = (list, taken) => {
  let at = 0;
  return list.map((cell) => {
    const index = Number(cell.getAttribute("aria-colindex"));
    if (index > 0) at = index - 1;
    while (taken(at)) at++;
    const start = at;
    at += cell.colSpan || Number(cell.getAttribute("aria-colspan")) || 1;
    return { cell, start, end: at };
  });
};

// isHead reports whether a row holds headings.
const isHead = (r) => !!r.querySelector(":scope > th:not([scope=row]),[role=columnheader]") || r.parentElement?.tagName === "THEAD";

// headers maps the headings above a row to columns. A table may have several rows of them, and a row of filters among them.
// A grid that draws its head as a table of its own has it in the nearest element around both.
const headers = (row) => {
  const table = row.closest(tables);
  if (!table) return headingsAround(row.parentElement?.parentElement);
  const own = (r) => r.closest(tables) === table;
  const head = table.tHead?.rows.length ? [...table.tHead.rows] : [];
  let list = head.length ? head : [...table.querySelectorAll("tr,[role=row]")].filter((r) => own(r) && r !== row && isHead(r));
  if (!list.length) list = [...table.querySelectorAll("tr")].filter((r) => own(r) && r !== row && r.querySelector("th")).slice(0, 3);
  if (!list.length && row.tagName === "TR") { // headings written as plain cells: the rows before the first one that is data
    for (const r of table.rows) { if (r === row || r.contains(row) || R.current?.has(r)) break; list.push(r); }
  }
  return list.length ? headings(list) : headingsAround(table.parentElement);
};

const headings = (rows) => {
  const found = [];
  for (const r of rows) {
    for (const c of cells(r)) {
      for (const text of new Set([R.text(c.cell).trim(), c.cell.getAttribute("aria-label") || "", c.cell.textContent.trim()])) {
        if (text && text.length < 200) found.push({ text, start: c.start, end: c.end });
      }
    }
  }
  return found;
};

const headingsAround = (around) => {
  for (let e = around, up = 0; e && up < 5; e = e.parentElement, up++) {
    const rows = [...e.querySelectorAll("thead tr,tr,[role=row]")].filter((r) => isHead(r));
    if (rows.length) return headings(rows.slice(0, 3));
  }
  return [];
};

// fieldValue is what a form field holds, or the text of any other element.
R.fieldValue = (el) => {
  if (el.tagName === "INPUT" && ["checkbox", "radio"].includes(el.type)) return String(el.checked);
  if (el.tagName === "SELECT") return el.selectedOptions.length ? [...el.selectedOptions].map((o) => o.label).join(", ") : "";
  if ("value" in el && !["LI", "BUTTON", "PROGRESS", "METER"].includes(el.tagName) && el.value !== undefined) return String(el.value);
  if (el.hasAttribute("aria-checked") && /checkbox|radio|switch/.test(R.role(el))) return el.getAttribute("aria-checked");
  return R.text(el);
};

// take gets one value from an element.
const take = (el, sel) => {
  switch (sel.take) {
    case "textContent": return el.textContent;
    case "value": return R.fieldValue(el);
    case "link": { const a = el.closest("a[href],area[href]") || el.querySelector("a[href]"); return a ? new URL(a.getAttribute("href"), R.address()).href : null; }
    case "attribute": return el.getAttribute(sel.name);
    case "property": return el[sel.name] === undefined || el[sel.name] === null ? null : String(el[sel.name]);
  }
  return el.tagName === "INPUT" || el.tagName === "TEXTAREA" || el.tagName === "SELECT" ? R.fieldValue(el) : R.text(el);
};

// place finds the column with a heading: {at} or {why}. It is looked up once for all rows under the same headings.
const place = (header, map) => {
  map.places ??= new Map();
  let found = map.places.get(header);
  if (!found) {
    const p = R.pattern(header);
    const starts = [...new Set(map.filter((h) => p.test(h.text)).map((h) => h.start))];
    found = starts.length === 1 ? { at: starts[0] }
      : { why: `${starts.length} columns with the heading ${header}; there are: ${[...new Set(map.map((h) => h.text))].join(", ")}` };
    map.places.set(header, found);
  }
  return found;
};

// column finds the cell of a row under a heading.
const column = (sel, row, map) => {
  const { at, why } = place(sel.header, map);
  if (why) return { why };
  const cell = cells(row).find((c) => c.start <= at && at < c.end);
  return cell ? { el: cell.cell } : { why: `the row has no cell under ${sel.header}` };
};

// pick finds the element of a selection in a row, or says why not.
const pick = (sel, row, map) => {
  let scope = row;
  if (sel.header) {
    const found = column(sel, row, map);
    if (!found.el) return found;
    scope = found.el;
  }
  if (sel.element) {
    const m = R.find(sel.element, row === R.doc.documentElement ? R.doc : row);
    if (m.elements.length !== 1) return { why: m.elements.length ? `${m.elements.length} elements: ${R.describe(m.elements[0])} and ${R.describe(m.elements[1])}` : `0 elements${m.hidden ? ` (${m.hidden} hidden)` : ""}` };
    return { el: m.elements[0], alternative: m.alternative };
  }
  if (!sel.css && !sel.xpath) return { el: scope };
  const found = sel.xpath ? R.matches({ css: sel.css, xpath: sel.xpath, hidden: true }, scope).shown : R.all(scope, sel.css);
  if (found.length === 0 && sel.css && scope.matches?.(sel.css)) return { el: scope };
  if (found.length !== 1) return { why: `${found.length} elements match ${sel.css || sel.xpath}` };
  return { el: found[0] };
};

const joint = "\u001f";

// one gives the value of one selection: {v: text} or {w: why not}.
const one = (sel, row, map) => {
  if (sel.take === "address") return { v: R.address() };
  if (sel.take === "column") return { w: "" };
  if (sel.join) {
    const parts = sel.join.map((s) => one(s, row, map));
    const missing = parts.find((p) => p.v === undefined);
    return missing ?? { v: parts.map((p) => p.v).join(joint) };
  }
  const found = pick(sel, row, map);
  const value = found.el ? take(found.el, sel) : null;
  return value === null ? { w: found.why || `it has no ${sel.take} ${sel.name || ""}`.trim() } : { v: value, a: found.alternative || undefined };
};

// cell tries the alternatives of a column. The answer has one entry for each that was tried.
R.cell = (selections, row, map) => {
  const tried = [];
  for (const sel of selections) {
    const value = one(sel, row, map);
    tried.push(value);
    if (value.v !== undefined && sel.final) break;
  }
  return tried;
};

// plain reports whether the cells of a section of a table stand one in each column.
const plain = (section) => {
  R.plain ??= new Map();
  if (!R.plain.has(section)) R.plain.set(section, !section.querySelector("[rowspan],[colspan],[aria-colindex]"));
  return R.plain.get(section);
};

// direct compiles a column for the rows of a plain table: a function that gives the text, or undefined where the long way must
// find out more. Most lists are such tables, and this is what a page spends its time on.
const direct = (selections, map) => {
  const [sel] = selections;
  if (!sel?.header || sel.element || sel.xpath || sel.join || !sel.final || !["text", "textContent", "link"].includes(sel.take) || hosts().length) return null;
  const { at } = place(sel.header, map);
  if (at === undefined) return null;
  const inner = sel.css ? (cell) => { const found = cell.querySelectorAll(sel.css); return found.length === 1 ? found[0] : null; } : (cell) => cell;
  const value = { text: (el) => (el.tagName === "TD" || el.tagName === "A" ? (R.inert ? inertText(el) : bareText(el) ?? el.innerText) : take(el, sel)), textContent: (el) => el.textContent, link: (el) => take(el, sel) }[sel.take];
  return (row) => {
    const cell = row.cells[at];
    const el = cell && inner(cell);
    return el ? value(el) ?? undefined : undefined;
  };
};

// brief writes the cell of a column as its text alone, where its first alternative is there.
const brief = (tried) => (tried.length === 1 && tried[0].v !== undefined && !tried[0].a ? tried[0].v : tried);

// print recognises a row again by its text and what its fields hold.
R.print = (row) => {
  let h = 2166136261;
  for (const c of row.textContent.replace(/\s+/g, " ")) h = Math.imul(h ^ c.codePointAt(0), 16777619) >>> 0;
  return String(h);
};

// read answers a whole page.
R.read = (plan) => {
  const answer = { url: R.address(), ready: R.doc.readyState, proof: !plan.proof || R.holds(plan.proof) };
  answer.empty = !!plan.empty && R.holds(plan.empty);
  if (!answer.proof) return answer;
  if (plan.total) answer.total = R.cell([plan.total], R.doc.documentElement, [])[0];
  const rows = !plan.columns && plan.record ? [] : plan.record ? [R.doc.documentElement] : plan.rows.alternatives?.length ? R.rows(plan.rows, plan.skip) : [];
  if (!plan.record && rows.length) answer.alternative = R.find(plan.rows).alternative;
  if (rows.length > plan.limit) { answer.tooMany = rows.length; return answer; }
  R.current = new Set(rows);
  if (plan.prints) answer.prints = rows.map(R.print);
  const byTable = new Map();
  answer.rows = rows.map((row) => {
    const table = row.closest(tables) ?? row.parentElement;
    if (!byTable.has(table)) {
      const map = headers(row);
      byTable.set(table, { map, ways: (plan.columns ?? []).map((selections) => direct(selections, map)) });
    }
    const { map, ways } = byTable.get(table);
    const quick = row.tagName === "TR" && plain(row.parentElement);
    return (plan.columns ?? []).map((selections, i) => (quick ? ways[i]?.(row) : undefined) ?? brief(R.cell(selections, row, map)));
  });
  answer.headers = [...new Set([...byTable.values()].flatMap((t) => t.map).map((h) => h.text))].slice(0, 100);
  if (plan.next) Object.assign(answer, follow(plan.next));
  R.current = null;
  return answer;
};

// follow tells about the link to the next page.
const follow = (next) => {
  const m = R.find(next);
  const el = m.elements[0];
  if (!el) return { next: "none" };
  if (m.elements.length > 1 && !m.many) return { next: "several", nextWhy: `${R.describe(el)} and ${R.describe(m.elements[1])}` };
  if (el.matches(":disabled,[aria-disabled=true],[aria-disabled=true] *,.disabled,.disabled *")) return { next: "disabled" };
  const a = el.closest("a[href]");
  const href = a && !a.target && !/^(#|javascript:)/i.test(a.getAttribute("href")) ? new URL(a.getAttribute("href"), R.address()).href : undefined;
  return { next: "ready", href };
};

// personal lists the cells of a list that are personal. A row in which one cannot be found is covered as a whole.
R.personal = (list) => {
  const out = [];
  try {
    for (const row of R.rows(list.rows, list.skip)) {
      const map = headers(row);
      for (const selections of list.columns) {
        const found = selections.map((sel) => pick(sel, row, map).el).find(Boolean);
        out.push(found ?? row);
      }
    }
  } catch { /* a selector that the browser does not understand is reported where it is used */ }
  return out;
};

// state tells where the document is.
R.state = () => ({ url: location.href, ready: document.readyState });
