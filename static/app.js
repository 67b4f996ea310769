// What plain links and forms cannot do: keys, menus, confirmations, and drag and drop.
"use strict";

// A field in a closed sheet keeps the focus until the next repaint, so visibility is checked, too.
const isTyping = (element) =>
  element.matches("input, textarea, select, [contenteditable]") && element.checkVisibility();

// biome-ignore lint/correctness/noUnusedVariables: the scripts of single pages call it
function say(text, isTrouble = false) {
  const note = document.getElementById("note") ?? document.getElementById("messages");
  if (!note) return;
  note.textContent = text;
  note.classList.toggle("trouble", isTrouble);
}

document.documentElement.classList.add("scripted");

// The menu of pages, on narrow screens

document.querySelector("[data-opens]")?.addEventListener("click", ({ currentTarget }) => {
  const isOpen = document.getElementById(currentTarget.dataset.opens).classList.toggle("open");
  currentTarget.setAttribute("aria-expanded", isOpen);
});

// The zone of this browser, in which times are shown to who has chosen no other.
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
// biome-ignore lint/suspicious/noDocumentCookie: the other way to set one needs HTTPS
document.cookie = `zone=${timeZone};path=/;max-age=31536000;SameSite=Lax`; // for a year

// Keys. A key presses the button or link that shows it, so that both do the same.

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented || event.repeat || isTyping(event.target)) return;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:modal")) return;
  const pressed = buttonOf(event);
  if (!pressed) return;
  event.preventDefault();
  pressed.click();
});

// Ctrl+Enter in a text field sends its form, if the form has a button for that; elsewhere, the form
// that a page is for.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const ofField = event.target.matches("textarea") && event.target.form?.querySelector("[data-send]");
  const ofPage = !document.querySelector("dialog:modal") && document.querySelector('[data-send="anywhere"]');
  const button = ofField || ofPage;
  if (!button || event.isComposing || event.repeat) return;
  event.preventDefault();
  button.click();
});

function buttonOf(event) {
  const open = document.querySelector(".sheet:popover-open");
  const digit = `[data-digit="${CSS.escape(event.key)}"]`;
  if (open?.querySelector(digit)) return open.querySelector(digit);
  const letter = document.querySelector(`[data-key~="${CSS.escape(event.key.toLowerCase())}"]`);
  if (open) return open.id === letter?.getAttribute("popovertarget") && letter;
  return letter ?? document.querySelector(`[data-choose]${digit}`);
}

document.addEventListener("click", (event) => {
  event.target.closest("input.copy")?.select();
  copy(event.target.closest("[data-copy]"));
  const focuses = event.target.closest("[data-focus]");
  if (focuses) focusAtEnd(document.getElementById(focuses.dataset.focus));
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// Without HTTPS, as in many local networks, browsers offer no other way to copy.
function copy(button) {
  if (!button) return;
  const copied = button.closest(":has(.copy)").querySelector(".copy");
  if (copied.matches("input")) copied.select();
  else getSelection().selectAllChildren(copied);
  if (document.execCommand("copy")) button.textContent = gettext("Copied");
}
for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;

function focusAtEnd(field) {
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}

document.addEventListener(
  "submit",
  (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  },
  true,
);

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "main") return;
  document.getElementById("main").focus({ preventScroll: true });
  window.scrollTo(0, 0);
});

// Uploads start when files are chosen or dropped.

for (const form of document.querySelectorAll("form.upload")) {
  const bar = form.querySelector("progress");
  const files = form.querySelector("input[type=file]");
  const zone = form.querySelector(".drop");
  const refused = form.querySelector("[data-refused]");
  form.classList.add("scripted");
  const send = () => {
    if (files.files.length) form.requestSubmit();
  };
  files.addEventListener("change", send);
  document.addEventListener("DOMContentLoaded", send); // files chosen before this script ran
  for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, () => zone.classList.add("over"));
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
  form.addEventListener("htmx:xhr:progress", (event) => {
    bar.hidden = false;
    bar.value = event.detail.loaded / event.detail.total;
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    bar.hidden = true;
    form.reset(); // so that the same files can be chosen again
    const { status } = event.detail.xhr;
    const isAnswer = event.detail.successful || status === 422; // the table says the rest
    refused.hidden = isAnswer;
    refused.textContent = isAnswer ? "" : refusal(status);
  });
}

// Why nothing of an upload was taken, where the server did not say it in the table.
function refusal(status) {
  if (!status)
    return gettext(
      "The connection broke off. Reload the page to see what was taken; files that are there are not taken twice.",
    );
  if (status === 400) return gettext("Nothing was taken: these are too many files at once. Upload them in parts.");
  return interpolate(
    gettext("Nothing was taken: the server answered with error %(status)s. Reload the page, then try again."),
    { status },
    true,
  );
}
