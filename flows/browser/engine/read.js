// Reading: conditions, and all rows of a page with all their columns in one go, so that what is read is one moment.

R.holds = (c) => {
  if (c.visible && R.find(c.visible).elements.length === 0) return false;
  if (c.hidden && R.find(c.hidden).elements.length > 0) return false;
  if (c.url && !R.pattern(c.url).test(location.href)) return false;
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

// rows lists the row elements of a reading, without those to skip.
R.rows = (rows, skip) => {
  const found = R.find(rows).elements;
  if (!skip?.length) return found;
  return found.filter((row) => !skip.some((s) => s.alternatives.some((t) => {
    const list = R.matches(t, row.parentNode || document).shown;
    return list.some((e) => e === row || row.contains(e));
  })));
};

// cells lists the cells of a row with the column each begins at.
const cells = (row) => {
  let list = row.tagName === "TR" ? [...row.cells] : [...row.querySelectorAll("[role=cell],[role=gridcell],[role=rowheader]")];
  if (!list.length) list = [...row.children];
  let at = 0;
  return list.map((cell) => {
    const index = Number(cell.getAttribute("aria-colindex"));
    if (index > 0) at = index - 1;
    const start = at;
    at += cell.colSpan || 1;
    return { cell, start, end: at };
  });
};

// headers maps the headings above a row to columns. A table may have several header rows, and a filter row among them.
const headers = (row) => {
  const table = row.closest("table,[role=table],[role=grid],[role=treegrid]");
  if (!table) return [];
  let list = [...table.querySelectorAll("thead tr,[role=row]")].filter((r) => r.querySelector("th,[role=columnheader],thead td"));
  list = list.filter((r) => r.closest("table,[role=table],[role=grid],[role=treegrid]") === table);
  if (!list.length) list = [...table.querySelectorAll("tr")].filter((r) => r.querySelector("th") && r !== row).slice(0, 3);
  const found = [];
  for (const r of list) {
    for (const c of cells(r)) {
      const text = R.text(c.cell).trim() || c.cell.getAttribute("aria-label") || "";
      if (text) found.push({ text, start: c.start, end: c.end });
    }
  }
  return found;
};

// take gets one value from an element.
const take = (el, sel) => {
  switch (sel.take) {
    case "textContent": return el.textContent;
    case "value": return R.fieldValue(el);
    case "link": { const a = el.closest("a[href],area[href]") || el.querySelector("a[href]"); return a ? a.href : null; }
    case "attribute": return el.getAttribute(sel.name);
    case "property": return el[sel.name] === undefined || el[sel.name] === null ? null : String(el[sel.name]);
  }
  return el.tagName === "INPUT" || el.tagName === "TEXTAREA" || el.tagName === "SELECT" ? R.fieldValue(el) : R.text(el);
};

// pick finds the element of a selection in a row, or says why not.
const pick = (sel, row, map) => {
  let scope = row;
  if (sel.header) {
    const p = R.pattern(sel.header);
    const columns = map.filter((h) => p.test(h.text));
    const starts = new Set(columns.map((h) => h.start));
    if (starts.size !== 1) return { why: `${starts.size} columns with the heading ${sel.header}; there are: ${map.map((h) => h.text).join(", ")}` };
    const at = columns[0].start;
    const cell = cells(row).find((c) => c.start <= at && at < c.end);
    if (!cell) return { why: `the row has no cell under ${sel.header}` };
    scope = cell.cell;
  }
  if (sel.element) {
    const m = R.find(sel.element, row === document.documentElement ? document : row);
    if (m.elements.length !== 1) return { why: `${m.elements.length} elements` };
    return { el: m.elements[0] };
  }
  if (!sel.css && !sel.xpath) return { el: scope };
  const found = R.matches({ css: sel.css, xpath: sel.xpath, hidden: true }, scope).shown;
  if (found.length === 0 && sel.css && scope.matches?.(sel.css)) return { el: scope };
  if (found.length !== 1) return { why: `${found.length} elements match ${sel.css || sel.xpath}` };
  return { el: found[0] };
};

// cell tries the alternatives of a column. The answer has one entry for each that was tried: {v: text} or {w: why not}.
R.cell = (selections, row, map) => {
  const tried = [];
  for (const sel of selections) {
    if (sel.take === "address") { tried.push({ v: location.href }); break; }
    const found = pick(sel, row, map);
    const value = found.el ? take(found.el, sel) : null;
    tried.push(value === null ? { w: found.why || `it has no ${sel.take} ${sel.name || ""}`.trim() } : { v: value });
    if (value !== null && sel.final) break;
  }
  return tried;
};

// read answers a whole page.
R.read = (plan) => {
  const answer = { url: location.href, ready: document.readyState, proof: !plan.proof || R.holds(plan.proof) };
  answer.empty = !!plan.empty && R.holds(plan.empty);
  if (!answer.proof) return answer;
  if (plan.total) answer.total = R.cell([plan.total], document.documentElement, [])[0];
  const rows = plan.record ? [document.documentElement] : R.rows(plan.rows, plan.skip);
  if (rows.length > plan.limit) { answer.tooMany = rows.length; return answer; }
  const byTable = new Map();
  answer.rows = rows.map((row) => {
    const table = row.closest("table,[role=table],[role=grid],[role=treegrid]");
    if (!byTable.has(table)) byTable.set(table, headers(row));
    return plan.columns.map((selections) => R.cell(selections, row, byTable.get(table)));
  });
  answer.headers = [...byTable.values()].flat().map((h) => h.text).slice(0, 100);
  if (plan.next) {
    const m = R.find(plan.next);
    const el = m.elements[0];
    answer.next = m.elements.length === 0 ? "none" : m.elements.length > 1 && !m.many ? "several"
      : el.matches(":disabled,[aria-disabled=true],.disabled,.disabled *") ? "disabled" : "ready";
    if (answer.next === "several") answer.nextWhy = `${R.describe(el)} and ${R.describe(m.elements[1])}`;
  }
  return answer;
};

// state tells where the document is.
R.state = () => ({ url: location.href, ready: document.readyState });
