// The keys of the list of items, and the number of ticked items.
"use strict";

const boxes = () => [...document.querySelectorAll('input[name="item"]')];
const links = () => [...document.querySelectorAll("table.items td a")];
const typesText = (element) => element.matches("textarea, select, input:not([type=checkbox])");

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || typesText(event.target)) return;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("id_text").focus();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    move(event);
  } else if (keyOf(event) === "x" || (event.key === " " && event.target.matches("table.items a"))) {
    const box = event.target.closest("tr")?.querySelector('input[name="item"]');
    if (!box) return;
    event.preventDefault();
    box.click();
  }
});

if (location.hash === "#id_text") document.getElementById("id_text").focus(); // the desk's link to the search

// Moves the focus to the next or previous row; from outside the table to the first row.
function move(event) {
  const places = boxes().length ? boxes() : links();
  const row = event.target.closest("table.items tbody tr");
  if (!places.length || (!row && event.target !== document.body && event.target.id !== "main")) return;
  const at = places.findIndex((place) => row?.contains(place));
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  if (next < 0 || next >= places.length) return;
  event.preventDefault();
  places[next].focus();
}

const all = document.getElementById("all");
const tickPage = document.getElementById("tick-page");

function count() {
  const ticked = boxes().filter((box) => box.checked).length;
  document.getElementById("ticked").textContent = all.checked ? "" : [gettext("or selected:"), ticked].join(" ");
  tickPage.checked = ticked > 0 && ticked === boxes().length;
  tickPage.indeterminate = ticked > 0 && ticked < boxes().length;
}

if (tickPage) {
  tickPage.hidden = false;
  tickPage.addEventListener("change", () => {
    for (const box of boxes()) box.checked = tickPage.checked;
  });
  document.getElementById("items").addEventListener("change", count);
  window.addEventListener("pageshow", count);
}
