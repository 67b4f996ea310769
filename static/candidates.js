// Candidates by keyboard: keys act on the one that has the focus, at first on the first.
"use strict";

const candidates = () => [...document.querySelectorAll(".candidate")];
const chosen = () => candidates()[Math.min(at, candidates().length - 1)];

let at = 0;

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-press], [data-step]");
  if (!pressed || !chosen()) return;
  if (pressed.dataset.step) step(Number(pressed.dataset.step));
  else if (pressed.dataset.press === "edit") edit();
  else chosen().querySelector(`[data-${pressed.dataset.press}]`).click();
});

document.addEventListener("focusin", (event) => {
  const place = candidates().indexOf(event.target.closest(".candidate"));
  if (place >= 0) at = place;
});

function step(by) {
  const all = candidates();
  at = Math.min(Math.max(at + by, 0), all.length - 1);
  all[at].focus();
  all[at].scrollIntoView({ block: "center" });
}

function edit() {
  const one = chosen();
  one.querySelector(".edit").open = true;
  focusAtEnd(one.querySelector("[name=template]"));
}

// A digit gives the one that has the focus a place among the others.
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (!/^[1-9]$/.test(event.key) || !chosen()) return;
  event.preventDefault();
  chosen().elements.place.value = event.key;
  chosen().querySelector('[value="placed"]').click();
});
