// The desk: time at the item, and decisions. A decision that could not be stored waits, in sight, until
// it is sent or taken back; it is sent again by itself only while nothing is typed or pressed.
"use strict";

const STILL_SENDING = gettext("Your last decision is still being sent. Try again in a moment.");
const isSending = () => ["review", "undo"].some((id) => byId(id)?.classList.contains("htmx-request"));

// Seconds at the item, counted while the page is visible and the user is active

const IDLE_SECONDS = 60; // without input until the user is not active; chosen, nobody measured
let seconds = 0;
let activeAt = Date.now();
for (const name of ["keydown", "pointerdown", "pointermove", "scroll"]) {
  document.addEventListener(
    name,
    () => {
      activeAt = Date.now();
    },
    { passive: true },
  );
}
setInterval(() => {
  if (!document.hidden && Date.now() - activeAt < IDLE_SECONDS * 1000) seconds += 1;
}, 1000);

// Who types when the next item replaces the text goes on for a moment: these letters are no shortcuts.

const PAUSE = 600; // milliseconds between letters that are typed on; chosen, nobody measured
let lastLetter = 0;
let isTypingOn = false;
document.addEventListener(
  "keydown",
  (event) => {
    if (isTypingOn && event.timeStamp - lastLetter < PAUSE && !isTyping(event.target)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      lastLetter = event.timeStamp;
      return;
    }
    isTypingOn = false;
    // Who sends the text by its keys has ended it: the next letter is meant for the next item.
    if (isTyping(event.target)) lastLetter = event.ctrlKey || event.metaKey ? -PAUSE : event.timeStamp;
  },
  true,
);

// Sending

let button = null; // of the last decision
let retry = 0;
let isWaiting = false;
let hadTyped = "";
let hadComment = false;

// The second click of a double click would decide on the next item, so it is ignored.
document.addEventListener(
  "click",
  (event) => {
    if (event.detail > 1 && event.target.closest("#review button[name]")) event.preventDefault();
  },
  true,
);

document.addEventListener(
  "submit",
  (event) => {
    const { id } = event.target;
    if (id !== "review" && id !== "undo") return;
    if (keepsFrom(id)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (id === "review") {
      event.target.elements.seconds.value = seconds;
      button = event.submitter;
      hadTyped = place();
      hadComment = [...document.querySelectorAll("[data-keeps] textarea")].some((field) => field.value.trim());
      stopRetry();
    }
  },
  true,
);

// Whether a decision or an undo is not sent now; says why.
function keepsFrom(id) {
  if (isSending()) say(STILL_SENDING);
  else if (id === "undo" && isWaiting) takeBack();
  else return false;
  return true;
}

document.addEventListener("htmx:beforeSend", (event) => {
  if (event.target.id === "review") for (const field of fields()) field.readOnly = true;
});

// A decision that waits

function wait(reason, { isAgain }) {
  isWaiting = true;
  byId("waiting").hidden = false;
  const decision = [...button.childNodes].map((node) => (node.nodeType === Node.TEXT_NODE ? node.data : "")).join("");
  const message = gettext("“%(decision)s” is not saved yet: %(reason)s");
  byId("waiting-for").textContent = filled(message, { decision: decision.trim(), reason });
  byId("again").classList.toggle("away", !isAgain);
  if (isAgain) retry = setTimeout(sendWaiting, AGAIN);
}

function sendWaiting() {
  if (button?.isConnected) button.click();
}

function stopRetry() {
  clearTimeout(retry);
  retry = 0;
  byId("again")?.classList.add("away"); // which moves no button from under the pointer
}

function takeBack() {
  if (isSending()) return say(STILL_SENDING);
  stopRetry();
  isWaiting = false;
  byId("waiting").hidden = true;
  say(gettext("Taken back."));
}

let touchedAt = 0; // the last key, input or press
for (const name of ["keydown", "input", "pointerdown"]) {
  document.addEventListener(
    name,
    () => {
      touchedAt = Date.now();
      stopRetry();
    },
    true,
  );
}
window.addEventListener("online", () => {
  if (retry) sendWaiting();
});
window.addEventListener("beforeunload", (event) => {
  if (isWaiting) event.preventDefault();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-send-now]")) sendWaiting();
  else if (event.target.closest("[data-take-back]")) takeBack();
});

for (const [name, reason] of [
  ["htmx:sendError", gettext("the server cannot be reached.")],
  ["htmx:timeout", gettext("the server does not answer.")],
]) {
  document.addEventListener(name, (event) => {
    if (event.target.id === "review") wait(reason, { isAgain: true });
  });
}

document.addEventListener("htmx:responseError", async (event) => {
  const { status } = event.detail.xhr;
  if (event.target.id !== "review") return;
  if (status !== 403 || !hasNewToken()) return wait(reasonFor(status), { isAgain: status >= 500 });
  const began = Date.now();
  const trouble = await renewToken();
  if (trouble || touchedAt > began) wait(trouble || reasonFor(status), { isAgain: false });
  else sendWaiting();
});

function reasonFor(status) {
  if (status === 404) return gettext("you are no longer a member of this project, or the item was removed.");
  return filled(gettext("the server answered with error %(status)s."), { status });
}

const KEEP_HOLD_MINUTES = 10; // without input; chosen, nobody measured
document.addEventListener("htmx:beforeRequest", (event) => {
  const isHold = event.target.id === "hold";
  if (isHold && Date.now() - activeAt > KEEP_HOLD_MINUTES * 60_000) event.preventDefault();
});

const CONFIRMATIONS = { accepted: gettext("Accepted."), skipped: gettext("Skipped.") };
document.addEventListener("htmx:afterRequest", (event) => {
  const { xhr, successful, requestConfig } = event.detail;
  const { elt } = requestConfig; // may no longer be in the page
  if (elt.id === "review" && form()) for (const field of fields()) field.readOnly = false;
  // A refusal is shown as well, but with another status.
  if (elt.id === "review" && successful && xhr.status === 200) {
    if (button?.value !== "skipped") localStorage.removeItem(hadTyped);
    const said = [CONFIRMATIONS[button?.value] ?? gettext("Rejected.")];
    if (hadComment) said.push(gettext("Your comment was not sent. It is kept on the item’s page."));
    say(said.join(" "));
  }
  if (elt.id === "hold" && xhr.status === 409) say(xhr.responseText, true);
});

// What was said of the decision before is over once another, a refusal or an undo is shown.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { shouldSwap, requestConfig } = event.detail;
  if (!shouldSwap || !["review", "undo"].includes(requestConfig.elt.id)) return;
  say("");
  isTypingOn = isTyping(document.activeElement);
});
document.addEventListener("told", (event) => say(event.detail.text));

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "main") begin();
});

// The progress bar: counted here after each decision, and by the server once a minute
document.addEventListener("decided", (event) => {
  const share = byId("share");
  if (!share) return;
  const done = Number(share.dataset.done) + event.detail.done;
  const left = Math.max(0, Number(share.dataset.left) - event.detail.done);
  Object.assign(share.dataset, { done, left });
  share.max = done + left || 1;
  share.value = done;
  const number = new Intl.NumberFormat(document.documentElement.lang);
  byId("done").textContent = number.format(done);
  if (!("more" in share.dataset)) byId("left").textContent = number.format(left);
  if (!left) document.body.dispatchEvent(new Event("undone")); // there may be new items
});

function begin() {
  beginTyping();
  stopRetry();
  isWaiting = false;
  if (!form()) return;
  seconds = Number(form().elements.seconds.value); // of a refused decision, else 0
}

begin();
