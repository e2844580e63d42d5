// Filters and order of the list of findings: programme, domain, state, free text. Works from disk and by keyboard.
"use strict";
(function () {
  const form = document.querySelector("form.filters");
  const rows = Array.from(document.querySelectorAll("tbody tr"));
  const body = document.querySelector("tbody");
  const places = new Map(rows.map((row, place) => [row, place]));
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const count = document.querySelector(".count");

  function apply() {
    const wanted = ["programme", "domain", "state"].map((name) => [name, form.elements[name].value]);
    const search = form.elements.search.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const keep = wanted.every(([name, value]) => !value || row.dataset[name] === value) && texts.get(row).includes(search);
      row.hidden = !keep;
      shown += keep ? 1 : 0;
    }
    for (const line of count.querySelectorAll("[data-text]")) {
      line.textContent = shown === 0 ? line.dataset.none : line.dataset.text.replace("{n}", shown).replace("{total}", rows.length);
    }
  }

  // Rows out of sight are not laid out, so that a screen reader would read both languages in them: the attribute says which is meant.
  function tell() {
    const lang = document.documentElement.dataset.lang;
    for (const part of body.querySelectorAll("[lang]")) { part.ariaHidden = String(part.lang !== lang); }
  }

  function order() {
    const key = form.elements.sort.value;
    const lang = document.documentElement.dataset.lang;
    const words = new Map(key === "page" ? rows.map((row) => [row, row.querySelector(`a [lang="${lang}"]`).textContent]) : []);
    const collator = new Intl.Collator(lang === "zh" ? "zh-CN" : "en", { numeric: true });
    const compare = (a, b) => key === "page" ? collator.compare(words.get(a), words.get(b)) : collator.compare(a.dataset[key] || "~", b.dataset[key] || "~");
    const sorted = rows.slice().sort((a, b) => (key ? compare(a, b) : 0) || places.get(a) - places.get(b));
    body.append(...sorted);
  }

  form.hidden = false;
  form.addEventListener("input", (event) => { if (event.target.name === "sort") { order(); } else { apply(); } });
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("evalkit-lang", () => {
    const lang = document.documentElement.dataset.lang;
    for (const option of form.querySelectorAll("option")) { option.textContent = option.dataset[lang] || option.textContent; }
    if (form.elements.sort.value === "page") { order(); }
    tell();
  });
  for (const option of form.querySelectorAll("option")) { option.textContent = option.dataset[document.documentElement.dataset.lang] || option.textContent; }
  tell();
  apply();
})();
