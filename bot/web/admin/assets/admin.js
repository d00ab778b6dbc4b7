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
