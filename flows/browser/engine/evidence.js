// Evidence: what a failed step leaves. Passwords and marked elements are covered before the picture; texts of the page are
// replaced by their shape in the saved structure.

const sensitive = "input[type=password],[autocomplete*=password],[autocomplete=one-time-code],[data-restock-secret]";

// Lengths are bounded: a page may be megabytes of one word.
// addresses finds the e-mail addresses and phone numbers that the page shows, wherever they stand.
const address = /[\p{L}\p{N}._%+'-]{1,64}@[\p{L}\p{N}-]{1,63}\.[\p{L}\p{N}.-]{1,190}|(\+|\b0)\d[\d\u00a0\u202f ().-]{6,24}\d|\(\d{2,5}\)[\u00a0 -]?\d[\d\u00a0 .-]{4,20}\d|\b\d{3}[-. \u00a0]\d{3}[-. \u00a0]\d{4}\b/gu;
const escapeRegExp = (s) => s.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const addresses = (names) => {
  const rects = [];
  const known = names.filter((n) => n.trim().length >= 3).sort((a, b) => b.length - a.length).map((n) => escapeRegExp(n.trim()).replace(/\s+/g, "\\s+"));
  const patterns = known.length ? [address, new RegExp(known.join("|"), "gu")] : [address];
  for (const root of R.roots(document)) {
    const doc = root.ownerDocument || root;
    const walker = doc.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (const m of patterns.flatMap((p) => [...node.data.matchAll(p)])) {
        const range = doc.createRange();
        range.setStart(node, m.index);
        range.setEnd(node, m.index + m[0].length);
        const offset = frameOffset(node.parentElement || doc.documentElement);
        for (const r of range.getClientRects()) rects.push({ left: r.left + offset.x, top: r.top + offset.y, width: r.width, height: r.height });
      }
    }
  }
  return rects;
};

// mask covers secret fields, marked elements and addresses with opaque boxes and returns how many there are.
R.mask = (req) => {
  R.unmask();
  const found = new Set(R.all(document, sensitive));
  for (const el of R.secret ?? []) if (el.isConnected) found.add(el);
  for (const element of req.mask || []) for (const t of element.alternatives) R.matches({ ...t, hidden: true }, document).shown.forEach((e) => found.add(e));
  const names = req.hidden?.names ?? [];
  const holds = (v) => v && (v.match(address) || names.some((n) => n.trim().length >= 3 && v.includes(n.trim())));
  for (const el of R.all(document, "input,textarea")) if (holds(String(el.value))) found.add(el);
  for (const list of req.hidden?.lists ?? []) for (const el of R.personal(list)) found.add(el);
  R.covered = found;
  const rects = addresses(names);
  for (const el of found) {
    const offset = frameOffset(el);
    for (const r of el.getClientRects()) rects.push({ left: r.left + offset.x, top: r.top + offset.y, width: r.width, height: r.height });
  }
  R.masks = rects.filter((r) => r.width > 0 && r.height > 0).map((r) => {
    const box = document.createElement("div");
    box.style.cssText = `all:initial;position:fixed;z-index:2147483647;background:#5b4b8a;left:${r.left}px;` +
      `top:${r.top}px;width:${r.width}px;height:${r.height}px`;
    (document.body || document.documentElement).append(box);
    // Above modal dialogs too, which lie over every z-index.
    if (box.showPopover) { box.popover = "manual"; box.style.margin = "0"; box.style.border = "0"; box.showPopover(); }
    return box;
  });
  return R.masks.length;
};

R.unmask = () => { (R.masks || []).forEach((b) => b.remove()); R.masks = []; return true; };

// keepSecret remembers a field that held a secret: it stays masked even when the page shows it as text.
R.keepSecret = () => { (R.secret ??= []).push(R.target); return true; };

const shape = (s) => s.replace(/\s+/g, " ").trim().replace(/\p{L}/gu, "a").replace(/\p{N}/gu, "9").slice(0, 80);
const keptAttributes = new Set(["id", "class", "name", "type", "role", "for", "scope", "colspan", "rowspan", "method", "disabled", "readonly", "hidden", "lang"]);
const escape = (s) => s.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

// structure writes the page with its tags and names, and every text replaced by its shape, up to a limit of characters.
R.structure = (req) => {
  let out = "";
  const walk = (node, depth) => {
    if (out.length > req.limit) return;
    if (node.nodeType === Node.TEXT_NODE) {
      const text = shape(node.data);
      if (text) out += "  ".repeat(depth) + escape(text) + "\n";
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || ["SCRIPT", "STYLE", "LINK", "META", "NOSCRIPT"].includes(node.tagName)) return;
    let tag = node.tagName.toLowerCase();
    for (const a of node.attributes) {
      if (keptAttributes.has(a.name)) tag += ` ${a.name}="${escape(a.value.slice(0, 200))}"`;
      else if (/^(data|aria)-/.test(a.name)) tag += ` ${a.name}="${escape(a.name === "data-testid" ? a.value : shape(a.value))}"`;
    }
    out += "  ".repeat(depth) + "<" + tag + ">\n";
    for (const child of node.shadowRoot?.childNodes ?? []) walk(child, depth + 1);
    for (const child of node.childNodes) walk(child, depth + 1);
  };
  walk(document.documentElement, 0);
  return out;
};

// origin tells whose document this is, and whether it is the page itself and not a frame.
R.origin = () => ({ origin: location.origin, top: window.top === window });

// storage is what this origin has stored for itself. A document that may not store anything has nothing.
R.storage = () => {
  const all = (store) => Object.fromEntries(Object.keys(store).map((k) => [k, store.getItem(k)]));
  try { return { origin: location.origin, local: all(localStorage), session: all(sessionStorage) }; } catch { return { origin: location.origin }; }
};

// near lists what is on the page where an element was not found: visible buttons, links, fields and headings, with the words
// on those whose words are the site's own and no customer's.
R.near = () => R.all(document, "h1,h2,h3,button,a[href],input,select,textarea,label,th,[role=button],[role=dialog],[role=alert],[role=columnheader]")
  .filter((el) => R.visible(el) && ![...(R.covered ?? [])].some((c) => c.contains(el))).slice(0, 60)
  .map((el) => R.describe(el) + (el.matches("h1,h2,h3,button,label,th,[role=button],[role=columnheader],nav a,header a") ? ` "${R.text(el).replace(/\s+/g, " ").trim().slice(0, 50)}"` : ""));

// troubles are the errors of the page's scripts.
R.troubles = () => R.troubled ?? [];
document.addEventListener("restock:trouble", (e) => {
  R.troubled ??= [];
  if (R.troubled.length < 30) R.troubled.push(String(e.detail).slice(0, 300));
});
