// Fetching the further pages of a list that a server renders: the page's own request, read without being shown.

const parse = async (url) => {
  const response = await fetch(url, { credentials: "include", headers: { Accept: "text/html,application/xhtml+xml" } });
  const type = response.headers.get("content-type") || "";
  const answer = { url: response.url, status: response.status, redirected: response.redirected };
  if (!response.ok) return { ...answer, error: `status ${response.status}` };
  if (!/html/i.test(type)) return { ...answer, error: `an answer of the type ${type || "none"}` };
  return { ...answer, text: await response.text() };
};

// ahead is the next page, asked for while this one is checked.
let ahead = null;

// fetchPage reads a plan from a page that is fetched. The one after it is asked for at once where its address is known.
R.fetchPage = async (req) => {
  const got = await (ahead?.url === req.text ? ahead.page : parse(req.text));
  ahead = null;
  if (got.error) return { error: got.error };
  const doc = new DOMParser().parseFromString(got.text, "text/html");
  const base = doc.createElement("base");
  base.href = got.url;
  if (!doc.querySelector("base[href]")) doc.head.prepend(base);
  Object.assign(R, { doc, inert: true, fetched: got.url, hosts: null, names: null, grid: null });
  let answer, interrupted;
  try {
    interrupted = R.interruption();
    answer = interrupted < 0 ? R.read(req.plan) : null;
  } finally {
    Object.assign(R, { doc: document, inert: false, fetched: undefined, hosts: null, names: null, grid: null });
  }
  if (interrupted >= 0) return { error: "one of the interruptions of the file" };
  const next = req.next || answer.href;
  if (next && answer.next !== "none" && answer.next !== "disabled" && req.ahead) {
    const page = parse(next);
    page.catch(() => {});
    ahead = { url: next, page };
  }
  return { answer: { ...answer, ready: "complete" } };
};
