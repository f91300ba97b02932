// What the keys do.

const KEYS = [
  ["↑ ↓ or k j", "the stream above, below"],
  ["Page Up, Page Down, Home, End", "further"],
  ["← →", "through the switches of the stream, or of the open panel's timeline"],
  ["Enter", "open the stream"],
  ["Esc", "close what is open, let go of the list"],
  ["/", "find a stream"],
  ["s", "sort by id, or by trouble"],
  ["r", "sort anew now"],
  ["n", "what happened lately"],
  ["t", "give the token, or forget it"],
  ["?", "this"],
];

function showKeys() {
  openDialog(
    element("h2", { id: "dialog-title" }, "Keys"),
    element("dl", {}, ...KEYS.flatMap(([keys, does]) => [element("dt", {}, keys), element("dd", {}, does)])),
    element("h2", {}, "Signs"),
    element("dl", {}, ...TROUBLES.toReversed().filter(({ sign }) => sign).flatMap(({ sign, name, means }) =>
      [element("dt", {}, `${sign} ${name}`), element("dd", {}, means)])),
    element("p", { className: "quiet" }, "A timeline is the last 15 minutes: on top the bitrate, then which input was on air " +
      "(hatched: nothing), below a line for each input, best first: thin is well, thick is not, dots are off. ▾ is a switch."),
    element("div", { className: "buttons" },
      element("button", { type: "button", "data-first": "", onclick: closeDialog }, "Close")));
}

// With the list or nothing in focus; false: not a key of ours.
function pressed(key, inList) {
  const page = Math.max(1, Math.floor($("list").clientHeight / list.rowHeight) - 1);
  const moves = {
    ArrowUp: -1, k: -1, ArrowDown: 1, j: 1, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity,
  };
  if (key in moves) {
    if (!inList) $("list").focus({ preventScroll: true });
    moveCursor(moves[key]);
  } else if (key === "ArrowLeft" || key === "ArrowRight") {
    if (list.cursor === null) return false;
    stepSwitch(key === "ArrowLeft" ? -1 : 1);
  } else if (key === "Enter") {
    if (!inList || list.cursor === null) return false;
    openStream(list.cursor);
  } else if (key === "/") {
    $("search").focus();
    $("search").select();
  } else if (key === "s") toggleSort();
  else if (key === "r") refreshNow();
  else if (key === "n") openJournal();
  else if (key === "t") unlockOrForget();
  else if (key === "?") showKeys();
  else return false;
  return true;
}

function letGo() {
  hideTip();
  if (side.stream !== null || side.journal) {
    closeSide();
    $("list").focus({ preventScroll: true });
  } else {
    list.cursor = list.chosen = list.wanted = null;
    list.touched = -Infinity;
    showSoon();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || $("dialog").open) return;
  const { target, key } = event;
  if (key === "Escape") {
    if (target === $("search")) {
      target.value = "";
      target.dispatchEvent(new Event("input"));
      target.blur();
    } else letGo();
    return;
  }
  if (target === $("search")) {
    if (key === "ArrowDown" || key === "Enter") {
      event.preventDefault();
      $("list").focus({ preventScroll: true });
      moveCursor(1);
    }
    return;
  }
  // A button has its own Enter, a panel scrolls by its own arrows.
  const inList = target === $("list");
  const typed = key.length === 1;
  if (!inList && !typed && target !== document.body) return;
  if (typed && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return;
  if (pressed(key, inList)) event.preventDefault();
});
