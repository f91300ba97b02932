// What happened, in words: the newest line at the foot, the last ones in the journal, and now and then a
// sentence for screen readers.

const NEWS_KEPT = 200;
const SPOKEN_EVERY = 4_000;

const news = {
  // Newest first: {at, stream, kind, text, weight}.
  lines: [],
  toSpeak: [],
  onChange: () => {},
};

// What a word of the engine's doesn't say by itself.
const PLAIN = {
  initial: "first choice",
  failback: "back to a better input",
  recovery: "it delivers again",
  manual: "by hand",
  start_grace: "the chosen input has not begun",
};

const plain = (reason) => PLAIN[reason] ?? String(reason ?? "").replaceAll("_", " ");

// The detail mostly begins with the reason, or says nothing more.
function because(reason, detail) {
  const words = plain(reason);
  return detail && detail !== reason ? `${words}: ${detail}` : words;
}

const input = (priority) => (priority < 0 ? "nothing" : `input ${priority}`);

function switchText({ from, to, reason, detail }) {
  const why = because(reason, detail);
  if (from === to) return `${input(to)} is on air again: ${why}`;
  if (from < 0) return `${input(to)} chosen: ${why}`;
  return `input ${from} → ${to}: ${why}`;
}

// An input that has failed; else it delivers, and something is wrong with that.
const FAILED = ["timeout", "error", "start_failed"];

// [how bad, what to say], or null for what is no news to people.
function newsOf(kind, event) {
  switch (kind) {
    case "switched":
      return [event.from === -1 ? 0 : 2, switchText({ ...event, to: event.priority })];
    case "degraded":
      return [1, `input ${event.priority} ${FAILED.includes(event.reason) ? "given up" : "impaired"}: ${because(event.reason, event.detail)}`];
    case "recovered":
      return [0, `input ${event.priority} is well again`];
    case "exhausted":
      return [4, `no usable input is left: ${plain(event.reason)}`];
    case "restored":
      return [2, `input ${event.priority} is on air again`];
    case "unregistered":
      return [0, "unregistered"];
    case "bug":
      return [4, event.stream ? `ended by a bug: ${event.detail}` : "The engine has ended by a bug: nothing is decided any more"];
    case "mass_failure":
      return [4, event.detail || `${event.measured_ns} streams failed within a second`];
    case "shadow_differs":
      return [0, `other settings, ${input(event.priority ?? -1)}: ${because(event.reason, event.detail)}`];
    case "shadow_gap":
      return [1, "The shadow was too slow: it begins anew"];
    default:
      return null;
  }
}

function addNews(kind, event) {
  const told = newsOf(kind, event);
  if (!told) return;
  const [weight, text] = told;
  const at = event.unix_ns ? event.unix_ns / 1e6 : now();
  tell({ at, stream: event.stream ?? "", kind, text, weight });
}

function tell(line) {
  news.lines.unshift(line);
  news.lines.length = Math.min(news.lines.length, NEWS_KEPT);
  if (line.weight > 0) {
    news.toSpeak.push(line);
    speak();
  }
  news.onChange();
}

// One sentence, however much happened.
const speak = throttled(() => {
  const lines = news.toSpeak.splice(0);
  const worst = lines.reduce((a, b) => (b.weight > a.weight ? b : a));
  const streams = new Set(lines.map((line) => line.stream)).size;
  const more = streams > 1 ? `, and news of ${plural(streams - 1, "more stream")}` : "";
  say(`${worst.stream} ${worst.text}${more}`);
}, SPOKEN_EVERY);

function say(text) {
  setText($("spoken"), text);
}
