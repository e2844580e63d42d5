// Filters of the list of findings: programme, domain, state, free text. Works from disk and by keyboard.
"use strict";
(function () {
  const form = document.querySelector("form.filters");
  const rows = Array.from(document.querySelectorAll("tbody tr"));
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

  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("evalkit-lang", () => {
    const lang = document.documentElement.dataset.lang;
    for (const option of form.querySelectorAll("option")) { option.textContent = option.dataset[lang] || option.textContent; }
  });
  for (const option of form.querySelectorAll("option")) { option.textContent = option.dataset[document.documentElement.dataset.lang] || option.textContent; }
  apply();
})();
