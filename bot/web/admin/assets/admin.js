// What a running job does, as it happens; and a question before what cannot be undone. Without this file everything works all the same.
"use strict";
for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirm)) event.preventDefault();
  });
}
const jobs = document.querySelectorAll("section[data-job]");
if (jobs.length && window.EventSource) {
  const shown = Array.from(jobs, (job) => job).filter((job) => job.dataset.running).map((job) => job.dataset.job).sort().join();
  const verdict = document.querySelector(".verdict"), said = verdict.innerHTML;
  const source = new EventSource("/progress");
  source.onmessage = (event) => {
    if (verdict.classList.contains("lost")) verdict.innerHTML = said;
    verdict.classList.remove("lost");
    const texts = JSON.parse(event.data) || {};
    for (const job of jobs) job.querySelector(".doing").textContent = texts[job.dataset.job] || "";
    if (Object.keys(texts).sort().join() !== shown) window.location.reload();
  };
  source.onerror = () => {
    if (verdict.classList.contains("lost")) return;
    verdict.classList.add("lost");
    verdict.textContent = `No connection since ${new Date().toLocaleTimeString()}: what stands here may be old.`;
  };
}
// Who has logged in elsewhere goes on from a page of ours: the session's cookie goes with requests of our own pages only.
document.getElementById("entered")?.click();
// In the lab, a line, its matches on the pictures and its findings light up together; a click goes to the line in the file.
const text = document.querySelector(".lab textarea");
if (text) {
  const lines = () => text.value.split("\n");
  const show = (line) => { text.scrollTop = Math.max(0, (line - 6) * (text.scrollHeight / lines().length)); };
  const follow = (one) => {
    const line = Number(one.dataset.line);
    const light = (on) => { for (const other of document.querySelectorAll(`[data-line="${line}"]`)) other.classList.toggle("lit", on); };
    one.addEventListener("mouseenter", () => light(true));
    one.addEventListener("mouseleave", () => light(false));
    one.addEventListener("click", (event) => {
      if (event.target.closest("button:not(.goto), a, .picking")) return;
      const before = lines().slice(0, line - 1);
      const at = before.join("\n").length + (before.length ? 1 : 0);
      text.focus();
      text.setSelectionRange(at, at + (lines()[line - 1] || "").length);
      show(line);
    });
  };
  const wrong = new Set(Array.from(document.querySelectorAll("#findings ~ ul [data-line]"), (one) => one.dataset.line));
  for (const one of document.querySelectorAll("[data-line]")) follow(one);
  const numbers = document.createElement("div");
  numbers.className = "numbers";
  numbers.setAttribute("aria-hidden", "true");
  text.parentElement.prepend(numbers);
  const number = () => {
    const count = lines().length;
    while (numbers.childElementCount > count) numbers.lastChild.remove();
    while (numbers.childElementCount < count) {
      const one = document.createElement("span");
      one.textContent = one.dataset.line = numbers.childElementCount + 1;
      one.classList.toggle("wrong", wrong.has(one.dataset.line));
      numbers.append(one);
      follow(one);
    }
  };
  number();
  text.addEventListener("input", number);
  let leaving = false;
  window.addEventListener("submit", (event) => { leaving = !event.defaultPrevented && new URL(event.target.action).pathname.startsWith("/lab/"); });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && (text.dataset.unsaved || text.value !== text.defaultValue)) event.preventDefault();
  });
  text.addEventListener("scroll", () => { numbers.scrollTop = text.scrollTop; });
  if (wrong.size) show(Math.min(...wrong));
}
// Picking: the edit goes with it as it stands, and a click on the picture says where.
for (const form of document.querySelectorAll("form[id^=pick-]")) {
  form.addEventListener("submit", () => { form.elements.text.value = text.value; });
}
for (const button of document.querySelectorAll("button.onpicture")) {
  const form = document.getElementById(button.dataset.pick), shot = button.closest("figure").querySelector("svg");
  button.hidden = false;
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    shot.classList.toggle("picking", on);
  });
  shot.addEventListener("click", (event) => {
    if (!shot.classList.contains("picking")) return;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(shot.getScreenCTM().inverse());
    for (const [name, value] of [["do", "pick"], ["x", Math.round(at.x)], ["y", Math.round(at.y)]]) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      form.prepend(field);
    }
    form.elements.text.value = text.value;
    form.requestSubmit();
  });
}
// A proposal goes into the text as it stands, and not into the one that it was made for: what was typed meanwhile stays.
for (const form of document.querySelectorAll("form.take")) {
  form.addEventListener("submit", (event) => {
    if (text.value === text.defaultValue) return;
    const list = text.value.split("\n"), at = Number(form.dataset.at) - 1;
    const line = list[at]?.trim() === form.dataset.before ? at : list.findIndex((l) => l.trim() === form.dataset.before);
    if (line < 0) {
      event.preventDefault();
      window.alert("Your text does not have this line any more. Try your text first.");
      return;
    }
    list[line] = list[line].slice(0, list[line].length - list[line].trimStart().length) + form.dataset.after;
    form.elements.text.value = list.join("\n");
  });
}
