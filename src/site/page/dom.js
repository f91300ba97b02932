// Elements. What comes from outside becomes text, never markup.

const $ = (id) => document.getElementById(id);

// What turns the direction of text, and what is not seen of it, as `\u{202e}`: an id, or a text of others, could
// have a question read as another one.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
const printable = (text) => String(text).replace(HIDDEN, (mark) => `\\u{${mark.codePointAt(0).toString(16)}}`);

// element("b", {className: "x", onclick: f, "aria-label": "y"}, "text", child, …)
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role" || name === "for") setAttribute(made, name, value);
    else made[name] = name === "title" ? printable(value) : value;
  }
  const there = children.filter((child) => child !== null && child !== undefined);
  made.append(...there.map((child) => (child instanceof Node ? child : printable(child))));
  return made;
}

// Written only when it changes: what does not change costs no layout.
function setText(node, text) {
  const shown = printable(text);
  if (node.textContent !== shown) node.textContent = shown;
}

function setAttribute(node, name, value) {
  if (value === null) return node.removeAttribute(name);
  const shown = printable(value);
  if (node.getAttribute(name) !== shown) node.setAttribute(name, shown);
}

function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

// Calls `work` soon, once for any number of calls, and not again before `ms` have passed.
function throttled(work, ms) {
  let timer = null;
  let last = -Infinity;
  return () => {
    if (timer !== null) return;
    timer = setTimeout(() => {
      timer = null;
      last = performance.now();
      work();
    }, Math.max(0, last + ms - performance.now()));
  };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
