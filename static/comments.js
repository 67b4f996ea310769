// Comments and questions to colleagues: what is typed is stored in the browser at once, and on the
// server a moment later, until it is sent.
"use strict";

(() => {
  const SOON = 700; // milliseconds after the last key; chosen, nobody measured
  const AGAIN = 5000; // milliseconds until the next try; chosen, nobody measured
  const field = (form) => form.elements.namedItem("text");
  const place = (form) => `unsent:${document.body.dataset.user}:${form.dataset.keeps}`;
  const formOf = (event) => event.target.closest?.("form[data-keeps]");
  let timer = 0;

  function tell(form, text) {
    form.querySelector("[data-saved]").textContent = text;
  }

  // Stores the time of the server's text, too: if the server has a later text, it is not overwritten.
  function store(form) {
    const { typedAt } = form.dataset;
    localStorage.setItem(place(form), JSON.stringify({ typedAt, text: field(form).value }));
  }

  function typed(form) {
    store(form);
    tell(form, "");
    clearTimeout(timer);
    timer = setTimeout(keep, SOON, form);
  }

  async function keep(form) {
    const sent = field(form).value;
    const request = { method: "POST", body: new FormData(form), redirect: "manual" };
    const response = await fetch(form.dataset.keeps, request).catch(() => null);
    if (!form.isConnected) return;
    if (response?.status === 204) {
      form.dataset.typedAt = response.headers.get("Typed-At");
      if (field(form).value === sent) localStorage.removeItem(place(form));
      else store(form);
      tell(form, gettext("Text saved."));
    } else if (response?.status === 403 && hasNewToken()) {
      const trouble = await renewToken();
      if (trouble) tell(form, trouble);
      else keep(form);
    } else {
      tell(form, whyNotKept(response));
      if (isWorthAgain(response)) timer = setTimeout(keep, AGAIN, form);
    }
  }

  function begin(form) {
    const local = JSON.parse(localStorage.getItem(place(form)) ?? "null");
    if (!local || Number(local.typedAt) < Number(form.dataset.typedAt)) return;
    field(form).value = local.text;
    typed(form);
  }

  document.addEventListener("htmx:load", (event) => {
    const { elt } = event.detail; // the form itself, where a question is asked at the desk
    for (const form of [elt, ...elt.querySelectorAll("form")]) if (form.matches("form[data-keeps]")) begin(form);
  });
  document.addEventListener("input", (event) => {
    const form = formOf(event);
    if (form && event.target === field(form)) typed(form);
  });
  document.addEventListener("submit", (event) => {
    const form = formOf(event);
    if (!form) return;
    clearTimeout(timer);
    localStorage.removeItem(place(form));
  });
  for (const name of ["htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(name, (event) => {
      const form = formOf(event);
      if (!form) return;
      typed(form);
      tell(form, gettext("Not sent. Your text is kept. Try again in a moment."));
    });
  }
})();
