// run answers one request: the work itself, and which of the watched interruptions is on the page at the same moment.
R.interruption = () => (R.watch || []).findIndex(R.holds);

const fresh = () => Object.assign(R, { hosts: null, names: null, grid: null, hanging: null, hiding: null, plain: null, ofLabels: null });

// parsed waits until the document is parsed, so that what is asked of a document that has just come is answered at the first
// moment at which it can be.
const parsed = () => new Promise((done) => {
  document.addEventListener("DOMContentLoaded", done, { once: true });
  setTimeout(done, 10000); // one that was cut off stays loading
});

R.run = async (req) => {
  if (document.readyState === "loading") await parsed();
  R.watch = req.watch;
  fresh();
  const first = R.interruption();
  if (first >= 0) return { interrupted: first };
  const result = await R[req.do](req);
  if (req.do !== "read" && req.do !== "see") fresh(); // the page may have changed meanwhile
  if (req.do !== "read" && req.do !== "see") {
    const after = R.interruption();
    if (after >= 0) return { interrupted: after };
  }
  fresh();
  return { result };
};
