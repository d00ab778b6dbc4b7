// run answers one request: the work itself, and which of the watched interruptions is on the page at the same moment.
R.interruption = () => (R.watch || []).findIndex(R.holds);

R.run = async (req) => {
  R.watch = req.watch;
  R.hosts = null;
  const before = R.interruption();
  if (before >= 0) return { interrupted: before };
  const result = await R[req.do](req);
  R.hosts = null;
  const after = R.interruption();
  if (after >= 0) return { interrupted: after };
  return { result };
};
