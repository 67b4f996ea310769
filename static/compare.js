// The comparing desk: marks on demand, formatted text, a comment, places by digits, the time taken.
"use strict";

document.documentElement.classList.add("compares");

const desk = () => document.getElementById("comparison");

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-marks], [data-format], [data-comment]");
  if (!pressed || !desk()) return;
  if (pressed.matches("[data-comment]")) {
    desk().querySelector(".comment").hidden = false;
    focusAtEnd(document.getElementById("comment"));
    return;
  }
  const isOn = pressed.getAttribute("aria-pressed") !== "true";
  pressed.setAttribute("aria-pressed", String(isOn));
  if (pressed.matches("[data-marks]")) {
    desk().classList.toggle("marking", isOn);
    return;
  }
  for (const text of desk().querySelectorAll(".plain-text, .formatted")) {
    text.hidden = text.matches(".formatted") !== isOn;
  }
});

// A digit gives an output the next place; once more takes it back.
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || !desk() || isTyping(event.target)) return;
  const place = desk().querySelector(`[data-place="${CSS.escape(event.key)}"]`);
  if (!place) return;
  event.preventDefault();
  const places = [...desk().querySelectorAll("[data-place]")];
  if (places.every((one) => one.value)) {
    for (const one of places) one.value = ""; // a new order begins
  }
  const free = places.map((_, index) => String(index + 1)).find((one) => places.every((other) => other.value !== one));
  place.value = place.value ? "" : free;
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.id === "comment") document.getElementById("main").focus();
});

// Who opened the input wants to see it with the next outputs, too.
let isGivenOpen = false;
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.id === "given") isGivenOpen = event.target.open;
  },
  true,
);
document.addEventListener("htmx:afterSwap", () => {
  const given = document.getElementById("given");
  if (given) given.open = isGivenOpen;
});

// Seconds that the outputs were looked at
let began = performance.now();
document.addEventListener("htmx:afterSwap", () => {
  began = performance.now();
});
document.addEventListener(
  "submit",
  () => {
    if (desk()) desk().elements.seconds.value = String(Math.round((performance.now() - began) / 1000));
  },
  true,
);
