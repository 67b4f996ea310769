// Marks the words that were changed in a text that is read, so that nobody takes it for the draft.
"use strict";

const MOST_COMPARED = 250_000; // pairs of words, in some milliseconds; chosen, nobody measured

// biome-ignore lint/correctness/noUnusedVariables: desk.js calls it
function showText(id) {
  const field = byId(id);
  const shown = form().querySelector(`[data-shows="${id}"]`);
  if (!shown) return;
  const isChanged = field.value !== field.dataset.stands;
  form().querySelector(`[data-edited="${id}"]`).hidden = !isChanged;
  if (isChanged) shown.replaceChildren(...withMarks(field.dataset.stands, field.value, field.lang));
  else if (shown.textContent !== field.value) shown.textContent = field.value;
}

function withMarks(before, after, language) {
  const segmenter = new Intl.Segmenter(language || undefined, { granularity: "word" });
  const [old, now] = [before, after].map((text) => [...segmenter.segment(text)].map(({ segment }) => segment));
  const shorter = Math.min(old.length, now.length);
  let start = 0;
  while (start < shorter && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < shorter - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  const kept = common(old.slice(start, old.length - end), now.slice(start, now.length - end));
  const isKept = (at) => at < start || at >= now.length - end || kept.has(at - start);
  return now.map((word, at) => (isKept(at) ? word : inserted(word)));
}

const inserted = (word) => Object.assign(document.createElement("ins"), { textContent: word });

// The places of the words that stand in both texts in the same order; none if the texts are too long.
function common(old, now) {
  const kept = new Set();
  if (old.length * now.length > MOST_COMPARED) return kept;
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let at = now.length - 1; at >= 0; at -= 1) {
      const isSame = old[row] === now[at];
      lengths[row][at] = isSame ? lengths[row + 1][at + 1] + 1 : Math.max(lengths[row + 1][at], lengths[row][at + 1]);
    }
  }
  for (let row = 0, at = 0; row < old.length && at < now.length; ) {
    if (old[row] === now[at]) {
      kept.add(at);
      row += 1;
      at += 1;
    } else if (lengths[row + 1][at] >= lengths[row][at + 1]) row += 1;
    else at += 1;
  }
  return kept;
}
