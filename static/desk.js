// The desk: reading and editing the texts, candidate questions, and the context. What is typed is in
// desk_typed.js, marks of changed words are in desk_changes.js, decisions in desk_decisions.js.
"use strict";

const form = () => document.getElementById("review");
const fields = () => ["question", "answer", "start", "end"].map((id) => document.getElementById(id));
const byId = (id) => document.getElementById(id);
const filled = (message, inserted) => interpolate(message, inserted, true);

// Reading and editing

function edit(id) {
  if (isSending()) return say(STILL_SENDING);
  form().classList.add("editing");
  focusAtEnd(byId(id));
}

function read() {
  for (const shown of form().querySelectorAll("[data-shows]")) showText(shown.dataset.shows);
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
  const digit = isShiftedDigit(event) && event.code.at(-1);
  if (!digit || !form() || event.defaultPrevented || event.repeat || isTyping(event.target)) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const places = [...document.querySelectorAll("[data-rank]")];
  const chosen = document.querySelector(`[data-choose][data-digit="${digit}"]`);
  const place = chosen?.closest("[data-candidate]").querySelector("[data-rank]");
  if (!place) return;
  event.preventDefault();
  const last = Math.max(0, ...places.map((field) => Number(field.value)));
  place.value = place.value ? "" : String(Math.min(last + 1, places.length));
  typed();
  const inserted = { number: digit, place: place.value };
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
  showText(id);
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
