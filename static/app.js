// What plain links and forms cannot do: keys at the desk, text kept in the browser, drag and drop.
"use strict";

const desk = () => document.getElementById("review");
const isTyping = (element) => element.matches("input, textarea, select, [contenteditable]");

function say(text) {
  const note = document.getElementById("note") ?? document.getElementById("messages");
  if (note) note.textContent = text;
}

// Keys. A key presses the button that shows it, so that both always do the same.

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (isTyping(event.target)) return keyWhileTyping(event);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const open = document.querySelector(".sheet:popover-open");
  const digit = open?.querySelector(`[data-digit="${CSS.escape(event.key)}"]`);
  const letter = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  const button = digit ?? (open ? open.id === letter?.getAttribute("popovertarget") && letter : letter);
  if (!button || event.repeat) return;
  event.preventDefault();
  button.click();
});

function keyWhileTyping(event) {
  if (!event.target.closest("#review")) return;
  if (event.key === "Escape") event.target.blur();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    document.querySelector('[data-key="a"]').click();
  }
}

document.addEventListener("click", (event) => {
  const focuses = event.target.closest("[data-focus]");
  if (focuses) {
    const field = document.getElementById(focuses.dataset.focus);
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }
  if (event.target.closest("[data-reset]")) {
    for (const field of texts()) field.value = field.defaultValue;
    keepText();
  }
  const copy = event.target.closest(".copy");
  if (copy) copy.select();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
  if (event.target.id === "review") event.target.elements.seconds.value = seconds;
}, true);

// Text typed at the desk stays in the browser until it is saved.

const texts = () => (desk() ? [...desk().querySelectorAll("textarea")] : []);
const place = () => `typed:${desk().getAttribute("action")}`;

function keepText() {
  const isChanged = texts().some((field) => field.value !== field.defaultValue);
  document.getElementById("changed").hidden = !isChanged;
  if (isChanged) {
    const typed = texts().map((field) => ({ was: field.defaultValue, is: field.value }));
    localStorage.setItem(place(), JSON.stringify(typed));
  } else {
    localStorage.removeItem(place());
  }
}

function restoreText() {
  const typed = JSON.parse(localStorage.getItem(place()) ?? "[]");
  const fields = texts();
  const isSame = typed.length === fields.length && fields.every((field, i) => field.defaultValue === typed[i].was);
  if (!isSame) return;
  fields.forEach((field, i) => { field.value = typed[i].is; });
  keepText();
  say("What you had typed is back.");
}

document.addEventListener("input", (event) => {
  if (event.target.closest("#review")) keepText();
});

// Seconds at the item: only while the page is seen and somebody does something.

const IDLE_SECONDS = 60;
let seconds = 0;
let activeAt = Date.now();
for (const name of ["keydown", "pointerdown", "pointermove", "scroll"]) {
  document.addEventListener(name, () => { activeAt = Date.now(); }, { passive: true });
}
setInterval(() => {
  if (!document.hidden && Date.now() - activeAt < IDLE_SECONDS * 1000) seconds += 1;
}, 1000);

function beginItem() {
  seconds = 0;
  if (desk()) restoreText();
}

// What the server answers

const KEEP_HOLD_MINUTES = 10;

document.addEventListener("htmx:beforeRequest", (event) => {
  const isHold = event.target.id === "hold";
  if (isHold && Date.now() - activeAt > KEEP_HOLD_MINUTES * 60_000) event.preventDefault();
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { xhr, successful } = event.detail;
  if (event.target.id === "review" && successful) {
    localStorage.removeItem(`typed:${event.target.getAttribute("action")}`);
  }
  if (event.target.id === "hold" && xhr.status === 409) {
    say("You were away and this item went on to somebody else. What you typed stays in this browser.");
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "main") return;
  document.getElementById("main").focus({ preventScroll: true });
  window.scrollTo(0, 0);
  beginItem();
});

document.addEventListener("htmx:sendError", () => {
  say("Not saved: the server cannot be reached. What you typed is kept; try again in a moment.");
});

document.addEventListener("htmx:responseError", (event) => {
  if (event.target.id === "hold") return;
  say(`Not saved: the server answered with error ${event.detail.xhr.status}. What you typed is kept; try again.`);
});

// Uploads start when files are chosen or dropped.

for (const form of document.querySelectorAll("form.upload")) {
  const bar = form.querySelector("progress");
  const files = form.querySelector("input[type=file]");
  const zone = form.querySelector(".drop");
  form.classList.add("scripted");
  files.addEventListener("change", () => { if (files.files.length) form.requestSubmit(); });
  for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, () => zone.classList.add("over"));
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
  form.addEventListener("htmx:xhr:progress", (event) => {
    bar.hidden = false;
    bar.value = event.detail.loaded / event.detail.total;
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    bar.hidden = true;
    if (event.detail.successful) form.reset();
  });
}

beginItem();
