// run answers one request: the work itself, and which of the watched interruptions is on the page at the same moment.
R.interruption = () => (R.watch || []).findIndex(R.holds);

const fresh = () => Object.assign(R, { hosts: null, names: null, grid: null });

R.run = async (req) => {
  R.watch = req.watch;
  fresh();
  const first = R.interruption();
  if (first >= 0) return { interrupted: first };
  const result = await R[req.do](req);
  if (req.do !== "read" && req.do !== "see") fresh(); // the page may have changed meanwhile
  const after = R.interruption();
  if (after >= 0) return { interrupted: after };
  fresh();
  return { result };
};
