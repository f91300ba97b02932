// What can be done, once the user has given the token. Whatever viewers see asks first.

const actions = { writable: false };

const mayAct = () => actions.writable && api.token !== null;

// Buttons keep their elements, and with them the focus, as long as they are the same.
function fillButtons(holder, wanted) {
  const key = wanted.map(({ label, disabled }) => `${label}${disabled ? "-" : ""}`).join("\n");
  if (holder.dataset.key === key) return;
  holder.dataset.key = key;
  holder.replaceChildren(...wanted.map(({ label, act, disabled, title }) =>
    element("button", { type: "button", onclick: act, disabled: Boolean(disabled), title: title ?? "" }, label)));
}

function fillActions(holder, stream, { status }) {
  const wanted = [];
  if (mayAct()) {
    const chosen = status.override_input_priority;
    const top = status.inputs.find((one) => !one.disabled)?.input_priority;
    if (chosen != null) {
      wanted.push({
        label: "End the choice by hand",
        act: () => ask({
          title: `End the choice of input ${chosen}?`,
          text: "The stream chooses by itself again, and may switch.",
          verb: "End it", stream, action: "clear",
        }),
      });
    }
    if (top !== undefined && status.active_input_priority !== top) {
      wanted.push({
        label: "Fail back now",
        act: () => ask({
          title: "Fail back now?",
          text: `Viewers leave input ${status.active_input_priority} for the best input that is healthy, without waiting for it to prove itself.`,
          verb: "Fail back", stream, action: "failback",
        }),
      });
    }
  }
  fillButtons(holder, wanted);
}

function fillInputActions(holder, stream, one, { status }) {
  const wanted = [];
  const priority = one.input_priority;
  const onAir = priority === status.active_input_priority;
  if (mayAct()) {
    if (!one.disabled && (!onAir || status.override_input_priority !== priority)) {
      wanted.push({
        label: onAir ? "Keep on air" : "Put on air",
        act: () => ask({
          title: onAir ? `Keep input ${priority} on air?` : `Put input ${priority} on air?`,
          text: onAir
            ? "The stream stays on it until it fails, or the choice ends."
            : `Viewers leave ${input(status.active_input_priority)} for input ${priority}, which is ${one.status}.`,
          verb: onAir ? "Keep it" : "Put on air", stream, action: "switch", body: { input: priority }, lasts: true,
        }),
      });
    }
    wanted.push(one.disabled
      ? { label: "Enable", act: () => performAtOnce(stream, "enable", { input: priority }) }
      : {
        label: "Disable",
        act: () => ask({
          title: `Disable input ${priority}?`,
          text: onAir
            ? "It is on air: viewers are moved to another input, if there is one, and it is stopped."
            : "It is stopped, and not chosen until somebody enables it again.",
          verb: "Disable", stream, action: "disable", body: { input: priority },
        }),
      });
  }
  fillButtons(holder, wanted);
}

async function perform(stream, action, body) {
  const row = await post(`${streamPath(stream)}/${action}`, body);
  row.seen = now();
  putEntry(row);
  markChanged(stream);
  fetchDetails([stream]);
  tell({ at: now(), stream, kind: "asked", text: `${action}${body ? ` input ${body.input}` : ""}: done from this page`, weight: 1 });
  showSoon();
}

// What need not be asked first. That it was not done has to be said.
async function performAtOnce(stream, action, body) {
  try {
    await perform(stream, action, body);
  } catch (error) {
    openDialog(
      element("h2", { id: "dialog-title" }, "Not done"),
      element("p", {}, "Stream ", element("b", {}, stream), `, ${action} input ${body.input}:`),
      element("p", { className: "wrong", role: "alert" }, error.message),
      element("div", { className: "buttons" },
        element("button", { type: "button", "data-first": "", onclick: closeDialog }, "Close")));
  }
}

// --- Dialogs.

function openDialog(...children) {
  const dialog = $("dialog");
  dialog.replaceChildren(...children);
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("[data-first]")?.focus();
}

const closeDialog = () => $("dialog").close();

const LASTS = [["", "until it is ended"], ["60", "for 1 minute"], ["300", "for 5 minutes"], ["900", "for 15 minutes"], ["3600", "for an hour"]];

function ask({ title, text, verb, stream, action, body, lasts }) {
  const wrong = element("p", { className: "wrong", role: "alert", hidden: true });
  const choice = lasts
    ? element("select", { id: "lasts" }, ...LASTS.map(([value, words]) => element("option", { value }, words)))
    : null;
  const confirm = element("button", { type: "button", className: "danger" }, verb);
  confirm.onclick = async () => {
    confirm.disabled = true;
    try {
      const seconds = Number(choice?.value);
      await perform(stream, action, seconds ? { ...body, seconds } : body);
      closeDialog();
    } catch (error) {
      setText(wrong, `Not done: ${error.message}`);
      wrong.hidden = false;
      confirm.disabled = false;
    }
  };
  openDialog(
    element("h2", { id: "dialog-title" }, title),
    element("p", {}, "Stream ", element("b", {}, stream), `. ${text}`),
    choice && element("p", {}, element("label", { for: "lasts" }, "It holds "), choice),
    wrong,
    element("div", { className: "buttons" },
      element("button", { type: "button", "data-first": "", onclick: closeDialog }, "Cancel"), confirm));
}

// Resolves when there is a token that the host takes, or the user gives up.
let asking = null;

function askToken(needed) {
  asking ??= new Promise((resolve) => {
    const field = element("input", {
      type: "password", id: "token", autocomplete: "off", spellcheck: false, "data-first": "", "aria-label": "Token",
    });
    const wrong = element("p", { className: "wrong", role: "alert", hidden: true });
    const complain = (text) => {
      setText(wrong, text);
      wrong.hidden = false;
    };
    const give = async () => {
      const token = field.value.trim();
      if (!token) return;
      try {
        if (!(await isToken(token))) return complain("The host does not take this token.");
      } catch (error) {
        return complain(`It could not be tried: ${error.message}`);
      }
      setToken(token);
      closeDialog();
    };
    field.addEventListener("keydown", (event) => event.key === "Enter" && give());
    $("dialog").addEventListener("close", () => {
      asking = null;
      resolve();
    }, { once: true });
    openDialog(
      element("h2", { id: "dialog-title" }, "Token"),
      element("p", {}, needed
        ? "This host shows its streams to those who have its token."
        : "With the token of this host, streams can be switched and inputs disabled from here."),
      element("p", { className: "quiet" }, "It is kept until this tab is closed, and sent to this host alone."),
      field, wrong,
      element("div", { className: "buttons" },
        element("button", { type: "button", onclick: closeDialog }, "Cancel"),
        element("button", { type: "button", onclick: give }, "Unlock")));
  });
  return asking;
}
