// Language switch and figures of a findings page. No network, no storage beyond the reader's own choice of language.
"use strict";
(function () {
  const root = document.documentElement;
  const NARROW = 480;
  const MOST = 6;
  const remembered = () => { try { return localStorage.getItem("evalkit-lang"); } catch (error) { return null; } };
  const remember = (lang) => { try { localStorage.setItem("evalkit-lang", lang); } catch (error) { root.dataset.notRemembered = "1"; } };
  const asked = new URLSearchParams(location.search).get("lang");

  // On a narrow screen: fewer marks on the axis below. Names stay; of years and other numbers every second or third is named.
  function thin(axis, data) {
    if (axis.tickvals) {
      const numbers = (axis.ticktext || []).every((text) => /^\d+$/.test(text));
      const step = numbers ? Math.ceil(axis.tickvals.length / MOST) : 1;
      for (const list of ["tickvals", "ticktext"]) { if (axis[list]) { axis[list] = axis[list].filter((_, i) => i % step === 0); } }
    } else if (typeof axis.dtick === "number") {
      const x = data.flatMap((trace) => (Array.isArray(trace.x) ? trace.x : [])).filter(Number.isFinite);
      axis.dtick = Math.max(axis.dtick, Math.ceil((Math.max(...x) - Math.min(...x)) / MOST) || 1);
    } else { axis.nticks = 3; }
  }

  function draw() {
    if (typeof Plotly === "undefined") { return; }
    for (const box of document.querySelectorAll(".plot")) {
      const source = box.querySelector('script[type="application/json"]');
      if (!source || box.offsetParent === null) { continue; }
      const figure = JSON.parse(source.textContent);
      source.remove();
      if (box.clientWidth < NARROW) { thin(figure.layout.xaxis, figure.data); }
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
