// What a running job does, as it happens; and a question before what cannot be undone. Without this file everything works all the same.
"use strict";
for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirm)) event.preventDefault();
  });
}
const jobs = document.querySelectorAll("section[data-job]");
if (jobs.length && window.EventSource) {
  let running = null;
  new EventSource("/progress").onmessage = (event) => {
    const texts = JSON.parse(event.data) || {};
    for (const job of jobs) job.querySelector(".doing").textContent = texts[job.dataset.job] || "";
    const now = Object.keys(texts).sort().join();
    if (running !== null && running !== now) window.location.reload();
    running = now;
  };
}
// In the lab, a line, its matches on the pictures and its findings light up together; a click goes to the line in the file.
const text = document.querySelector(".lab textarea");
if (text) {
  const all = document.querySelectorAll("[data-line]");
  for (const one of all) {
    const same = () => [...all].filter((other) => other.dataset.line === one.dataset.line);
    one.addEventListener("mouseenter", () => same().forEach((other) => other.classList.add("lit")));
    one.addEventListener("mouseleave", () => same().forEach((other) => other.classList.remove("lit")));
    one.addEventListener("click", () => {
      const lines = text.value.split("\n");
      const at = lines.slice(0, one.dataset.line - 1).join("\n").length + (one.dataset.line > 1 ? 1 : 0);
      text.focus();
      text.setSelectionRange(at, at + (lines[one.dataset.line - 1] || "").length);
      text.scrollTop = Math.max(0, (one.dataset.line - 6) * (text.scrollHeight / lines.length));
    });
  }
}
