// What is asked of the host: requests with the token, and the one stream of events.

const TOKEN_KEY = "changeover-token";

const api = {
  token: readToken(),
  // The event stream is open.
  connected: false,
  lastEvent: null,
  // Set by main: what to do when…
  onEvent: () => {},
  onLost: () => {},
  onFound: async () => {},
  onToken: async () => {},
};

// Kept until the tab is closed, where that is allowed.
function readToken() {
  try {
    return sessionStorage.getItem(TOKEN_KEY);
  } catch {
    return null;
  }
}

function setToken(token) {
  api.token = token;
  try {
    if (token) sessionStorage.setItem(TOKEN_KEY, token);
    else sessionStorage.removeItem(TOKEN_KEY);
  } catch {
    // In memory it is good, too.
  }
}

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function headers(more = {}) {
  return api.token ? { Authorization: `Bearer ${api.token}`, ...more } : more;
}

async function request(path, options) {
  const signal = AbortSignal.timeout(10_000);
  const answer = await fetch(path, { cache: "no-store", credentials: "omit", signal, ...options });
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, said.message ?? `the host answers ${answer.status}`);
}

async function get(path) {
  return (await request(path, { headers: headers() })).json();
}

async function post(path, body) {
  const options = {
    method: "POST",
    headers: headers({ "Content-Type": "application/json" }),
    body: body ? JSON.stringify(body) : undefined,
  };
  return (await request(path, options)).json();
}

const streamPath = (id) => `api/streams/${encodeURIComponent(id)}`;

// Whether the host takes this token.
async function isToken(token) {
  try {
    await request("api/streams?limit=1", { headers: { Authorization: `Bearer ${token}` } });
    return true;
  } catch (error) {
    if (error.status === 401) return false;
    throw error;
  }
}

// Follows the events for as long as the page is there. The host sends something every 15 s: when it has
// been silent for longer, the connection is dead, whatever the network says.
const SILENCE = 40_000;
const FIRST_RETRY = 250;
const LAST_RETRY = 3_000;

async function follow() {
  for (let retry = FIRST_RETRY; ; retry = Math.min(retry * 2, LAST_RETRY)) {
    try {
      await api.onFound();
      await readEvents(() => {
        retry = FIRST_RETRY;
      });
      // It has ended in good order: nothing is lost, and it comes back as after an error.
      api.connected = false;
    } catch (error) {
      api.connected = false;
      if (error.status === 401) {
        await api.onToken();
        continue;
      }
      api.onLost(error);
    }
    await pause(retry);
  }
}

async function readEvents(opened) {
  const stop = new AbortController();
  let watchdog = setTimeout(() => stop.abort(), SILENCE);
  const resume = api.lastEvent === null ? {} : { "Last-Event-ID": api.lastEvent };
  try {
    // Its signal replaces that of a request, which ends after a time.
    const answer = await request("api/events", {
      headers: headers({ Accept: "text/event-stream", ...resume }),
      signal: stop.signal,
    });
    api.connected = true;
    opened();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(watchdog);
      watchdog = setTimeout(() => stop.abort(), SILENCE);
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      blocks.forEach(readBlock);
    }
  } finally {
    clearTimeout(watchdog);
    stop.abort();
  }
}

function readBlock(block) {
  const event = { kind: "message", data: "" };
  for (const line of block.split("\n")) {
    const [, name, value] = /^([a-z]*): ?(.*)$/.exec(line) ?? [];
    if (name === "id") api.lastEvent = value;
    if (name === "event") event.kind = value;
    if (name === "data") event.data += value;
  }
  if (!event.data) return;
  try {
    api.onEvent(event.kind, JSON.parse(event.data));
  } catch (error) {
    console.error("an event that can't be read", error);
  }
}
