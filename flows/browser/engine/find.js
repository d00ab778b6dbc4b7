// Finding elements: what a Target of a selector file matches on this page.

const fields = "input:not([type=hidden]),select,textarea,button,meter,output,progress,[contenteditable=''],[contenteditable=true],[role=textbox]," +
  "[role=combobox],[role=listbox],[role=checkbox],[role=radio],[role=switch],[role=spinbutton],[role=searchbox],[role=slider]," +
  "[role=radiogroup],[role=group],[role=button],[aria-label],[aria-labelledby]";

const noText = new Set(["SCRIPT", "STYLE", "HEAD", "TITLE", "NOSCRIPT", "TEMPLATE", "HTML", "META", "LINK"]);

// byText finds the innermost elements whose text matches. It goes down only where a text can match, so a page of many
// elements costs little.
const byText = (scope, pattern, hidden) => {
  const found = [];
  for (const root of R.roots(scope)) {
    const walk = (el) => {
      if (noText.has(el.tagName) && el !== root) return el.tagName === "HTML" ? walkChildren(el) : false;
      const inner = walkChildren(el);
      if (inner) return true;
      if (el.nodeType !== Node.ELEMENT_NODE || el === scope) return false;
      const text = el.tagName === "INPUT" ? R.text(el) : el.textContent;
      if (!text && !shadowOf(el) || text.length > pattern.length && (text.length > 20000 || R.fold(text).length > pattern.length)) return false;
      if (!pattern.test(text) && !pattern.test(R.text(el))) return false;
      found.push(el);
      return hidden || R.visible(el); // what is not shown does not keep what is around it from being meant
    };
    const walkChildren = (el) => { let any = false; for (const child of el.children) if (walk(child)) any = true; return any; };
    walk(root.nodeType === Node.DOCUMENT_NODE ? root.documentElement ?? root : root);
  }
  return found;
};

const byXPath = (scope, xpath) => {
  const doc = scope.ownerDocument || scope;
  const result = doc.evaluate(xpath, scope, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
  const found = [];
  for (let i = 0; i < result.snapshotLength; i++) {
    const node = result.snapshotItem(i);
    const el = node.nodeType === 1 ? node : node.nodeType === Node.TEXT_NODE ? node.parentElement : null;
    if (el && !found.includes(el)) found.push(el);
  }
  return found;
};

const testIDs = ["data-testid", "data-test", "data-qa", "data-cy", "data-test-id", "data-qa-id", "data-testing"];
const headingTags = "h1,h2,h3,h4,h5,h6,[role=heading]";

// byRole narrows the search by what can have a role: the attribute, or the tags that imply it.
const tagsOf = new Map();
for (const [tag, role] of Object.entries(implied)) {
  const key = typeof role === "string" ? role : "*";
  tagsOf.set(key, [...(tagsOf.get(key) ?? []), tag.toLowerCase()]);
}
const byRole = (scope, role) => {
  const tags = [...(tagsOf.get(role) ?? []), ...tagsOf.get("*")];
  return R.all(scope, tags.join(",") + ",[role]").filter((e) => R.role(e) === role && !R.ariaHidden(e));
};

const roleTest = (role) => (e) => R.role(e) === role;

R.labelled = (text) => {
  const p = R.pattern(text);
  return (e) => R.labels(e).some((l) => p.test(l) || p.test(l.replace(/^[\s*]+|[\s*:：]+$/gu, "")));
};

// candidates lists what matches a target's keys in a scope, whether visible or not. The first key looks for elements, the
// further ones filter.
const candidates = (t, scope) => {
  const tests = [];
  let list = null;
  const key = (value, find, filter) => {
    if (!value) return;
    if (list === null) list = find(value);
    else tests.push(filter(value));
  };
  const attr = (name) => [
    (v) => { const p = R.pattern(v); return R.all(scope, `[${name}]`).filter((e) => p.test(e.getAttribute(name))); },
    (v) => { const p = R.pattern(v); return (e) => e.hasAttribute(name) && p.test(e.getAttribute(name)); },
  ];
  key(t.css, (v) => R.all(scope, v), null);
  key(t.xpath, (v) => byXPath(scope, v), (v) => { const set = new Set(byXPath(scope, v)); return (e) => set.has(e); });
  key(t.testid, (v) => { const p = R.pattern(v); return testIDs.flatMap((a) => R.all(scope, `[${a}]`).filter((e) => p.test(e.getAttribute(a)))); },
    (v) => { const p = R.pattern(v); return (e) => testIDs.some((a) => e.hasAttribute(a) && p.test(e.getAttribute(a))); });
  key(t.label, (v) => R.all(scope, fields).filter(R.labelled(v)), R.labelled);
  key(t.placeholder, ...attr("placeholder"));
  const heading = (v) => { const p = R.pattern(v); return (e) => R.role(e) === "heading" && (t.hidden || !R.ariaHidden(e)) && (p.test(R.name(e)) || p.test(R.text(e))); };
  key(t.heading, (v) => R.all(scope, headingTags).filter(heading(v)), heading);
  key(t.title, ...attr("title"));
  key(t.alt, (v) => attr("alt")[0](v).filter((e) => e.matches("img,area,input")), attr("alt")[1]);
  if (!t.role) key(t.name, ...attr("name"));
  const role = { image: "img", none: "presentation" }[t.role?.toLowerCase()] ?? t.role?.toLowerCase();
  key(role, (v) => (t.hidden ? R.all(scope, "*").filter(roleTest(v)) : byRole(scope, v)), roleTest);
  if (t.name && t.role) { const p = R.pattern(t.name); tests.push((e) => p.test(R.name(e))); }
  key(t.text, (v) => byText(scope, R.pattern(v), t.hidden), (v) => { const p = R.pattern(v); return (e) => p.test(R.text(e)) || p.test(e.textContent); });
  if (t.frame) tests.push((e) => R.framed(e, t.frame));
  return (list || []).filter((e) => tests.every((test) => test(e)));
};

// gap is how far two boxes lie apart. What stands on one line, or in one column, is closer than what stands askew; what
// follows is closer than what goes before.
const gap = (anchor, box) => {
  const dx = Math.max(anchor.left - box.right, box.left - anchor.right, 0), dy = Math.max(anchor.top - box.bottom, box.top - anchor.bottom, 0);
  return Math.hypot(dx, dy) + (dx > 0 && dy > 0 ? 10 : 0) + (box.right <= anchor.left || box.bottom <= anchor.top ? 5 : 0);
};

const placed = (el) => {
  const box = el.getBoundingClientRect(), offset = frameOffset(el);
  return { left: box.left + offset.x, right: box.right + offset.x, top: box.top + offset.y, bottom: box.bottom + offset.y };
};

// nearest keeps the elements closest to the anchor: one, or several that lie equally close.
const nearest = (list, near) => {
  const anchors = R.find(near).elements;
  if (anchors.length !== 1) return [];
  const others = list.filter((e) => e !== anchors[0] && !e.contains(anchors[0]));
  const at = placed(anchors[0]);
  const gaps = others.map((e) => gap(at, placed(e)));
  const least = Math.min(...gaps);
  return others.filter((_, i) => gaps[i] < least + 1);
};

// matches lists what a target stands for: the visible matches, or all of them where hidden is set.
R.matches = (t, scope) => {
  const scopes = t.in ? R.find(t.in, scope).elements : [scope];
  let list = [...new Set(scopes.flatMap((s) => candidates(t, s)))];
  if (t.has) list = list.filter((e) => R.find(t.has, e).elements.length > 0);
  let shown = t.hidden ? list : list.filter(R.visible);
  if (t.near) shown = nearest(shown, t.near);
  return { shown: t.first ? shown.slice(0, 1) : shown, hidden: list.length - shown.length };
};

// find tries the alternatives in order and returns the elements of the first that matches anything.
R.find = (element, scope = R.doc) => {
  let hidden = 0;
  for (let i = 0; i < element.alternatives.length; i++) {
    const m = R.matches(element.alternatives[i], scope);
    if (m.shown.length) return { elements: m.shown, alternative: i, many: !!element.alternatives[i].many, hidden };
    hidden += m.hidden;
  }
  return { elements: [], alternative: -1, many: false, hidden };
};
