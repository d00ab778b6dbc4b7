// Snapshot: the page as one document without scripts, for trying selectors without the site. Passwords are left out; e-mail
// addresses, phone numbers and what the file marks are replaced by something of the same kind that is always the same.

const digest = (s) => { let h = 2166136261; for (const c of s) h = Math.imul(h ^ c.codePointAt(0), 16777619) >>> 0; return h; };

// scrub replaces addresses and phone numbers in a text. A number keeps its form, so that what parses still does.
const scrub = (s) => s.replace(address, (m) => {
  if (m.includes("@")) return `person${digest(m.toLowerCase()) % 100000}@example.com`;
  let h = digest(m.replace(/\D/g, "")), kept = 0;
  return m.replace(/\d/g, (d) => { if (kept++ < 3) return d; h = Math.imul(h, 1103515245) + 12345 >>> 0; return String(h >>> 16 & 7); });
});

// plainAddress leaves the long values out of an address, which are tokens more often than not, and shows its @ signs.
const plainAddress = (s) => s.replace(/%40/gi, "@").replace(/([?&;][^=&#]*(?:token|key|secret|session|sid|auth|sig|csrf|code|pass)[^=&#]*=)[^&#]+/gi, "$1…").replace(/([?&][^=&#]*=)[^&#]{25,}/g, "$1…");

// veil replaces letters and digits of marked personal data.
const veil = (s) => s.replace(/\p{Lu}/gu, "X").replace(/\p{L}/gu, (c) => (c === "X" ? c : "x")).replace(/\p{N}/gu, "0");

const voids = new Set(["AREA", "BASE", "BR", "COL", "EMBED", "HR", "IMG", "INPUT", "LINK", "META", "SOURCE", "TRACK", "WBR"]);

const rules = (sheet) => {
  try { return [...sheet.cssRules].map((r) => r.cssText).join("\n").replace(/url\([^)]*\)/g, "none").replace(/<\//g, "<\\/"); } catch { return ""; }
};

R.snapshot = (req) => {
  const marked = new Set();
  for (const element of req.mask || []) for (const t of element.alternatives) R.matches({ ...t, hidden: true }, document).shown.forEach((e) => marked.add(e));
  const secret = new Set(R.secret ?? []);
  let out = "", size = 0;
  const write = (s) => { out += s; size += s.length; if (size > req.limit) throw new Error(`a page of more than ${req.limit} characters`); };
  const attributes = (el, hidden) => {
    const list = new Map([...el.attributes].map((a) => [a.name, a.value]));
    for (const name of [...list.keys()]) if (/^on|^(srcset|integrity|nonce|ping|srcdoc|autofocus)$/i.test(name)) list.delete(name);
    if (el.matches("img,source,video,audio,embed,object,input[type=image],iframe,frame")) { list.delete("src"); list.delete("data"); }
    if (el.tagName === "IMG") { const b = el.getBoundingClientRect(); list.set("style", `${list.get("style") ?? ""};width:${b.width}px;height:${b.height}px`); }
    if (el.matches("input,textarea,select")) {
      if (el.matches(sensitive) || secret.has(el) || el.type === "hidden") list.set("value", "");
      else if (el.tagName === "INPUT" && !["file"].includes(el.type)) list.set("value", el.value);
      if (["checkbox", "radio"].includes(el.type)) { list.delete("checked"); if (el.checked) list.set("checked", ""); }
    }
    if (el.tagName === "OPTION") { list.delete("selected"); if (el.selected) list.set("selected", ""); }
    return [...list].map(([name, value]) => ` ${name}="${escape(hidden && !["id", "class", "name", "type", "role"].includes(name) ? veil(value) : scrub(/^(href|action|formaction)$/.test(name) ? plainAddress(value) : value))}"`).join("");
  };
  const walk = (node, hidden) => {
    if (node.nodeType === Node.TEXT_NODE) return write(escape(hidden ? veil(node.data) : scrub(node.data)));
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    if (["SCRIPT", "NOSCRIPT", "BASE"].includes(node.tagName) || node.matches("meta:not([charset]):not([name=viewport]),link:not([rel~=stylesheet])")) return;
    if (node.tagName === "LINK" || node.tagName === "STYLE") return write(`<style>${node.sheet ? rules(node.sheet) : ""}</style>`);
    const name = node.tagName.toLowerCase(), veiled = hidden || marked.has(node);
    write(`<${name}${attributes(node, veiled)}`);
    if (name === "iframe" || name === "frame") {
      let inner = null;
      try { inner = node.contentDocument; } catch { /* another site */ }
      if (inner?.documentElement) { const before = out; out = ""; walk(inner.documentElement, veiled); const text = out; out = before; write(` srcdoc="${escape(text)}"`); }
    }
    write(">");
    if (voids.has(node.tagName)) return;
    const root = shadowOf(node);
    if (root) {
      write('<template shadowrootmode="open">');
      for (const sheet of root.adoptedStyleSheets ?? []) write(`<style>${rules(sheet)}</style>`);
      root.childNodes.forEach((c) => walk(c, veiled));
      write("</template>");
    }
    if (name === "textarea") write(escape(secret.has(node) ? "" : veiled ? veil(node.value) : scrub(node.value)));
    else node.childNodes.forEach((c) => walk(c, veiled));
    if (name === "head") for (const sheet of document.adoptedStyleSheets ?? []) write(`<style>${rules(sheet)}</style>`);
    write(`</${name}>`);
  };
  walk(document.documentElement, false);
  return out;
};

// inspect tells of each element what every one of its alternatives matches, without the rule that there must be one.
R.inspect = (req) => req.elements.map((element) => {
  try {
    return { alternatives: element.alternatives.map((t) => {
      const m = R.matches({ ...t, first: false }, R.doc);
      const el = m.shown[0];
      const boxes = m.shown.slice(0, 300).map((e) => e.getBoundingClientRect()).map((r) => [r.x + scrollX, r.y + scrollY, r.width, r.height].map(Math.round));
      return { n: m.shown.length, hidden: m.hidden, boxes, sample: el ? (R.text(el) || R.fieldValue(el) || R.describe(el)).replace(/\s+/g, " ").trim().slice(0, 60) : "" };
    }) };
  } catch (e) { return { error: String(e.message ?? e) }; }
});
