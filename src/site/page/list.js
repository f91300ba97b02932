// The list of streams. However many there are, only those in sight have elements and are asked about: a
// stretch of the list around them is fetched anew when something happened, at most once a second.

const OVERSCAN = 3;
const AROUND = 40;
const REFRESH = 1_000;
// Without any event troubles age all the same: a switch is news for 30 s.
const REFRESH_IDLE = 5_000;
const REFRESH_UNSEEN = 30_000;
// The order stays as it is for so long after the last time somebody did something with the list.
const HOLD = 10_000;

const list = {
  total: 0,
  // The stretch that is known, and where it begins.
  offset: 0,
  entries: [],
  search: "",
  byId: false,
  // The stream that the keys are at, and the switch of it that they step through.
  cursor: null,
  chosen: null,
  // Where they went to a stream that is not known yet.
  wanted: null,
  rows: [],
  rowHeight: 62,
  touched: -Infinity,
  asked: 0,
  onAnswer: () => {},
};

const isHeld = () => !list.byId && performance.now() - list.touched < HOLD && list.entries.length > 0;

function touch() {
  list.touched = performance.now();
}

function inSight() {
  const box = $("list");
  const first = Math.max(0, Math.floor(box.scrollTop / list.rowHeight) - OVERSCAN);
  const fits = Math.ceil(box.clientHeight / list.rowHeight) + 2 * OVERSCAN;
  return [first, Math.min(list.total, first + fits)];
}

const entryAt = (index) => list.entries[index - list.offset] ?? null;
const indexOf = (stream) => {
  const place = list.entries.findIndex((entry) => entry.stream === stream);
  return place < 0 ? -1 : place + list.offset;
};

// Asks for the stretch in sight. While the order is held, only what is known of its streams changes.
async function refresh({ reorder = !isHeld() } = {}) {
  const [first, last] = inSight();
  const offset = Math.max(0, first - AROUND);
  const limit = Math.min(1000, Math.max(100, last - first + 2 * AROUND));
  const asked = ++list.asked;
  const began = Date.now();
  const query = new URLSearchParams({ sort: list.byId ? "id" : "trouble", offset, limit });
  if (list.search) query.set("search", list.search);
  const answer = await get(`api/streams?${query}`);
  // Another search was typed meanwhile.
  if (asked !== list.asked) return;
  const engineNow = Date.parse(answer.engine.now);
  startClock();
  setClock(engineNow, began);
  for (const entry of answer.streams) entry.seen = engineNow;
  // Held, the stretch still moves with what is in sight.
  const known = last <= list.offset + list.entries.length && first >= list.offset;
  if (reorder || !known || answer.total !== list.total) {
    list.entries = answer.streams;
    list.offset = answer.offset;
    list.total = answer.total;
  } else {
    answer.streams.forEach(putEntry);
  }
  if (list.wanted !== null && entryAt(list.wanted)) {
    list.cursor = entryAt(list.wanted).stream;
    list.wanted = null;
  }
  list.onAnswer(answer);
  show();
}

// A newer state of a stream, where it stands.
function putEntry(entry) {
  const place = list.entries.findIndex((one) => one.stream === entry.stream);
  if (place >= 0) list.entries[place] = entry;
}

function show() {
  const [first, last] = inSight();
  const holder = $("rows");
  const height = `${list.total * list.rowHeight}px`;
  if (holder.style.height !== height) holder.style.height = height;
  setAttribute($("list"), "aria-rowcount", list.total);
  while (list.rows.length < last - first) {
    const row = makeRow();
    list.rows.push(row);
    holder.append(row.node);
  }
  // Each index has its element as long as it is in sight: what scrolls by is not filled anew.
  const free = list.rows.filter((row) => row.index < first || row.index >= last);
  const shown = new Map(list.rows.map((row) => [row.index, row]));
  for (let index = first; index < last; index++) {
    const row = shown.get(index) ?? free.pop();
    fillRow(row, entryAt(index), index, index * list.rowHeight);
  }
  for (const row of free) {
    setHidden(row.node, true);
    row.index = -1;
    row.stream = null;
  }
  const cursor = list.cursor === null ? -1 : indexOf(list.cursor);
  setAttribute($("list"), "aria-activedescendant", cursor >= first && cursor < last ? `row-${cursor}` : null);
  setHidden($("held"), !isHeld());
  setHidden($("empty"), list.total > 0);
  if (list.total === 0) {
    setText($("empty"), list.search ? `No stream's id contains “${list.search}”.` : "No stream is registered.");
  }
}

let frame = null;
function showSoon() {
  frame ??= requestAnimationFrame(() => {
    frame = null;
    show();
  });
}

// Streams in sight, top down.
const streamsInSight = () => {
  const [first, last] = inSight();
  return list.entries.slice(Math.max(0, first - list.offset), Math.max(0, last - list.offset)).map((entry) => entry.stream);
};

// Row heights are the style sheet's: another on a phone.
function measureRows() {
  const height = parseFloat(getComputedStyle($("list")).getPropertyValue("--row")) || 62;
  if (height === list.rowHeight) return showSoon();
  const top = $("list").scrollTop / list.rowHeight;
  list.rowHeight = height;
  for (const row of list.rows) row.index = -1;
  show();
  $("list").scrollTop = top * height;
}

function scrollToIndex(index) {
  const box = $("list");
  const top = index * list.rowHeight;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + list.rowHeight > box.scrollTop + box.clientHeight) {
    box.scrollTop = top + list.rowHeight - box.clientHeight;
  }
}

// By so many lines, or to the ends.
function moveCursor(lines) {
  touch();
  const index = Math.max(0, Math.min(list.total - 1, placeOfCursor(lines) + lines));
  scrollToIndex(index);
  list.chosen = null;
  hideTip();
  const entry = entryAt(index);
  list.cursor = entry?.stream ?? null;
  list.wanted = entry ? null : index;
  if (!entry) refresh({ reorder: true }).catch(api.onLost);
  showSoon();
}

// Without a stream that the keys are at, they begin at the top of what is in sight.
function placeOfCursor(lines) {
  const place = list.wanted ?? (list.cursor === null ? -1 : indexOf(list.cursor));
  if (place >= 0) return place;
  return Math.ceil($("list").scrollTop / list.rowHeight) - (lines > 0 ? 1 : 0);
}

// To the next switch of the stream that the keys are at, or the one before.
function stepSwitch(by) {
  touch();
  const details = details_of(list.cursor);
  const row = list.rows.find((one) => one.stream === list.cursor);
  if (!details || !row) return;
  const switches = shownSwitches(details);
  if (!switches.length) return say("No switches in the last 15 minutes.");
  list.chosen = stepped(switches, list.chosen, by);
  say(pointAtSwitch(row.canvas, details, list.chosen));
  showSoon();
}
