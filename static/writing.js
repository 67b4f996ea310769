// The form for an item written by hand: opened from a passage, at the desk, or at selected text.
"use strict";

(() => {
  const SOON = 700; // milliseconds after the last key; chosen, nobody measured
  const AGAIN = 5000; // milliseconds until the next try; chosen, nobody measured
  const SETTLED = 150; // milliseconds after the last change of a selection; chosen, nobody measured
  const GAP = 6; // pixels between a selection and its button; chosen
  const dialog = document.getElementById("writing");
  const tip = document.getElementById("at-selection");
  const form = () => document.getElementById("new-item");
  const part = (selector) => form().querySelector(selector);
  const field = (name) => form().elements.namedItem(name);
  let opener = null;
  let isTyped = false;
  let timer = 0;

  // Opening and closing

  async function open(address, pressed, chosen) {
    opener = pressed;
    const request = { headers: { "HX-Request": "true" } };
    const response = await fetch(address, request).catch(() => null);
    if (!response) return say(gettext("The server cannot be reached. Try again in a moment."), true);
    if (!response.ok || response.headers.has("HX-Redirect")) return location.assign(address);
    dialog.lastElementChild.innerHTML = await response.text();
    window.htmx.process(form());
    begin();
    dialog.showModal();
    if (chosen) quote(chosen);
    focusAtEnd(field("question"));
  }

  function quote(chosen) {
    part(".quoted blockquote").textContent = chosen.text;
    part("[data-reaches]").hidden = !chosen.reaches;
    const isFree = !field("answer").value.trim();
    if (isFree) useSelected();
    part(".quoted").hidden = isFree; // the answer shows it
    isTyped = false; // nothing is lost that could not be selected again
  }

  function useSelected() {
    field("answer").value = part(".quoted blockquote").textContent;
    typed();
  }

  function leave() {
    if (!dialog.open) return;
    const question = gettext("Close the form? What you typed is kept, and is here when you open it again.");
    if (isTyped && !window.confirm(question)) return;
    keep();
    close();
  }

  function close() {
    dialog.close();
    opener?.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || !dialog?.open) return;
    event.preventDefault();
    leave();
  });
  dialog?.addEventListener("cancel", (event) => {
    event.preventDefault();
    leave();
  });

  document.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-leave], [data-use-selected], a[data-opens]");
    if (!pressed) return;
    if ("leave" in pressed.dataset) leave();
    else if ("useSelected" in pressed.dataset) useSelected();
    else if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      const chosen = selected();
      open(pressed.href, pressed, chosen?.address === new URL(pressed.href).pathname ? chosen : null);
    }
  });

  document.addEventListener("written", (event) => {
    clearTimeout(timer);
    localStorage.removeItem(place());
    close();
    const nearest = opener?.closest("[data-write]")?.querySelector("[data-written]");
    if (nearest) nearest.replaceChildren(...told(event.detail));
    else tellOfPage(told(event.detail));
  });

  const told = ({ text, address, link }) => [
    `${text} `,
    Object.assign(document.createElement("a"), { href: address, textContent: link }),
  ];

  function tellOfPage(parts) {
    const note = Object.assign(document.createElement("p"), { className: "notice success" });
    note.append(...parts);
    say(""); // what was said before is over
    document.getElementById("messages").replaceChildren(note);
    note.scrollIntoView({ block: "nearest" });
  }

  // Selected text

  const elementOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement);
  const textOf = (node) => elementOf(node)?.closest(".source, .left-out");

  // The passage in which the selection begins, and its selected text; null if there is none.
  function selected() {
    const selection = window.getSelection();
    if (selection.isCollapsed || !selection.rangeCount) return null;
    const range = selection.getRangeAt(0);
    const begun = textOf(range.startContainer);
    if (!begun || dialog.contains(begun)) return null;
    if (begun.matches(".left-out")) return { isLeftOut: true, range, text: selection.toString().trim() };
    const passage = begun.closest("[data-write]");
    if (!passage) return null;
    const own = range.cloneRange();
    if (!begun.contains(range.endContainer)) own.setEndAfter(begun.lastChild);
    const text = (begun.contains(range.endContainer) ? selection : own).toString().trim();
    return { address: passage.dataset.write, passage, range, text, reaches: reachesOther(range, begun) };
  }

  // A selection of a whole paragraph ends before the first letter of the next one.
  function reachesOther(range, begun) {
    const ended = textOf(range.endContainer);
    if (!ended || ended === begun) return false;
    const beyond = range.cloneRange();
    beyond.setStart(ended, 0);
    return beyond.toString().trim() !== "";
  }

  function offer() {
    const chosen = dialog.open ? null : selected();
    tip.hidden = !chosen?.text;
    if (tip.hidden) return;
    tip.querySelector("button").hidden = Boolean(chosen.isLeftOut);
    tip.querySelector("p").hidden = !chosen.isLeftOut;
    const { left, bottom } = [...chosen.range.getClientRects()].at(-1) ?? chosen.range.getBoundingClientRect();
    const furthest = document.documentElement.clientWidth - tip.offsetWidth - GAP;
    tip.style.left = `${window.scrollX + Math.max(GAP, Math.min(left, furthest))}px`;
    tip.style.top = `${window.scrollY + bottom + GAP}px`;
  }

  if (tip) {
    let settled = 0;
    document.addEventListener("selectionchange", () => {
      clearTimeout(settled);
      settled = setTimeout(offer, SETTLED);
    });
    tip.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the selection
    tip.querySelector("button").addEventListener("click", () => {
      const chosen = selected();
      tip.hidden = true;
      if (chosen?.text && !chosen.isLeftOut)
        open(chosen.address, chosen.passage.querySelector("a[data-opens]"), chosen);
    });
  }

  // Typed text is stored in the browser at once, and on the server a moment later

  const place = () => `unsent:${form().dataset.user}:${form().getAttribute("action")}`;
  const values = () => ({ question: field("question").value, answer: field("answer").value });

  // Stores the time of the server's text, too: if the server has a later text, it is not overwritten.
  function store() {
    localStorage.setItem(place(), JSON.stringify({ typedAt: form().dataset.typedAt, values: values() }));
  }

  function typed() {
    isTyped = true;
    store();
    part("[data-saved]").textContent = "";
    clearTimeout(timer);
    timer = setTimeout(keep, SOON);
  }

  async function keep() {
    clearTimeout(timer);
    const local = form() && place();
    if (!local || !localStorage.getItem(local)) return;
    const sent = JSON.stringify(values());
    const request = { method: "POST", body: new FormData(form()), redirect: "manual" };
    const response = await fetch(form().dataset.typed, request).catch(() => null);
    if (!form() || place() !== local) return;
    if (response?.status === 204) {
      form().dataset.typedAt = response.headers.get("Typed-At");
      if (JSON.stringify(values()) === sent) localStorage.removeItem(local);
      else store();
      part("[data-saved]").textContent = gettext("Text saved.");
    } else if (response?.status === 403 && hasNewToken()) {
      const trouble = await renewToken();
      if (!trouble) keep();
      else if (form()) part("[data-saved]").textContent = trouble;
    } else {
      part("[data-saved]").textContent = whyNotKept(response);
      if (isWorthAgain(response)) timer = setTimeout(keep, AGAIN);
    }
  }

  function begin() {
    isTyped = false;
    const local = JSON.parse(localStorage.getItem(place()) ?? "null");
    if (!local || Number(local.typedAt) < Number(form().dataset.typedAt)) return;
    for (const [name, value] of Object.entries(local.values)) field(name).value = value;
    typed();
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches("#new-item textarea")) typed();
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id === "new-item") clearTimeout(timer);
  });

  // If an item was not stored, say so

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "new-item") (part("[aria-invalid]") ?? field("question")).focus();
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (event.target.id !== "new-item") return;
    part("[data-saved]").textContent = gettext("Not saved: the server cannot be reached. Your text is kept.");
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.target.id !== "new-item") return;
    const { status } = event.detail.xhr;
    const message = gettext("Not saved: the server answered with error %(status)s. Your text is kept.");
    part("[data-saved]").textContent = interpolate(message, { status }, true);
  });

  if (form()) begin();
})();
