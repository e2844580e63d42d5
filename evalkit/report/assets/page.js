// Language switch and figures of a findings page. No network, no storage beyond the reader's own choice of language.
"use strict";
(function () {
  const root = document.documentElement;
  const NARROW = 480;
  const remembered = () => { try { return localStorage.getItem("evalkit-lang"); } catch (error) { return null; } };
  const remember = (lang) => { try { localStorage.setItem("evalkit-lang", lang); } catch (error) { root.dataset.notRemembered = "1"; } };
  const asked = new URLSearchParams(location.search).get("lang");

  function draw() {
    if (typeof Plotly === "undefined") { return; }
    for (const box of document.querySelectorAll(".plot")) {
      const source = box.querySelector('script[type="application/json"]');
      if (!source || box.offsetParent === null) { continue; }
      const figure = JSON.parse(source.textContent);
      source.remove();
      if (box.clientWidth < NARROW && !figure.layout.xaxis.dtick && !figure.layout.xaxis.tickvals) { figure.layout.xaxis.nticks = 3; }
      Plotly.newPlot(box, figure.data, figure.layout, { displayModeBar: false, responsive: true, showTips: false });
    }
  }

  function show(lang) {
    root.dataset.lang = lang;
    root.lang = lang === "en" ? "en" : "zh-CN";
    draw();
    document.dispatchEvent(new CustomEvent("evalkit-lang"));
  }

  function first() {
    if (asked === "zh" || asked === "en") { return asked; }
    const kept = remembered();
    if (kept === "zh" || kept === "en") { return kept; }
    if (root.dataset.lang !== "both") { return root.dataset.lang; }
    return (navigator.language || "zh").toLowerCase().startsWith("zh") ? "zh" : "en";
  }

  const button = document.querySelector("button.switch");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => { const next = root.dataset.lang === "zh" ? "en" : "zh"; remember(next); show(next); });
  }
  show(first());
})();
