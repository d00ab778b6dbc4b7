// Fetching the further pages of a list that a server renders: the page's own requests, read without being shown.

const parse = async (url) => {
  const response = await fetch(url, { credentials: "include", headers: { Accept: "text/html,application/xhtml+xml" } });
  const type = response.headers.get("content-type") || "";
  const answer = { url: response.url };
  if (!response.ok) return { ...answer, error: `status ${response.status}` };
  if (!/html/i.test(type)) return { ...answer, error: `an answer of the type ${type || "none"}` };
  return { ...answer, text: await response.text() };
};

// ahead is the next page, asked for while this one is read.
let ahead = null;

// fetchOne reads a plan from a page that is fetched. The one after it is asked for at once, where its address is known.
const fetchOne = async (url, next, plan) => {
  const got = await (ahead?.url === url ? ahead.page : parse(url)).catch((e) => ({ error: `it cannot be fetched: ${e.message}` }));
  ahead = null;
  const prepare = (address) => { const page = parse(address); page.catch(() => {}); ahead = { url: address, page }; };
  if (next) prepare(next);
  if (got.error) return { url, error: got.error };
  const doc = new DOMParser().parseFromString(got.text, "text/html");
  if (!doc.querySelector("base[href]")) {
    const base = doc.createElement("base");
    base.href = got.url;
    doc.head.prepend(base);
  }
  fresh();
  Object.assign(R, { doc, inert: true, fetched: got.url });
  let answer;
  try {
    if (R.interruption() >= 0) return { url, error: "one of the interruptions of the file" };
    if (!next && plan.next) {
      const link = follow(plan.next).href;
      if (link) prepare(link);
    }
    answer = R.read(plan);
  } finally {
    fresh();
    Object.assign(R, { doc: document, inert: false, fetched: undefined });
  }
  return { url, answer: { ...answer, ready: "complete" } };
};

// fetchPages reads several pages, one after the other: those whose addresses are given, or as the links lead on. It stops at
// the first that is not as it should be.
R.fetchPages = async (req) => {
  const pages = [];
  for (let i = 0, url = req.addresses[0]; url && i < req.limit; i++) {
    const page = await fetchOne(url, req.addresses[i + 1], req.plan);
    pages.push(page);
    if (page.error || !page.answer.proof || !page.answer.rows.length) break;
    url = req.plan.next ? (page.answer.next === "ready" ? page.answer.href : "") : req.addresses[i + 1];
  }
  return { pages };
};
