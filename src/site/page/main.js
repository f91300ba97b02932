// The parts put together: what comes in, and when what is shown anew.

let startedAt = null;
let sinceRefresh = 0;

// --- The host is there, or not; its engine decides, or not any more.

const ENDED = "The engine has ended by a bug: nothing is decided any more. What you see is its last state. Restart the host.";

let ended = false;

async function found() {
  await refresh({ reorder: true });
  if (document.body.classList.contains("lost")) {
    document.body.classList.remove("lost");
    say("The host is back.");
  }
  showEnded();
}

// Unless the host itself is not there.
function showEnded() {
  document.body.classList.toggle("ended", ended);
  if (document.body.classList.contains("lost")) return;
  setText($("outage"), ended ? ENDED : "");
  setHidden($("outage"), !ended);
}

function lost(error) {
  // It answers, but has no events any more.
  if (error?.status === 401 || (ended && error?.status)) return;
  stopClock();
  if (!document.body.classList.contains("lost")) {
    document.body.classList.add("lost");
    const since = startedAt === null ? "" : ` since ${timeOfDay(now())}. What you see is from then`;
    const why = error?.status ? `The host refuses (${error.message})` : "No answer from the host";
    setText($("outage"), `${why}${since}. Trying again…`);
    setHidden($("outage"), false);
  }
}

api.onFound = found;
api.onLost = lost;
api.onToken = async () => {
  setToken(null);
  await askToken(true);
};

// --- The list's answers.

list.onAnswer = ({ engine, troubles, total }) => {
  if (startedAt !== null && startedAt !== engine.started_at) {
    // Another engine: its numbers are not the old one's.
    api.lastEvent = null;
    forgetAll();
    tell({ at: now(), stream: "", kind: "restart", text: "The host has restarted", weight: 2 });
  }
  startedAt = engine.started_at;
  ended = !engine.alive;
  showEnded();
  setText($("clock"), timeOfDay(now()));
  actions.writable = engine.writable;
  setHidden($("unlock"), !engine.writable);
  setText($("unlock"), api.token ? "lock" : "unlock");
  setText($("monitor"), engine.late_ms >= 100 ? ` · decides ${duration(engine.late_ms)} late` : "");
  $("monitor").classList.toggle("wrong", engine.late_ms >= 100);
  document.querySelector("h1").title = `changeover ${engine.version}, up since ${engine.started_at}`;
  fillTroubles(troubles, total);
  sinceRefresh = performance.now();
};

function fillTroubles(troubles, total) {
  const holder = $("troubles");
  if (!holder.childElementCount) {
    const total = element("span", { className: "total" });
    holder.append(total);
    for (let level = 4; level >= 0; level--) {
      const { sign, name, means } = TROUBLES[level];
      holder.append(element("button", { type: "button", title: means, "data-trouble": level, onclick: () => goTo(level) },
        element("i", { "aria-hidden": "true" }, sign), element("b"), ` ${name}`));
    }
  }
  const [sum, ...buttons] = holder.children;
  setText(sum, plural(total, "stream"));
  buttons.forEach((button, place) => {
    const number = troubles[4 - place];
    setText(button.querySelector("b"), count(number));
    button.disabled = !number;
    button.classList.toggle("none", !number);
  });
  goTo.troubles = troubles;
  const down = troubles[4];
  document.title = down ? `■ ${count(down)} down · changeover` : "changeover";
  showIcon(troubles);
}

// The tab's sign: seen while another is in front.
function showIcon(troubles) {
  const worst = troubles.findLastIndex((number) => number > 0);
  const colour = worst >= 4 ? "#d9482b" : worst >= 2 ? "#c98a1b" : "#3f8f87";
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect y="3" width="16" height="4" rx="1" fill="${colour}"/><rect y="9" x="5" width="11" height="4" rx="1" fill="${colour}"/></svg>`;
  const href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  if ($("icon").href !== href) $("icon").href = href;
}

// Those in most trouble are first: the first of a level comes after all that are worse.
function goTo(level) {
  if (list.byId) toggleSort();
  const before = goTo.troubles.slice(level + 1).reduce((a, b) => a + b, 0);
  $("list").scrollTop = before * list.rowHeight;
}

const refreshSoon = throttled(() => {
  if (api.connected) refresh().catch(lost);
}, REFRESH);

function refreshNow() {
  list.touched = -Infinity;
  refresh({ reorder: true }).catch(lost);
}

function toggleSort() {
  list.byId = !list.byId;
  setText($("sort"), list.byId ? "by id" : "by trouble");
  setAttribute($("sort"), "aria-pressed", list.byId);
  $("list").scrollTop = 0;
  refreshNow();
}

async function unlockOrForget() {
  if (!actions.writable) return;
  if (api.token) setToken(null);
  else await askToken(false);
  setText($("unlock"), api.token ? "lock" : "unlock");
  say(api.token ? "Unlocked." : "Locked.");
  fillPanel();
}

// --- Events.

api.onEvent = (kind, event) => {
  addNews(kind, event);
  if (event.stream) markChanged(event.stream);
  refreshSoon();
};

news.onChange = throttled(() => {
  const [line] = news.lines;
  const text = `${timeOfDay(line.at)}  ${line.stream} ${line.text}`;
  setText($("latest"), text);
  setHidden($("latest"), false);
  $("latest").dataset.weight = line.weight;
  fillJournal();
}, 250);

function onDetails(stream) {
  if (stream === side.stream) fillPanel();
  showSoon();
}

// --- What is done with the mouse and fingers.

const rowOf = (target) => {
  const node = target.closest?.(".row");
  return node ? list.rows.find((row) => row.node === node) : null;
};

$("list").addEventListener("pointermove", (event) => {
  touch();
  const row = rowOf(event.target);
  const details = row?.stream ? details_of(row.stream) : null;
  if (!details || event.target !== row.canvas) return hideTip();
  pointAt(row.canvas, details, event.clientX, 7);
});
$("list").addEventListener("pointerleave", hideTip);
$("list").addEventListener("click", (event) => {
  touch();
  const row = rowOf(event.target);
  if (!row?.stream) return;
  list.cursor = row.stream;
  list.chosen = null;
  const details = details_of(row.stream);
  // A finger has no hovering: what it taps on a timeline is told; anything else opens the stream.
  const made = event.target === row.canvas && details ? pointAt(row.canvas, details, event.clientX, 14) : null;
  list.chosen = made;
  if (!made) {
    hideTip();
    openStream(row.stream);
  }
  showSoon();
});
$("list").addEventListener("scroll", () => {
  hideTip();
  showSoon();
  scrolled();
}, { passive: true });

$("side").addEventListener("pointermove", (event) => {
  const canvas = side.parts?.canvas;
  const details = details_of(side.stream);
  if (event.target !== canvas || !details) return hideTip();
  pointAt(canvas, details, event.clientX, 7);
});
$("side").addEventListener("click", (event) => {
  if (event.target === side.parts?.canvas) pointAt(event.target, details_of(side.stream), event.clientX, 14);
});
$("side").addEventListener("pointerleave", hideTip);

// Once the list stands still.
let scrolling = null;
function scrolled() {
  clearTimeout(scrolling);
  scrolling = setTimeout(() => {
    scrolling = null;
    const [first, last] = inSight();
    const all = first >= list.offset && last <= list.offset + list.entries.length;
    if (!all) refresh({ reorder: true }).catch(lost);
  }, 100);
}

let typing = null;
$("search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    list.search = $("search").value.trim();
    list.cursor = list.chosen = list.wanted = null;
    $("list").scrollTop = 0;
    refreshNow();
  }, 150);
});
$("sort").onclick = toggleSort;
$("unlock").onclick = unlockOrForget;
$("keys").onclick = showKeys;
$("latest").onclick = () => (side.journal ? closeSide() : openJournal());
addEventListener("resize", () => {
  measureRows();
  layOut();
  fillJournal();
  drawWide();
});
addEventListener("hashchange", openFromAddress);

function openFromAddress() {
  const stream = new URLSearchParams(location.hash.slice(1)).get("stream");
  if (stream !== null) openStream(stream);
}

// --- Time goes on.

function fillAxis() {
  const end = now();
  const width = $("axis").clientWidth;
  const marks = [];
  for (let at = end - (end % (5 * MINUTE)); at > end - WINDOW; at -= 5 * MINUTE) {
    const place = 1 + (at - end) / WINDOW;
    // Each has room, and the last of them is "now".
    if (place * width < 20 || (1 - place) * width < 50) continue;
    const mark = element("span", {}, timeOfDay(at, false));
    mark.style.left = `${place * 100}%`;
    marks.push(mark);
  }
  $("axis").replaceChildren(...marks, element("span", { className: "end" }, "now"));
}

let ticks = 0;
setInterval(() => {
  if (document.body.classList.contains("lost") || document.hidden || startedAt === null) return;
  setText($("clock"), timeOfDay(now()));
  if (ticks++ % 15 === 0) fillAxis();
  show();
  if (side.parts) fillPanel();
}, 1_000);

setInterval(() => {
  if (!api.connected || list.total === 0) return;
  const streams = side.stream === null ? [] : [side.stream];
  if (!document.hidden && scrolling === null) streams.push(...streamsInSight());
  fetchDetails(streams);
}, 250);

setInterval(() => {
  const age = performance.now() - sinceRefresh;
  if (api.connected && age > (document.hidden ? REFRESH_UNSEEN : REFRESH_IDLE)) refreshSoon();
}, 1_000);

layOut();
measureRows();
fillJournal();
openFromAddress();
follow();
