// Candidates by keyboard: keys act on the chosen candidate, which has a frame; at first the first.
"use strict";

const PLACE = `candidates:${location.pathname}`; // remembers the chosen candidate when the page is reloaded
const candidates = () => [...document.querySelectorAll(".candidate")];
let at = Number(sessionStorage.getItem(PLACE) ?? 0);
const chosen = () => candidates()[Math.min(at, candidates().length - 1)];

function choose(place) {
  if (!candidates().length) return;
  at = Math.min(Math.max(place, 0), candidates().length - 1);
  sessionStorage.setItem(PLACE, String(at));
  for (const candidate of candidates()) candidate.classList.toggle("chosen", candidate === chosen());
}

function step(by) {
  choose(at + by);
  chosen().focus();
  chosen().scrollIntoView({ block: "center" });
}

choose(at);
if (at) chosen()?.scrollIntoView({ block: "center" });

document.addEventListener("focusin", (event) => {
  const place = candidates().indexOf(event.target.closest(".candidate"));
  if (place >= 0) choose(place);
});

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-press], [data-step], [data-because]");
  if (!pressed || !chosen()) return;
  if (pressed.dataset.step) step(Number(pressed.dataset.step));
  else if (pressed.dataset.press === "edit") edit();
  else if (pressed.dataset.because) reject(pressed.dataset.because);
  else chosen().querySelector("[data-accept]").click();
});

function edit() {
  chosen().querySelector(".edit").open = true;
  focusAtEnd(chosen().querySelector("[name=template]"));
}

function reject(reason) {
  chosen().elements.reason.value = reason;
  chosen().querySelector("[data-reject]").click();
}

// A digit gives the chosen candidate a place among the others.
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (!digitOf(event) || !chosen()) return;
  event.preventDefault();
  chosen().elements.place.value = digitOf(event);
  chosen().querySelector('[value="placed"]').click();
});

// New candidates are shown at once, unless a candidate is being edited.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.elt.querySelector?.("[data-show]") && !document.querySelector(".edit[open]")) location.reload();
});
