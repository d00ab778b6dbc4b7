// Acting: whether an element can be acted upon now, where to press, and whether the press reached it.

const frameOffset = (el) => {
  let x = 0, y = 0;
  for (let win = el.ownerDocument.defaultView; win && win !== window && win.frameElement; win = win.parent) {
    const box = win.frameElement.getBoundingClientRect();
    x += box.left + win.frameElement.clientLeft;
    y += box.top + win.frameElement.clientTop;
  }
  return { x, y };
};

const nextFrame = () => new Promise((done) => {
  let timer = setTimeout(done, 50);
  requestAnimationFrame(() => { clearTimeout(timer); done(); });
});

// boxes is where an element can be pressed: the client rectangles of its visible parts, largest first.
const boxes = (el) => {
  const rects = [...el.getClientRects()].filter((r) => r.width > 0 && r.height > 0);
  return rects.sort((a, b) => b.width * b.height - a.width * a.height);
};

// hit tells what a press at a point would meet: through shadow roots, down to the innermost element.
const hit = (doc, x, y) => {
  let found = doc.elementFromPoint(x, y);
  while (found?.shadowRoot) {
    const inner = found.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === found) break;
    found = inner;
  }
  return found;
};

// inside reports whether the element that was met belongs to the one that is meant: it or a part of it, its label, or the
// field of a label.
const inside = (met, el) => {
  for (let n = met; n; n = n.parentNode || n.host) if (n === el) return true;
  const label = met?.closest?.("label");
  return !!label && (label.control === el || label === el);
};

// reachable reports whether a point of a frame is not covered by something in the pages around it.
const reachable = (el, x, y) => {
  for (let win = el.ownerDocument.defaultView; win && win !== window && win.frameElement; win = win.parent) {
    const frame = win.frameElement, box = frame.getBoundingClientRect();
    x += box.left + frame.clientLeft;
    y += box.top + frame.clientTop;
    if (hit(frame.ownerDocument, x, y) !== frame) return false;
  }
  return true;
};

// above tells what lies over a point of the window, if it is no frame.
R.above = (req) => {
  const met = hit(document, req.x, req.y);
  return /^I?FRAME$/.test(met?.tagName ?? "") ? { ok: true } : { ok: false, why: `it is covered by ${R.describe(met)}` };
};

const disabled = (el) => el.matches(":disabled") || !!el.closest("[aria-disabled=true]") || !!el.closest("fieldset:disabled") && el.matches("button,input,select,textarea");
const readOnly = (el) => el.readOnly === true || el.getAttribute("aria-readonly") === "true";
const editable = (el) => el.tagName === "INPUT" || el.tagName === "TEXTAREA" || el.isContentEditable;

// theRow finds a row again: at its place, or, where the list has changed since, the one with the same text.
const theRow = (req) => {
  const rows = R.rows(req.rows, req.skip);
  if (!req.print || (rows[req.row] && R.print(rows[req.row]) === req.print)) return rows[req.row];
  const same = rows.filter((r) => R.print(r) === req.print);
  return same.length === 1 ? same[0] : undefined;
};

// one finds the single element of a request, or says what there is instead.
R.one = (req) => {
  const scope = req.row === undefined ? R.doc : theRow(req);
  if (!scope) return { error: "the row is not there any more" };
  const m = R.find(req.element, scope);
  if (m.elements.length === 0) return { error: m.hidden ? `it is there, but not visible (${m.hidden} hidden)` : "not on the page" };
  if (m.elements.length > 1 && !m.many) {
    return { error: `${m.elements.length} matches: ${R.describe(m.elements[0])} and ${R.describe(m.elements[1])}`, many: true };
  }
  return { el: m.elements[0], alternative: m.alternative };
};

// prepare makes sure that an element can be acted upon: one, visible, stable, enabled, editable, not covered. It scrolls
// it into view and returns the point to press.
R.prepare = async (req) => {
  if (req.text === "hidden") req.element.alternatives = req.element.alternatives.map((t) => ({ ...t, hidden: true }));
  const found = R.one(req);
  if (!found.el) return { ok: false, why: found.error, many: found.many };
  R.chosen = null;
  return { ...(await ready(req, found.el)), alternative: found.alternative };
};

// prepareTarget does the same for the element that is held already.
R.prepareTarget = (req) => ready(req, R.target);

const ready = async (req, el) => {
  if (req.enabled && disabled(el)) return { ok: false, why: "it is disabled", what: R.describe(el) };
  if (req.editable && !editable(el)) return { ok: false, why: `${R.describe(el)} is no text field`, what: R.describe(el) };
  if (req.editable && readOnly(el)) return { ok: false, why: "it is read-only", what: R.describe(el) };
  const modes = [null, { block: "end", inline: "end" }, { block: "center", inline: "center" }, { block: "start", inline: "start" }];
  const mode = modes[(req.attempt || 0) % modes.length];
  if (mode) el.scrollIntoView({ ...mode, behavior: "instant" });
  else el.scrollIntoViewIfNeeded ? el.scrollIntoViewIfNeeded(true) : el.scrollIntoView({ block: "center", behavior: "instant" });
  const before = el.getBoundingClientRect();
  await nextFrame();
  await nextFrame();
  const after = el.getBoundingClientRect();
  if (!el.isConnected) return { ok: false, why: "it was replaced while it was looked at" };
  if (["left", "top", "width", "height"].some((k) => Math.abs(before[k] - after[k]) > 0.5)) return { ok: false, why: "it is moving" };
  R.target = el;
  if (!req.point) return { ok: true, what: R.describe(el) };
  const offset = frameOffset(el);
  let cover = null;
  for (const r of boxes(el).slice(0, 3)) {
    const width = el.ownerDocument.documentElement.clientWidth, height = el.ownerDocument.documentElement.clientHeight;
    const left = Math.max(r.left, 0), right = Math.min(r.right, width), top = Math.max(r.top, 0), bottom = Math.min(r.bottom, height);
    if (right - left < 1 || bottom - top < 1) continue;
    for (const [fx, fy] of [[0.5, 0.5], [0.25, 0.5], [0.75, 0.5], [0.5, 0.25], [0.5, 0.75]]) {
      const x = left + (right - left) * fx, y = top + (bottom - top) * fy;
      const met = hit(el.ownerDocument, x, y);
      if (inside(met, el) && reachable(el, x, y)) {
        R.press = { hit: null };
        return { ok: true, x: x + offset.x, y: y + offset.y, what: R.describe(el) };
      }
      cover ??= met;
    }
  }
  return { ok: false, why: cover ? `it is covered by ${R.describe(cover)}` : "it is outside of the window", what: R.describe(el) };
};

// arm watches the coming press, before the page sees it, and stops it if it meets something else: the layout may have
// moved between looking and pressing.
R.arm = () => {
  const el = R.target;
  const win = el.ownerDocument.defaultView;
  R.press = { hit: /^I?FRAME$/.test(el.tagName) ? true : null, met: "" }; // what a frame is pressed with is seen inside it only
  let stopped = false;
  const watch = (event) => {
    if (!event.isTrusted) return;
    if (event.type === "pointerdown" || event.type === "mousedown") {
      const met = event.composedPath()[0];
      stopped = !inside(met, el);
      R.press = { hit: !stopped, met: R.describe(met) };
    }
    if (stopped) { event.preventDefault(); event.stopImmediatePropagation(); }
  };
  const types = ["pointerdown", "mousedown", "pointerup", "mouseup", "click", "dblclick"];
  for (const t of types) win.addEventListener(t, watch, true);
  R.disarm = () => { for (const t of types) win.removeEventListener(t, watch, true); };
  return true;
};

// pressed tells what the press met. The watch ends with the last press, not with its first click: a double click that
// missed must not count either.
R.pressed = (req) => {
  if (req.text === "end" || R.press.hit === false) R.disarm?.();
  return R.press;
};

// focus puts the cursor into the prepared field and selects what stands there.
R.focus = () => {
  const el = R.target;
  el.focus();
  if (el.select) el.select();
  else if (el.isContentEditable) el.ownerDocument.defaultView.getSelection().selectAllChildren(el);
  const active = el.getRootNode().activeElement;
  return active === el || el.contains(active);
};

// targetValue reads the prepared field again.
R.targetValue = () => (R.target?.isConnected ? { ok: true, value: R.fieldValue(R.target) } : { ok: false });

// choose picks the option of a <select> whose text, or else whose value, matches.
R.choose = (req) => {
  const el = R.target;
  if (el.tagName !== "SELECT") return R.open(req);
  const p = R.pattern(req.text);
  const options = [...el.options].filter((o) => !o.disabled);
  let hits = options.filter((o) => p.test(o.label));
  if (!hits.length) hits = options.filter((o) => p.test(o.value));
  if (hits.length !== 1) {
    return { ok: false, why: `${hits.length} of its options are ${req.text}; there are: ${options.slice(0, 20).map((o) => o.label.trim()).join(", ")}` };
  }
  if (!hits[0].selected) {
    el.value = hits[0].value;
    hits[0].selected = true;
    el.dispatchEvent(new Event("input", { bubbles: true }));
    el.dispatchEvent(new Event("change", { bubbles: true }));
  }
  return { ok: hits[0].selected, value: hits[0].label };
};

// A drop-down made of other elements: its options are there only once it is open, and often elsewhere in the page.
const options = "option,[role=option],[role=menuitem],[role=menuitemradio],[role=treeitem],li,[class*=option i],[class*=item i],td";

// open remembers what is on the page before the drop-down opens, so that its options are known by being new.
R.open = (req) => {
  const p = R.pattern(req.text);
  R.before = new Set(optionElements(p).filter(R.visible));
  return { ok: true, custom: true, shows: showsItself(R.target, p) };
};

// optionElements are the innermost elements with a text, or what around them is an option.
const optionElements = (p) => [...new Set(byText(document, p).map((e) => e.closest("[role=option],[role=menuitem],[role=menuitemradio],[role=treeitem]") ?? e))];

// option looks for the option of the drop-down that was opened, and makes it the prepared element.
R.option = (req) => {
  const p = R.pattern(req.text);
  const box = R.chosen ?? R.target;
  let found = req.element ? R.find(req.element).elements.filter((e) => p.test(R.text(e)))
    : optionElements(p).filter((e) => R.visible(e) && !R.before.has(e) && !e.contains(box) && !box.contains(e));
  if (!found.length && !req.element) found = optionElements(p).filter((e) => R.visible(e) && /^(option|menuitem|menuitemradio|treeitem)$/.test(R.role(e)));
  const real = found.filter((e) => e.matches("[role=option],[role=menuitem],[role=menuitemradio],[role=treeitem]"));
  if (real.length) found = real;
  if (found.length !== 1) {
    const seen = R.all(document, options).filter((e) => R.visible(e) && !e.contains(box)).slice(0, 20).map((e) => R.text(e).trim().slice(0, 40)).filter(Boolean);
    return { ok: false, many: found.length > 1, why: `${found.length} options are ${req.text}; on the page: ${[...new Set(seen)].join(", ") || "none"}` };
  }
  R.chosen = box;
  R.target = found[0];
  return { ok: true };
};

// showsItself reports whether an element shows a text, options in it left aside.
const showsItself = (e, p) => {
  const inner = R.all(e, "*").slice(0, 80).filter((x) => R.visible(x) && !x.closest("[role=option],option"));
  return [e, ...inner].some((x) => [R.text(x), x.value, x.getAttribute("title")].some((t) => t && p.test(t)));
};

// shows reports whether a drop-down shows a text: in itself, or in the control that it is a part of.
const shows = (el, p) => {
  for (let e = el, up = 0; e && up < 4; e = e.parentElement ?? e.getRootNode()?.host, up++) {
    if (showsItself(e, p)) return true;
    if (up > 0 && e.matches("form,fieldset,[role=dialog],main,body")) break;
  }
  return false;
};

// chose reports whether the drop-down shows what was chosen, now that its options are gone.
R.chose = (req) => {
  const el = R.chosen;
  if (!el?.isConnected) return { ok: true, value: "replaced" };
  return { ok: shows(el, R.pattern(req.text)) };
};

// stillOpen reports whether the options that came when the drop-down was opened are still there.
R.stillOpen = () => ({ ok: R.visible(R.target) && !!R.before && !R.before.has(R.target) && !R.chosen?.contains(R.target) });

R.forget = () => { R.chosen = null; R.before = null; return { ok: true }; };

// scroller is what scrolls when an element should: itself, or the first around or inside it that can.
const scroller = (el) => {
  const can = (e) => e.scrollHeight > e.clientHeight + 1 && (e === document.documentElement || /auto|scroll|overlay|hidden/.test(getComputedStyle(e).overflowY));
  for (let e = el; e && e !== document.documentElement; e = e.parentElement) if (can(e)) return e;
  return [...el.querySelectorAll("*")].find(can) ?? document.documentElement;
};

// scrollEnd scrolls to the end, scrollTop to the beginning; scrollOn goes on by most of what is shown, so that a grid which
// replaces its rows is seen without gaps. at is where it stands now.
const scrolled = (req, move) => {
  const found = R.one(req);
  if (!found.el) return { ok: false, why: found.error };
  const el = scroller(found.el);
  move(el);
  el.dispatchEvent(new Event("scroll"));
  return { ok: true, alternative: found.alternative, at: el.scrollTop, end: el.scrollTop + el.clientHeight >= el.scrollHeight - 2, height: el.scrollHeight };
};
R.scrollEnd = (req) => scrolled(req, (el) => { el.scrollTop = el.scrollHeight; });
R.scrollTop = (req) => scrolled(req, (el) => { el.scrollTop = 0; });
R.scrollOn = (req) => scrolled(req, (el) => { el.scrollTop += Math.max(el.clientHeight * 0.6, 20); });

// file tells what a file field holds.
R.file = () => ({ ok: R.target.files?.length === 1, value: R.target.files?.[0]?.name ?? "" });
