// The last 15 minutes of a stream, drawn: bitrate, who was on air, each input's health beneath. What is
// drawn can also be pointed at, stepped through and read.

// Where things are, in CSS pixels. `lanes`: how many inputs have room for one.
const ROW_PLAN = { bits: [1, 15], air: [19, 12], lane: 34, laneHeight: 3, laneStep: 4, lanes: 4, text: 9 };
// The wide one has its lanes numbered and hours beneath.
const WIDE_PLAN = { bits: [1, 38], air: [46, 20], lane: 74, laneHeight: 9, laneStep: 15, lanes: 32, text: 12, hours: 14 };

const parsed = new WeakMap();

// A stream's details with times as numbers, and each state until the next.
function historyOf(details) {
  let history = parsed.get(details);
  if (history) return history;
  const { timeline, spark } = details;
  const spans = (list, make) =>
    list.map((entry, i) => ({
      from: Date.parse(entry.at),
      to: i + 1 < list.length ? Date.parse(list[i + 1].at) : Infinity,
      ...make(entry),
    }));
  history = {
    from: Date.parse(timeline.from),
    complete: timeline.complete,
    air: spans(timeline.on_air, ({ input }) => ({ input })),
    inputs: Object.entries(timeline.inputs)
      .map(([priority, list]) => ({ priority: Number(priority), spans: spans(list, (entry) => entry) }))
      .sort((a, b) => a.priority - b.priority),
    switches: timeline.switches.map((entry) => ({ ...entry, when: Date.parse(entry.at) })),
    spark: { ...spark, until: Date.parse(spark.until) },
  };
  history.outages = outagesOf(history, Date.parse(details.status.registered_at));
  parsed.set(details, history);
  return history;
}

// What a stream that is on air can't be watched for.
const UNWATCHABLE = ["black", "frozen", "video_lost"];

// When viewers were without, after something had been on air: {what, since, until, why}; until Infinity: they are.
// Nothing on air counts from the last packet on.
function outagesOf({ air, inputs }, registered) {
  const found = [];
  const lanes = new Map(inputs.map(({ priority, spans }) => [priority, spans]));
  air.forEach((span, i) => {
    if (i === 0 && span.input < 0 && span.from <= registered) return;
    const left = air[i - 1]?.input >= 0 ? air[i - 1] : null;
    const lost = left && lanes.get(left.input)?.findLast((one) => one.from > left.from && one.from <= span.from);
    const fault = lost?.status === "degraded" ? lost : null;
    const since = fault ? fault.from - (fault.silent_ms ?? 0) : span.from;
    if (span.input < 0 || since < span.from) {
      const why = fault ? `input ${left.input}, ${because(fault.reason, fault.text)}` : "";
      found.push({ what: "dark", since, until: span.input < 0 ? span.to : span.from, why });
    }
    for (const state of span.input < 0 ? [] : lanes.get(span.input) ?? []) {
      const what = state.conditions.find((name) => UNWATCHABLE.includes(name));
      const [from, until] = [Math.max(state.from, span.from), Math.min(state.to, span.to)];
      if (what && from < until) found.push({ what: plain(what), since: from, until, why: `input ${span.input}, ${because(what, state.text)}` });
    }
  });
  return found.sort((a, b) => a.since - b.since);
}

// In the same words as the program changeover.
const outageText = ({ what, since, until }) =>
  `${what} since ${timeOfDay(since)} for ${duration(Math.min(until, now()) - since)}`;

// The outage that a switch ended, or fell into.
const outageOf = (history, made) =>
  history.outages.find(({ since, until }) => since <= made.when + 1 && made.when <= until + 1) ?? null;

const best = (history) => history.inputs[0]?.priority ?? 0;

function healthOf(span) {
  if (span.status === "degraded") return "bad";
  if (span.status === "impaired") return "watch";
  if (span.status === "stopped") return "off";
  return span.conditions.length ? "watch" : "well";
}

// Colours by the style sheet's names, in whatever scheme is in force.
const inks = getComputedStyle(document.documentElement);
const ink = (name) => inks.getPropertyValue(`--${name}`).trim();

function airInk(input, history) {
  if (input < 0) return "bad";
  return input === best(history) ? "air" : "backup";
}

function draw(canvas, details, { wide = false, chosen = null } = {}) {
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const scale = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  if (!details) return;
  const plan = wide ? WIDE_PLAN : ROW_PLAN;
  const history = historyOf(details);
  const end = now();
  const x = (at) => Math.min(width, Math.max(0, width + ((at - end) / WINDOW) * width));
  drawHours(pen, plan, x, end, height);
  drawUnknown(pen, history, x, height);
  drawBits(pen, plan, history, x);
  for (const span of history.air) drawAir(pen, plan, history, span, x);
  history.inputs.slice(0, plan.lanes).forEach(({ priority, spans }, lane) => {
    const top = plan.lane + lane * plan.laneStep;
    for (const span of spans) drawLane(pen, plan, top, span, x);
    if (wide) drawNumber(pen, plan, priority, top);
  });
  for (const made of history.switches) drawSwitch(pen, plan, made, x, made.number === chosen?.number);
}

// A line each five minutes of the day.
function drawHours(pen, plan, x, end, height) {
  const width = x(end);
  for (let at = end - (end % (5 * MINUTE)); at > end - WINDOW; at -= 5 * MINUTE) {
    const left = Math.round(x(at));
    pen.fillStyle = ink("line");
    pen.fillRect(left, 0, 1, height - (plan.hours ?? 0));
    if (!plan.hours || left < 18 || left > width - 18) continue;
    write(pen, timeOfDay(at, false), left, height - plan.hours / 2, { size: 10, colour: "dim", align: "center" });
  }
}

function write(pen, text, left, middle, { size, colour, align = "left", weight = 400 }) {
  pen.fillStyle = ink(colour);
  pen.font = `${weight} ${size}px ${ink("mono")}`;
  pen.textAlign = align;
  pen.textBaseline = "middle";
  pen.fillText(text, left, middle);
}

// Which input a lane is.
function drawNumber(pen, plan, priority, top) {
  const text = String(priority);
  pen.fillStyle = ink("ground");
  pen.fillRect(0, top - 1, 6 + 7 * text.length, plan.laneHeight + 2);
  write(pen, text, 1, top + plan.laneHeight / 2 + 0.5, { size: 11, colour: "dim" });
}

// Before the stream was registered, or the engine's memory of it begins.
function drawUnknown(pen, history, x, height) {
  const until = x(history.from);
  if (until < 1) return;
  pen.fillStyle = ink("line");
  for (let at = 1; at < until; at += 6) pen.fillRect(at, height / 2, 2, 1);
}

// What viewers got is filled, whichever input it came from; what the inputs delivered besides is faint.
function drawBits(pen, plan, history, x) {
  const { spark } = history;
  const [top, height] = plan.bits;
  const lists = Object.entries(spark.inputs);
  const most = lists.reduce((most, [, list]) => list.reduce((a, b) => Math.max(a, b ?? 0), most), 0);
  if (!most) return;
  const time = (i) => spark.until - (lists[0][1].length - 1 - i) * spark.step_ms;
  const level = (kbps) => top + height - 1 - (kbps / most) * (height - 2);
  pen.lineWidth = 1;
  for (const [, list] of lists) {
    pen.strokeStyle = ink("faint");
    pen.globalAlpha = 0.6;
    pen.stroke(stretches(list, (i) => x(time(i)), level).line);
  }
  const onAir = lists[0][1].map((_, i) => spark.inputs[at(history.air, time(i))?.input]?.[i] ?? null);
  const { line, area } = stretches(onAir, (i) => x(time(i)), level, top + height);
  pen.fillStyle = pen.strokeStyle = ink("bits");
  pen.globalAlpha = 0.2;
  pen.fill(area);
  pen.globalAlpha = 1;
  pen.stroke(line);
}

// A line through what is known, and the area beneath it.
function stretches(list, x, level, bottom) {
  const line = new Path2D();
  const area = new Path2D();
  for (let i = 0; i < list.length; ) {
    if (list[i] === null) {
      i++;
      continue;
    }
    const from = x(i);
    line.moveTo(from, level(list[i]));
    area.moveTo(from, bottom);
    let last = from;
    for (; i < list.length && list[i] !== null; i++) {
      last = x(i);
      line.lineTo(last, level(list[i]));
      area.lineTo(last, level(list[i]));
    }
    area.lineTo(last, bottom);
  }
  return { line, area };
}

function drawAir(pen, plan, history, span, x) {
  const [top, height] = plan.air;
  const left = x(span.from);
  // A short one is seen, too.
  const width = Math.max(x(span.to) - left, span.to > now() - WINDOW ? 1.5 : 0);
  if (!width) return;
  pen.fillStyle = ink(airInk(span.input, history));
  if (span.input < 0) return hatch(pen, left, top, width, height);
  pen.fillRect(left, top, width, height);
  const label = String(span.input);
  if (width < 8 + 6 * label.length) return;
  write(pen, label, left + 4, top + height / 2 + 0.5, { size: plan.text, colour: "on-air", weight: 600 });
}

// Not by colour alone.
function hatch(pen, left, top, width, height) {
  pen.save();
  pen.beginPath();
  pen.rect(left, top, width, height);
  pen.clip();
  pen.globalAlpha = 0.35;
  pen.fillRect(left, top, width, height);
  pen.globalAlpha = 1;
  pen.beginPath();
  for (let at = left - height; at < left + width; at += 4) {
    pen.moveTo(at, top + height);
    pen.lineTo(at + height, top);
  }
  pen.strokeStyle = pen.fillStyle;
  pen.lineWidth = 1.2;
  pen.stroke();
  pen.restore();
}

function drawLane(pen, plan, top, span, x) {
  const left = x(span.from);
  const width = Math.max(x(span.to) - left, span.to > now() - WINDOW ? 1 : 0);
  if (!width) return;
  const health = healthOf(span);
  pen.fillStyle = ink(health === "well" ? "idle" : health);
  const { laneHeight } = plan;
  // What is wrong is thick, what is well thin, what is off an outline of dots.
  if (health === "off") {
    for (let at = left; at < left + width; at += 4) pen.fillRect(at, top + laneHeight / 2 - 0.5, 1, 1);
  } else {
    const thick = health === "well" ? Math.max(1, Math.round(laneHeight / 3)) : laneHeight;
    pen.fillRect(left, top + (laneHeight - thick) / 2, width, thick);
  }
}

function drawSwitch(pen, plan, made, x, chosen) {
  const at = x(made.when);
  if (at <= 0 && made.when < now() - WINDOW) return;
  const [top, height] = plan.air;
  pen.fillStyle = ink(chosen ? "focus" : "text");
  pen.fillRect(at - 0.75, top - 2, chosen ? 2 : 1.5, height + 4);
  const half = chosen ? 4 : 2.5;
  pen.beginPath();
  pen.moveTo(at - half, top - 2 - half);
  pen.lineTo(at + half, top - 2 - half);
  pen.lineTo(at, top - 1);
  pen.fill();
}

// The switch at a place of the canvas, within reach of what points there.
function switchAt(canvas, details, offset, reach) {
  const width = canvas.clientWidth;
  const end = now();
  let nearest = null;
  for (const made of historyOf(details).switches) {
    const distance = Math.abs(width + ((made.when - end) / WINDOW) * width - offset);
    if (distance <= reach && made.when > end - WINDOW) {
      reach = distance;
      nearest = made;
    }
  }
  return nearest;
}

const shownSwitches = (details) =>
  historyOf(details).switches.filter((made) => made.when > now() - WINDOW);

// The switch after the chosen one, or before it: `by` so many, infinite to the ends. With none chosen it begins
// at the end that it comes from.
function stepped(switches, chosen, by) {
  const from = switches.findIndex((made) => made.number === chosen?.number);
  const start = from < 0 ? (by < 0 ? switches.length : -1) : from;
  return switches[Math.max(0, Math.min(switches.length - 1, start + by))];
}

const at = (spans, when) => spans.find((span) => span.from <= when && when < span.to);

// --- In words.

const TIMES = [
  ["detection_ms", "noticed after"],
  ["decision_ms", "decided in"],
  ["commit_ms", "on air after"],
];

// From the fault, or the host's report of it, to the new input's first packet. A switch that was planned
// has neither: the old input stays on air until the new one is.
function tookFromFault(made) {
  if (made.detection_ms == null && made.decision_ms == null) return null;
  return TIMES.reduce((sum, [key]) => sum + (made[key] ?? 0), 0);
}

const faultOf = (made) => (made.detection_ms == null ? "the report of the fault" : "the fault");

const measuredTimes = (made) =>
  TIMES.filter(([key]) => made[key] != null).map(([key, words]) => `${words} ${duration(made[key])}`);

function switchLines(made, history) {
  const lines = [`${timeOfDay(made.when)}  ${switchText(made)}`];
  const times = measuredTimes(made);
  if (times.length) lines.push(times.join(", "));
  const without = outageOf(history, made);
  const took = without ? null : tookFromFault(made);
  if (without) lines.push(outageText(without));
  else if (took !== null) lines.push(`${duration(took)} from ${faultOf(made)} to the new input`);
  if (made.passed_over) lines.push(`passed over: ${made.passed_over}`);
  return lines;
}

function momentLines(details, when) {
  const history = historyOf(details);
  const air = at(history.air, when);
  const lines = [`${timeOfDay(when)}  on air: ${air ? input(air.input) : "not known"}`];
  for (const { priority, spans } of history.inputs) {
    const span = at(spans, when);
    if (!span || healthOf(span) === "well") continue;
    const why = [span.reason && plain(span.reason), span.text].filter(Boolean).join(": ");
    const what = [span.status, ...span.conditions.filter((name) => name !== span.reason).map(plain)].join(", ");
    lines.push(`input ${priority}: ${why && !what.includes(why) ? `${what} (${why})` : what}`);
  }
  return lines;
}

// The picture in a sentence.
function describe(details) {
  const history = historyOf(details);
  const end = now();
  const begin = Math.max(history.from, end - WINDOW);
  const onAir = new Map();
  for (const { from, to, input } of history.air) {
    const time = Math.min(to, end) - Math.max(from, begin);
    if (time > 0) onAir.set(input, (onAir.get(input) ?? 0) + time);
  }
  const shares = [...onAir]
    .sort((a, b) => b[1] - a[1])
    .map(([priority, time]) => `${input(priority)} for ${duration(time)}`);
  const switches = shownSwitches(details);
  const last = switches.at(-1);
  const told = last ? `, the last at ${switchLines(last, history)[0].replace("  ", ", ")}` : "";
  return `Last ${duration(end - begin)}: on air ${shares.join(", ") || "nothing"}; ` +
    `${plural(switches.length, "switch", "switches")}${told}.`;
}

// --- The tip beside what is pointed at.

// Above the box, unless it would cover what the page is headed by.
function showTip(lines, left, box) {
  const tip = $("tip");
  tip.replaceChildren(...lines.map((line) => element("p", {}, line)));
  tip.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = tip;
  const above = box.top - height - 4;
  tip.style.left = `${Math.max(4, Math.min(innerWidth - width - 4, left - width / 2))}px`;
  tip.style.top = `${above > 80 ? above : box.bottom + 4}px`;
}

function hideTip() {
  setHidden($("tip"), true);
}

function pointAt(canvas, details, clientX, reach) {
  const box = canvas.getBoundingClientRect();
  const made = switchAt(canvas, details, clientX - box.left, reach);
  const when = now() - (1 - (clientX - box.left) / box.width) * WINDOW;
  showTip(made ? switchLines(made, historyOf(details)) : momentLines(details, when), clientX, box);
  return made;
}

function pointAtSwitch(canvas, details, made) {
  const box = canvas.getBoundingClientRect();
  const along = 1 + (made.when - now()) / WINDOW;
  const lines = switchLines(made, historyOf(details));
  showTip(lines, box.left + along * box.width, box);
  return lines.join(". ");
}
