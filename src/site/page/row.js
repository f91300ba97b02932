// One line of the list. Elements are made once and filled again and again.

// By trouble, 0 to 4: a sign, so that colour is not needed, and words.
const TROUBLES = [
  { sign: "", name: "well", means: "All is well" },
  { sign: "○", name: "standby", means: "On air as it should be; something is wrong with a standby" },
  { sign: "◆", name: "second best", means: "Not on its best input, or that has a condition" },
  { sign: "▲", name: "switching", means: "Switched within the last 30 s, or about to" },
  { sign: "■", name: "down", means: "No usable input: nothing, or a fill, is on air" },
];

function makeRow() {
  const sign = element("span", { className: "sign", "aria-hidden": "true" });
  const level = element("span", { className: "unseen" });
  const id = element("b", { className: "id" });
  const why = element("span", { className: "why" });
  const canvas = element("canvas", { className: "time", role: "img" });
  const air = element("span", { className: "air" });
  const rates = element("span", { className: "rates" });
  const notes = element("span", { className: "notes" });
  const node = element("div", { className: "row", role: "row" },
    element("div", { className: "who", role: "gridcell" }, sign, level, id, why),
    element("div", { className: "picture", role: "gridcell" }, canvas),
    element("div", { className: "state", role: "gridcell" }, air, rates, notes));
  return { node, sign, level, id, why, canvas, air, rates, notes, index: -1, stream: null, drawn: null };
}

function fillRow(row, entry, index, top) {
  const { node } = row;
  if (row.index !== index) {
    row.index = index;
    node.id = `row-${index}`;
    node.style.transform = `translateY(${top}px)`;
    setAttribute(node, "aria-rowindex", index + 1);
  }
  setHidden(node, false);
  setAttribute(node, "aria-selected", entry !== null && entry.stream === list.cursor);
  node.classList.toggle("open", entry !== null && entry.stream === side.stream);
  if (!entry) {
    row.stream = null;
    node.dataset.trouble = "";
    for (const part of [row.sign, row.level, row.why, row.air, row.rates, row.notes]) setText(part, "");
    setText(row.id, "…");
    return draw(row.canvas, null);
  }
  const changed = row.stream !== entry.stream;
  row.stream = entry.stream;
  const { sign, name } = TROUBLES[entry.trouble] ?? TROUBLES[0];
  setAttribute(node, "data-trouble", entry.trouble);
  setText(row.sign, sign);
  setText(row.level, `${name}: `);
  setText(row.id, entry.stream);
  if (changed) setAttribute(row.id, "title", entry.stream);
  setText(row.why, entry.why);
  setAttribute(row.why, "title", entry.why);
  fillState(row, entry);
  drawRow(row, changed);
}

function fillState(row, entry) {
  const active = entry.inputs.find((one) => one.priority === entry.active);
  const onAir = active?.on_air ? input(entry.active) : "nothing on air";
  // How long that has been so, where it is to be looked at.
  const since = entry.trouble < 2 ? "" : ` for ${countdown(now() - Date.parse(entry.state_since))}`;
  const rates = active ? [bitrate(active.bitrate_kbps)] : [];
  if (active?.fps) rates.push(`${Math.round(active.fps)} fps`);
  setText(row.air, onAir + since);
  setText(row.rates, rates.join(" · "));
  const notes = notesOf(entry).join(" · ");
  setText(row.notes, notes);
  setAttribute(row.notes, "title", notes);
}

// What is to be known beside the numbers. Held times count down between two looks.
function notesOf(entry) {
  const notes = [];
  for (const { priority, held_ms, conditions } of entry.inputs) {
    const left = held_ms == null ? 0 : entry.seen + held_ms - now();
    if (left > 0) notes.push(`input ${priority} held for ${countdown(left)} more`);
    // Those that are why it is in trouble are told already.
    const more = conditions.filter((name) => !entry.why.includes(name)).map(plain);
    if (more.length) notes.push(`${more.join(", ")} on input ${priority}`);
  }
  if (entry.override !== null && entry.override !== undefined) notes.push("chosen by hand");
  return notes;
}

const DRAWN_EVERY = 2_000;

function drawRow(row, anew) {
  const details = details_of(row.stream);
  const chosen = row.stream === list.cursor ? list.chosen : null;
  const is = row.drawn;
  const width = row.canvas.clientWidth;
  if (!anew && is && is.details === details && is.chosen === chosen && is.width === width && now() - is.at < DRAWN_EVERY) {
    return;
  }
  row.drawn = { details, chosen, width, at: now() };
  draw(row.canvas, details, { chosen });
  if (!is || is.details !== details || anew) {
    setAttribute(row.canvas, "aria-label", details ? describe(details) : "The last 15 minutes: not loaded yet");
  }
}
