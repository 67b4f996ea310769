// The page that compares outputs: marks, formatted text, a comment, places by digits, time taken.
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

// A digit gives an output the next place; the same digit again takes the place back.
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || !desk() || isTyping(event.target)) return;
  const place = desk().querySelector(`[data-place="${digitOf(event)}"]`);
  if (!place) return;
  event.preventDefault();
  const places = [...desk().querySelectorAll("[data-place]")];
  if (places.every((field) => field.value)) {
    for (const field of places) field.value = ""; // a new ranking begins
  }
  const free = places
    .map((_, index) => String(index + 1))
    .find((number) => places.every((field) => field.value !== number));
  place.value = place.value ? "" : free;
});

// A user who opened the input sees it with the next outputs, too.
let isInputOpen = false;
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.id === "given") isInputOpen = event.target.open;
  },
  true,
);
document.addEventListener("htmx:afterSwap", () => {
  const input = document.getElementById("given");
  if (input) input.open = isInputOpen;
});

// Seconds that the outputs were shown
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
