// The desk: editing without losing text, candidate questions, the context, time at the item.
"use strict";

const form = () => document.getElementById("review");
const fields = () => ["question", "answer", "start", "end"].map((id) => document.getElementById(id));
const byId = (id) => document.getElementById(id);
const filled = (message, inserted) => interpolate(message, inserted, true);

// Reading and editing

function edit(id) {
  form().classList.add("editing");
  focusAtEnd(byId(id));
}

function read() {
  for (const shown of form().querySelectorAll("[data-shows]")) {
    const field = byId(shown.dataset.shows);
    if (shown.textContent !== field.value) shown.textContent = field.value;
  }
  form().classList.remove("editing");
  byId("main").focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || !event.target.closest("#review")) return;
  const isInText = event.target.matches("textarea, input");
  if (event.key === "Escape" && isInText) read();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form().querySelector('[value="accepted"]').click();
  }
});

document.addEventListener("keydown", (event) => {
  const digit = event.shiftKey && /^Digit([1-9])$/.exec(event.code);
  if (!digit || !form() || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  const places = [...document.querySelectorAll("[data-rank]")];
  const chosen = document.querySelector(`[data-choose][data-digit="${digit[1]}"]`);
  const place = chosen?.closest("[data-candidate]").querySelector("[data-rank]");
  if (!place) return;
  event.preventDefault();
  const last = Math.max(0, ...places.map((field) => Number(field.value)));
  place.value = place.value ? "" : String(Math.min(last + 1, places.length));
  typed();
  const inserted = { number: digit[1], place: place.value };
  const message = place.value
    ? gettext("Candidate %(number)s has place %(place)s.")
    : gettext("Candidate %(number)s has no place.");
  say(filled(message, inserted));
});

document.addEventListener("click", (event) => {
  const closest = (selector) => event.target.closest(selector);
  if (!form()) return;
  if (closest("[data-focus]")) edit(closest("[data-focus]").dataset.focus);
  else if (closest("[data-shows]") && !window.getSelection().toString()) edit(closest("[data-shows]").dataset.shows);
  else if (closest("[data-choose]")) choose(closest("[data-choose]"));
  else if (closest("[data-reset]")) reset();
  else if (closest("[data-close]")) empty(closest("[data-close]").dataset.close);
  else if (closest("[data-take]")) takeExcerpt();
  else if (closest("[data-passage]")) setExcerpt("", "");
});

function empty(id) {
  byId(id).replaceWith(Object.assign(document.createElement("div"), { id }));
}

function set(id, value) {
  byId(id).value = value;
  const shown = form().querySelector(`[data-shows="${id}"]`);
  if (shown) shown.textContent = value;
}

function offerReset() {
  byId("changed").hidden = fields().every((field) => field.value === field.dataset.stands);
}

function reset() {
  for (const field of fields()) set(field.id, field.dataset.stands);
  byId("context").hidden = !byId("start").value;
  typed();
}

// Candidate questions: chosen by click or digit, ranked by dragging or by places

function choose(pressed) {
  set("question", pressed.querySelector(".text").textContent);
  typed();
}

let dragged = null;
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-candidate]");
});
document.addEventListener("dragover", (event) => {
  const over = event.target.closest?.("[data-candidate]");
  if (dragged && over) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const over = event.target.closest?.("[data-candidate]");
  if (!dragged || !over) return;
  event.preventDefault();
  const isBelow = event.clientY > over.getBoundingClientRect().top + over.offsetHeight / 2;
  over[isBelow ? "after" : "before"](dragged);
  for (const [index, field] of document.querySelectorAll("[data-rank]").entries()) field.value = String(index + 1);
  dragged = null;
  typed();
});

// Lights up the sentences of the passage that support a sentence of the answer

function light(event) {
  const sentence = event.target.closest?.("[data-sentence]")?.dataset.sentence;
  const marks = document.querySelectorAll("mark[data-carries]");
  for (const mark of marks) {
    const carries = mark.dataset.carries.split(" ").includes(sentence);
    mark.classList.toggle("lit", carries);
    mark.classList.toggle("dim", sentence !== undefined && !carries);
  }
}
document.addEventListener("mouseover", light);
document.addEventListener("focusin", light);

// Another context. Offsets count characters, some of which JavaScript counts as two.

const count = (text) => [...text].length;

function takeExcerpt() {
  const around = byId("around");
  const offset = Number(byId("excerpt").dataset.offset);
  const before = count(around.value.slice(0, around.selectionStart));
  const text = around.value.slice(around.selectionStart, around.selectionEnd);
  const part = count(text);
  if (!part) return say(gettext("Select some text first."));
  setExcerpt(offset + before, offset + before + part, text);
  empty("excerpt");
}

function setExcerpt(start, end, text = "") {
  byId("context-text").textContent = text;
  set("start", start);
  set("end", end);
  byId("context").hidden = start === "";
  typed();
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.closest?.("#changes, #excerpt")) event.detail.target.scrollIntoView({ block: "nearest" });
  const excerpt = byId("excerpt");
  const around = byId("around");
  if (!around || around.dataset.isReady) return;
  around.dataset.isReady = "yes";
  const units = (characters) => [...around.value].slice(0, characters - excerpt.dataset.offset).join("").length;
  around.focus();
  around.setSelectionRange(units(excerpt.dataset.start), units(excerpt.dataset.end));
});

// Typed text is stored in the browser at once, and on the server a moment later

const SOON = 700; // milliseconds after the last key; chosen, nobody measured
const AGAIN = 5000; // milliseconds until the next try; chosen, nobody measured
const place = () => `typed:${form().dataset.user}:${form().getAttribute("action")}`;
const storedFields = () => [...fields(), ...document.querySelectorAll("[data-rank]")];
const values = () => Object.fromEntries(storedFields().map((field) => [field.name, field.value]));
const state = () => JSON.stringify(values());
let timer = 0;

function typed() {
  for (const choice of document.querySelectorAll("[data-choose]")) {
    choice.setAttribute("aria-pressed", choice.querySelector(".text").textContent === byId("question").value);
  }
  offerReset();
  store();
  byId("saved").textContent = "";
  clearTimeout(timer);
  timer = setTimeout(keep, SOON);
}

// Stores the time of the server's text, too: if the server has a later text, it is not overwritten.
function store() {
  const { replaces } = form().elements;
  const { typedAt } = form().dataset;
  localStorage.setItem(place(), JSON.stringify({ replaces: replaces.value, typedAt, values: values() }));
}

async function keep() {
  if (!form()) return;
  const [address, local, sent] = [form().dataset.typed, place(), state()];
  const request = { method: "POST", body: new FormData(form()), redirect: "manual" };
  const response = await fetch(address, request).catch(() => null);
  if (!form() || form().dataset.typed !== address) return;
  if (response?.status === 204) {
    form().dataset.typedAt = response.headers.get("Typed-At");
    if (state() === sent) localStorage.removeItem(local);
    else store();
    byId("saved").textContent = gettext("Text saved.");
  } else if (response?.type === "opaqueredirect") {
    byId("saved").textContent = gettext(
      "You are signed out. Your text is kept in this browser until you sign in again.",
    );
  } else {
    byId("saved").textContent = gettext(
      "Your text is not saved on the server yet, only in this browser. Trying again.",
    );
    clearTimeout(timer);
    timer = setTimeout(keep, AGAIN);
  }
}

function restore() {
  const local = JSON.parse(localStorage.getItem(place()) ?? "null");
  if (local?.replaces !== form().elements.replaces.value) return;
  if (Number(local.typedAt) < Number(form().dataset.typedAt)) return;
  for (const field of storedFields()) field.value = local.values[field.name] ?? field.value;
  for (const field of fields()) set(field.id, field.value);
  byId("context").hidden = !byId("start").value;
  form().classList.add("editing");
  typed();
  say(gettext("Your text has been restored."));
}

document.addEventListener("input", (event) => {
  if (event.target.matches("#start, #end")) byId("context-text").textContent = "";
  if (event.target.matches("#review textarea, #start, #end, [data-rank]")) typed();
});

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

// Deciding: if a decision was not stored, say so, keep it and send it again

let button = null;
let retry = 0;
let hadTyped = "";

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
    if (event.target.id !== "review") return;
    event.target.elements.seconds.value = seconds;
    button = event.submitter;
    hadTyped = place();
    clearTimeout(retry);
  },
  true,
);

function again(reason) {
  const pressed = button;
  say(filled(gettext("Not saved: %(reason)s Your text is kept. Trying again."), { reason }), true);
  clearTimeout(retry);
  retry = setTimeout(() => {
    if (pressed?.isConnected) form().requestSubmit(pressed);
  }, AGAIN);
}

document.addEventListener("htmx:sendError", (event) => {
  if (event.target.id === "review") again(gettext("the server cannot be reached."));
  else if (event.target.id === "undo") say(gettext("The server cannot be reached. Try again in a moment."), true);
});

document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (event.target.id !== "review") return;
  if (status >= 500) {
    again(filled(gettext("the server answered with error %(status)s."), { status }));
  } else {
    const message = gettext("Not saved: the server answered with error %(status)s. Your text is kept.");
    say(filled(message, { status }), true);
  }
});

const KEEP_HOLD_MINUTES = 10; // without input; chosen, nobody measured
document.addEventListener("htmx:beforeRequest", (event) => {
  const isHold = event.target.id === "hold";
  if (isHold && Date.now() - activeAt > KEEP_HOLD_MINUTES * 60_000) event.preventDefault();
});

const CONFIRMATIONS = { accepted: gettext("Accepted."), skipped: gettext("Skipped.") };
document.addEventListener("htmx:afterRequest", (event) => {
  const { xhr, successful, requestConfig } = event.detail;
  const { elt } = requestConfig; // may no longer be in the page
  // A refusal is shown as well, but with another status.
  if (elt.id === "review" && successful && xhr.status === 200) {
    if (button?.value !== "skipped") localStorage.removeItem(hadTyped);
    say(CONFIRMATIONS[button?.value] ?? gettext("Rejected."));
  }
  if (elt.id === "hold" && xhr.status === 409) {
    say(gettext("You were away, so this item went to someone else. Your text is kept."), true);
  }
});

// What was said of the decision before is over once another, a refusal or an undo is shown.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { shouldSwap, requestConfig } = event.detail;
  if (shouldSwap && ["review", "undo"].includes(requestConfig.elt.id)) say("");
});

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
  clearTimeout(timer);
  if (!form()) return;
  seconds = Number(form().elements.seconds.value); // of a refused decision, else 0
  offerReset();
  restore();
}

begin();
