"use strict";
// The engine's time, and how times, durations and rates are written.

const MINUTE = 60_000;
const WINDOW = 15 * MINUTE;

// The engine's clock less this machine's, in ms; when what is shown was known, if time stands still.
const clock = { ahead: 0, stopped: null };

function now() {
  return clock.stopped ?? Date.now() + clock.ahead;
}

// `asked` and the time of the answer lie around the moment at which the engine looked at its clock.
function setClock(engineNow, asked) {
  clock.ahead = engineNow - (asked + Date.now()) / 2;
}

function stopClock() {
  clock.stopped ??= now();
}

function startClock() {
  clock.stopped = null;
}

const two = (number) => String(number).padStart(2, "0");

function timeOfDay(at, withSeconds = true) {
  const date = new Date(at);
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return withSeconds ? `${minutes}:${two(date.getSeconds())}` : minutes;
}

// 0.4 ms, 12 ms, 1.01 s, 14 s, 3 min 20 s, 2 h 5 min.
function duration(ms) {
  if (ms < 10 && ms % 1) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000 && ms % 1000) return `${(ms / 1000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

// Of what is counted down: whole seconds, and never 0 s more.
function countdown(ms) {
  return duration(Math.max(1, Math.ceil(ms / 1000)) * 1000);
}

function bitrate(kbps) {
  if (kbps < 1) return "0 kbit/s";
  if (kbps < 1000) return `${Math.round(kbps)} kbit/s`;
  return `${(kbps / 1000).toFixed(kbps < 9995 ? 2 : 1)} Mbit/s`;
}

const count = (number) => number.toLocaleString("en");

function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}
