// The desk: typed text is stored in the browser at once, and on the server a moment later.
"use strict";

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

function offerReset() {
  byId("changed").hidden = fields().every((field) => field.value === field.dataset.stands);
}

// Stores the time of the server's text, too: if the server has a later text, it is not overwritten.
function store() {
  const { replaces } = form().elements;
  const { typedAt } = form().dataset;
  localStorage.setItem(place(), JSON.stringify({ replaces: replaces.value, typedAt, values: values() }));
}

async function keep() {
  clearTimeout(timer);
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
  } else if (response?.status === 403 && hasNewToken()) {
    const trouble = await renewToken();
    if (!trouble) keep();
    else if (form()) byId("saved").textContent = trouble;
  } else {
    byId("saved").textContent = whyNotKept(response);
    if (isWorthAgain(response)) timer = setTimeout(keep, AGAIN);
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

// biome-ignore lint/correctness/noUnusedVariables: desk_decisions.js calls it for each item
function beginTyping() {
  clearTimeout(timer);
  if (!form()) return;
  offerReset();
  restore();
}
