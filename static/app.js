// What plain links and forms cannot do: keys, menus, confirmations, and drag and drop.
"use strict";

// A field in a closed sheet keeps the focus until the next repaint, so visibility is checked, too.
const isTyping = (element) =>
  element.matches("input, textarea, select, [contenteditable]") && element.checkVisibility();

function say(text, isTrouble = false) {
  const note = document.getElementById("note") ?? document.getElementById("messages");
  if (!note) return;
  note.textContent = text;
  note.classList.toggle("trouble", isTrouble);
}

document.documentElement.classList.add("scripted");

// The menu of pages, on narrow screens

document.querySelector(".opener")?.addEventListener("click", ({ currentTarget }) => {
  const isOpen = document.getElementById(currentTarget.getAttribute("aria-controls")).classList.toggle("open");
  currentTarget.setAttribute("aria-expanded", isOpen);
});

// The zone of this browser, in which times are shown to who has chosen no other.
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
// biome-ignore lint/suspicious/noDocumentCookie: the other way to set one needs HTTPS
document.cookie = `zone=${timeZone};path=/;max-age=31536000;SameSite=Lax`; // for a year

// Keys. A key presses the button or link that shows it, so that both do the same.

const openSheet = () => document.querySelector(".sheet:popover-open");

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented || isTyping(event.target)) return;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:modal")) return;
  const pressed = buttonOf(event);
  const isForSheet = openSheet() && event.key.length === 1 && event.key !== " ";
  if (isForSheet) event.stopImmediatePropagation(); // what lies under it has no keys now
  if (pressed || isForSheet) event.preventDefault();
  if (!event.repeat) pressed?.click();
});

// Escape leaves a text field, so that keys are shortcuts again.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || event.target.closest(".sheet, dialog")) return;
  const isText = event.target.matches("textarea, input:is([type=text], [type=number], :not([type]))");
  if (isText) document.getElementById("main").focus({ preventScroll: true });
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
  const sheet = openSheet();
  const digit = `[data-digit="${digitOf(event)}"]`;
  const button = buttonWith(event, event.key) ?? buttonWith(event, keyOf(event));
  if (sheet) return sheet.querySelector(digit) ?? (button?.getAttribute("popovertarget") === sheet.id ? button : null);
  return button ?? (isShiftedDigit(event) ? null : document.querySelector(`[data-choose]${digit}`));
}

function buttonWith(event, key) {
  const name = CSS.escape(key.toLowerCase());
  const shifted = event.shiftKey && document.querySelector(`[data-shift-key="${name}"]`);
  return shifted || document.querySelector(`[data-key~="${name}"]`);
}

// Keyboards differ: the letters of some are not Latin, and digits need Shift or are not ours. Then the
// place of the key counts.

const OTHER_LETTER = /^(?!\p{Script=Latin})\p{L}$/u;
const isShiftedDigit = (event) => event.shiftKey && /^Digit[1-9]$/.test(event.code);

function keyOf(event) {
  if (OTHER_LETTER.test(event.key) && /^Key[A-Z]$/.test(event.code)) return event.code.at(-1).toLowerCase();
  return digitOf(event) ?? event.key.toLowerCase();
}

function digitOf(event) {
  if (/^[1-9]$/.test(event.key)) return event.key;
  const isOfRow = /^Digit[1-9]$/.test(event.code) && event.key.length === 1 && !event.shiftKey;
  return isOfRow ? event.code.at(-1) : undefined;
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

// Only what is in sight is decided on, not what appears between two strikes of a key that bounces.

const SEEN_AFTER = 300; // milliseconds in sight; keys that bounce struck twice within 250, by trying

function watch() {
  for (const form of document.querySelectorAll("form[data-decides]:not([data-seen])")) {
    const see = () => form.setAttribute("data-seen", "");
    requestAnimationFrame(() => setTimeout(see, SEEN_AFTER));
  }
}

document.addEventListener(
  "submit",
  (event) => {
    if (!event.target.matches("[data-decides]:not([data-seen])")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say(gettext("Nothing was decided, because this had only just appeared. Press again."));
  },
  true,
);
document.addEventListener("htmx:afterSwap", watch);
watch();

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "main") return;
  document.getElementById("main").focus({ preventScroll: true });
  window.scrollTo(0, 0);
});

// Browsers show a page again as it was left: forms that were sent since then are made anew.
window.addEventListener("pageshow", (event) => {
  if (event.persisted && document.querySelector("[data-fresh]")) location.reload();
});

// Forms are sent with a token, which changes when somebody signs in, also in another window.

const tokenNow = () => /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1];
let tokenHere = tokenNow();
const hasNewToken = () => tokenNow() !== tokenHere;

// Takes the token of today, unless somebody else is signed in. Returns what is to be done if it cannot.
async function renewToken() {
  const { tokenAt, user } = document.body.dataset;
  const response = await fetch(tokenAt, { redirect: "manual" }).catch(() => null);
  if (response?.type === "opaqueredirect") {
    return gettext("You are signed out. Sign in in another window, then try again.");
  }
  if (!response?.ok) return gettext("The server cannot be reached. Try again in a moment.");
  const now = await response.json();
  if (String(now.user) !== user) {
    return gettext("Another person has signed in in this browser. Reload the page to go on with their account.");
  }
  for (const field of document.querySelectorAll('[name="csrfmiddlewaretoken"]')) field.value = now.token;
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": now.token }));
  tokenHere = tokenNow();
  return "";
}

// A form that was not sent says so, unless it does that itself.

const SAY_IT_THEMSELVES = "#review, #new-item, .upload, [data-keeps]";
const isSilent = (element) => element.matches("form") && !element.matches(SAY_IT_THEMSELVES);

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (isSilent(event.target)) say(gettext("The server cannot be reached. Try again in a moment."), true);
  });
}

document.addEventListener("htmx:responseError", async (event) => {
  const { status } = event.detail.xhr;
  const message = gettext("Not sent: the server answered with error %(status)s.");
  if (isSilent(event.target)) say(interpolate(message, { status }, true), true);
  if (status !== 403 || !hasNewToken() || event.target.id === "review") return; // the desk sends again
  const trouble = await renewToken();
  if (event.target.matches("form")) {
    say(trouble || gettext("You have signed in again in another window. Send it again."), true);
  }
});

// Typed text is sent to the server as it is typed. What to say if the server did not take it:

// biome-ignore lint/correctness/noUnusedVariables: scripts with fields that are kept call it
function whyNotKept(response) {
  if (response?.type === "opaqueredirect") {
    return gettext("You are signed out. Your text is kept in this browser until you sign in again.");
  }
  if (isWorthAgain(response)) {
    return gettext("Your text is not saved on the server yet, only in this browser. Trying again.");
  }
  if (response.status === 404) {
    return gettext(
      "Your text is kept in this browser only: its item is gone, or you are no longer a member of the project.",
    );
  }
  const message = gettext("Your text is kept in this browser only: the server refused it with error %(status)s.");
  return interpolate(message, { status: response.status }, true);
}

function isWorthAgain(response) {
  return !response || response.status >= 500;
}

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
