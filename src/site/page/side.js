// The panel beside the list: all that is known of one stream, or what happened lately.

const SWITCHES_SHOWN = 50;

const side = {
  // The open stream, or null; whether the journal is open instead.
  stream: null,
  journal: false,
  chosen: null,
  // The panel's changing parts.
  parts: null,
};

const isWide = () => matchMedia("(min-width: 1700px)").matches;

function openStream(stream) {
  if (side.stream === stream) return;
  side.stream = stream;
  side.journal = false;
  side.chosen = null;
  history.replaceState(null, "", `#stream=${encodeURIComponent(stream)}`);
  side.parts = makePanel(stream);
  layOut();
  fetchDetails([stream]);
  fillPanel();
  showSoon();
}

function openJournal() {
  closeSide();
  side.journal = true;
  layOut();
  fillJournal();
}

function closeSide() {
  if (side.stream !== null) history.replaceState(null, "", location.pathname + location.search);
  side.stream = null;
  side.journal = false;
  side.parts = null;
  layOut();
  fillJournal();
  showSoon();
}

// A wide screen always has room for the journal.
function layOut() {
  setHidden($("side"), side.stream === null && !side.journal && !isWide());
  document.body.classList.toggle("asked", side.stream !== null || side.journal);
  fillAxis();
}

function closeButton() {
  return element("button", { type: "button", className: "close", title: "Close (Esc)", "aria-label": "Close", onclick: closeSide }, "×");
}

// --- The journal.

function fillJournal() {
  if (side.stream !== null || $("side").hidden) return;
  const line = ({ at, stream, text, weight }) =>
    element("li", { "data-weight": weight },
      element("time", {}, timeOfDay(at)),
      stream ? element("button", { type: "button", className: "link", onclick: () => openStream(stream) }, stream) : null,
      element("span", {}, text));
  $("side").replaceChildren(
    element("h2", {}, "Journal", side.journal ? closeButton() : null),
    news.lines.length
      ? element("ol", { id: "journal" }, ...news.lines.map(line))
      : element("p", { className: "quiet" }, "Nothing has happened since this page was opened."));
}

// --- A stream.

function makePanel(stream) {
  const parts = {
    why: element("p", { id: "why" }),
    facts: element("p", { className: "quiet" }),
    canvas: element("canvas", { id: "wide-time", tabIndex: 0 }),
    sum: element("p", { id: "sum" }),
    buttons: element("div", { id: "actions", role: "group", "aria-label": "Actions on the stream" }),
    inputs: element("ul", { id: "inputs", "aria-label": "Inputs, best first" }),
    byPriority: new Map(),
    switches: element("tbody"),
    drawnSwitches: "",
    none: element("p", { className: "quiet", hidden: true }, "It has not switched."),
    shadow: element("section", { id: "shadow", hidden: true }),
    drawnShadow: "",
  };
  const head = ["time", "from → to", "why", "viewers without"].map((text) => element("th", { scope: "col" }, text));
  parts.table = element("table", { id: "switches" }, element("thead", {}, element("tr", {}, ...head)), parts.switches);
  parts.canvas.addEventListener("keydown", stepWide);
  parts.canvas.addEventListener("blur", hideTip);
  $("side").replaceChildren(
    element("h2", {}, element("span", { className: "id" }, stream), closeButton()),
    parts.why, parts.facts, parts.canvas, parts.sum, parts.buttons,
    element("h3", {}, "Inputs"), parts.inputs,
    element("h3", {}, "Switches"), parts.none, parts.table, parts.shadow);
  return parts;
}

function fillPanel() {
  const { parts, stream } = side;
  if (!parts) return;
  const one = known.get(stream);
  const details = one?.details;
  if (!details) {
    setText(parts.why, one?.gone ? "There is no such stream (any more)." : "Loading…");
    return;
  }
  const { status } = details;
  const { sign, means } = TROUBLES[details.row.trouble] ?? TROUBLES[0];
  setAttribute(parts.why, "data-trouble", details.row.trouble);
  setText(parts.why, `${sign} ${details.row.why || means}`.trim());
  const uptime = duration(status.uptime_ms);
  setText(parts.facts, `registered ${uptime} ago · switch number ${status.switch_number}${overrideText(status)}`);
  const lanes = Math.max(1, Math.min(WIDE_PLAN.lanes, historyOf(details).inputs.length));
  parts.canvas.style.height = `${WIDE_PLAN.lane + lanes * WIDE_PLAN.laneStep + WIDE_PLAN.hours}px`;
  drawWide();
  setText(parts.sum, sumOf(details));
  fillInputs(parts, details);
  fillSwitches(parts, details);
  fillShadow(parts, details);
  fillActions(parts.buttons, stream, details);
}

function overrideText(status) {
  const chosen = status.override_input_priority;
  if (chosen == null) return "";
  const until = status.override_ends_at;
  return ` · input ${chosen} chosen by hand${until ? ` until ${timeOfDay(Date.parse(until))}` : ""}`;
}

// How long viewers were without.
function sumOf(details) {
  const history = historyOf(details);
  const end = now();
  const begin = Math.max(history.from, end - WINDOW);
  const sums = new Map();
  for (const { what, since, until } of history.outages) {
    const long = Math.min(until, end) - Math.max(since, begin);
    if (long <= 0) continue;
    const { times, sum } = sums.get(what) ?? { times: 0, sum: 0 };
    sums.set(what, { times: times + 1, sum: sum + long });
  }
  const said = [...sums].map(([what, { times, sum }]) => `${what} for ${duration(sum)}${times > 1 ? ` in ${times} times` : ""}`);
  if (!sums.has("dark")) said.unshift("never dark");
  return `Last ${duration(end - begin)}: ${said.join(", ")}.${history.complete ? "" : " Not all of it is kept."}`;
}

function drawWide() {
  const details = details_of(side.stream);
  if (!details || !side.parts) return;
  const { canvas } = side.parts;
  draw(canvas, details, { wide: true, chosen: side.chosen });
  // Something to step through, or a picture.
  const switches = shownSwitches(details);
  const place = switches.findIndex((made) => made.number === side.chosen?.number);
  setAttribute(canvas, "role", switches.length ? "slider" : "img");
  setAttribute(canvas, "aria-label", describe(details));
  setAttribute(canvas, "aria-valuemin", switches.length ? 1 : null);
  setAttribute(canvas, "aria-valuemax", switches.length || null);
  setAttribute(canvas, "aria-valuenow", switches.length ? Math.max(0, place) + 1 : null);
  const text = place < 0 ? "arrow keys step through the switches" : switchLines(switches[place], historyOf(details)).join(". ");
  setAttribute(canvas, "aria-valuetext", switches.length ? text : null);
}

function stepWide(event) {
  const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
  const details = details_of(side.stream);
  if (!by || !details) return;
  event.preventDefault();
  event.stopPropagation();
  const switches = shownSwitches(details);
  if (!switches.length) return;
  side.chosen = stepped(switches, side.chosen, by);
  drawWide();
  pointAtSwitch(side.parts.canvas, details, side.chosen);
}

// One that stays keeps its elements, and with them the focus.
function fillInputs(parts, details) {
  const { inputs } = details.status;
  for (const [priority, { node }] of parts.byPriority) {
    if (inputs.some((one) => one.input_priority === priority)) continue;
    node.remove();
    parts.byPriority.delete(priority);
  }
  inputs.forEach((one, place) => {
    const priority = one.input_priority;
    let shown = parts.byPriority.get(priority);
    if (!shown) {
      shown = makeInput(priority);
      parts.byPriority.set(priority, shown);
    }
    if (parts.inputs.children[place] !== shown.node) parts.inputs.insertBefore(shown.node, parts.inputs.children[place] ?? null);
    fillInput(shown, one, details);
  });
}

function makeInput(priority) {
  const shown = {
    status: element("span", { className: "status" }),
    url: element("code", { className: "url" }),
    rates: element("p", { className: "rates" }),
    notes: element("ul", { className: "notes", hidden: true, "aria-label": `What is to be known of input ${priority}` }),
    buttons: element("div", { className: "buttons", role: "group", "aria-label": `Actions on input ${priority}` }),
    written: "",
  };
  shown.node = element("li", {},
    element("p", {}, element("b", {}, String(priority)), shown.status, shown.url),
    shown.rates, shown.notes, shown.buttons);
  return shown;
}

function fillInput(shown, one, details) {
  const onAir = one.input_priority === details.status.on_air_input_priority;
  const state = onAir ? "on air" : one.disabled ? "disabled" : one.severity ?? one.status;
  setText(shown.status, state);
  const health = one.severity === "failed" ? "bad" : one.conditions?.length ? "watch" : one.disabled ? "off" : "well";
  setAttribute(shown.node, "data-health", onAir && health === "well" ? "air" : health);
  setText(shown.url, one.url || "no URL");
  setAttribute(shown.url, "title", one.url);
  const rates = [bitrate(one.bitrate_kbps)];
  if (one.fps) rates.push(`${one.fps.toFixed(one.fps % 1 > 0.05 ? 1 : 0)} fps`);
  if (one.packet_loss) rates.push(`${one.packet_loss.toFixed(2)} % lost`);
  if (!one.receiving) rates.push("no packets");
  if (one.min_kbps) rates.push(`at least ${bitrate(one.min_kbps)} wanted`);
  if (one.key_interval_ms) rates.push(`a key frame every ${duration(one.key_interval_ms)}`);
  for (const [what, at] of [["video", one.last_video_at], ["sound", one.last_audio_at]]) {
    const past = at ? now() - Date.parse(at) : 0;
    if (past > 2000) rates.push(`last ${what} ${duration(past)} ago`);
  }
  rates.push(`given up after ${duration(one.silence_limit_ms)} of silence`);
  setText(shown.rates, rates.join(" · "));
  const notes = inputNotes(one);
  if (shown.written !== notes.join("\n")) {
    shown.written = notes.join("\n");
    setHidden(shown.notes, notes.length === 0);
    shown.notes.replaceChildren(...notes.map((note) => element("li", {}, note)));
  }
  fillInputActions(shown.buttons, side.stream, one, details);
}

function inputNotes(one) {
  const notes = [];
  const since = (text, at) => `${text} (since ${timeOfDay(Date.parse(at))})`;
  for (const { condition, since: begun, text } of one.conditions ?? []) notes.push(since(because(condition, text), begun));
  if (one.held_until) {
    const until = Date.parse(one.held_until);
    if (until > now()) notes.push(`held for ${countdown(until - now())} more, until ${timeOfDay(until)}: it failed often and has to prove itself`);
  }
  if (one.switch_due_at) {
    const due = Date.parse(one.switch_due_at);
    if (due > now()) notes.push(`switched to in ${countdown(due - now())}, at ${timeOfDay(due)}, if it stays well`);
  }
  const said = (list, words) => {
    const last = list?.at(-1);
    if (last) notes.push(`${words} ${timeOfDay(Date.parse(last.at))}: ${because(last.reason, last.text)}`);
  };
  if (one.severity === "failed") said(one.errors, "given up");
  said(one.attempts, `tried in vain ${one.probes_failed > 1 ? `${one.probes_failed} times, the last ` : ""}`.trim());
  if (one.untested) notes.push("not tested since it was given up");
  if (one.listening) notes.push("waits for its packets to come back");
  return notes;
}

function fillSwitches(parts, details) {
  const history = historyOf(details);
  const made = new Map(details.status.switches.map((one) => [one.number, { ...one, when: Date.parse(one.at) }]));
  for (const one of history.switches) made.set(one.number, one);
  const newest = [...made.values()].sort((a, b) => b.when - a.when).slice(0, SWITCHES_SHOWN);
  const shown = newest.map((one) => ({ one, without: outageOf(history, one) }));
  const drawn = shown.map(({ one, without }) => `${one.number} ${without?.until}`).join();
  if (drawn === parts.drawnSwitches) return;
  parts.drawnSwitches = drawn;
  setHidden(parts.none, newest.length > 0);
  setHidden(parts.table, newest.length === 0);
  parts.switches.replaceChildren(...shown.map(({ one, without }) => {
    const more = [...measuredTimes(one), one.passed_over && `passed over: ${one.passed_over}`].filter(Boolean);
    return element("tr", {},
      element("td", {}, element("time", { dateTime: one.at, title: one.at }, timeOfDay(one.when))),
      element("td", {}, one.from < 0 ? `→ ${one.to}` : one.from === one.to ? `${one.to} again` : `${one.from} → ${one.to}`),
      element("td", {}, because(one.reason, one.detail), more.length ? element("small", {}, more.join("; ")) : null),
      element("td", {}, withoutText(without, one.when < history.from)));
  }));
}

function withoutText(without, isForgotten) {
  if (!without) return isForgotten ? "" : "–";
  return Number.isFinite(without.until) ? outageText(without) : `${without.what} since ${timeOfDay(without.since)}`;
}

// What a shadow has decided otherwise, the newest first.
function fillShadow(parts, details) {
  const shown = (details.timeline.shadow ?? []).slice(-SWITCHES_SHOWN).reverse();
  const drawn = JSON.stringify(shown);
  if (drawn === parts.drawnShadow) return;
  parts.drawnShadow = drawn;
  setHidden(parts.shadow, shown.length === 0);
  parts.shadow.replaceChildren(
    element("h3", {}, "With the shadow's settings"),
    element("ul", { "aria-label": "What the shadow decided otherwise, the newest first" }, ...shown.map((one) => {
      const at = one.recorded ?? one.otherwise;
      return element("li", {}, element("time", { dateTime: at, title: at }, timeOfDay(Date.parse(at))), ` ${shadowText(one)}`);
    })));
}

function shadowText({ what, recorded, otherwise, false: isFalse }) {
  if (!otherwise) return `not ${what}`;
  if (!recorded) return `${what}, by the shadow alone${isFalse ? ", away from an input that went on delivering" : ""}`;
  const later = Date.parse(otherwise) - Date.parse(recorded);
  return `${what}, ${duration(Math.abs(later))} ${later < 0 ? "earlier" : "later"}`;
}
