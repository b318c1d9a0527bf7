"use strict";
// Draws soak.charts with uPlot. All plots share the x axis and the cursor.
(() => {
  const colors = ["#1f5fa8", "#d1661b", "#2b8a4b", "#a3269b", "#6b6b6b", "#b3171d", "#0e8f96", "#8a6d00", "#5a3fc0", "#444444"];
  const sync = uPlot.sync("soak");

  function bands(u) {
    const { ctx } = u;
    const { left, top, width, height } = u.bbox;
    const x = t => Math.min(Math.max(u.valToPos(t, "x", true), left), left + width);
    ctx.save();
    for (const w of soak.windows || []) {
      const n = (w.faults || []).length;
      if (n === 0) continue;
      const from = x(w.t), to = x(w.until);
      ctx.fillStyle = n === 1 ? "rgba(250, 190, 60, 0.18)" : "rgba(225, 110, 40, 0.25)";
      ctx.fillRect(from, top, to - from, height);
    }
    ctx.restore();
  }

  function failures(u) {
    const { ctx } = u;
    const { left, top, width, height } = u.bbox;
    ctx.save();
    ctx.strokeStyle = "#d00000";
    ctx.lineWidth = 2;
    for (const f of soak.failures || []) {
      const at = u.valToPos(f.at, "x", true);
      if (at < left || at > left + width) continue;
      ctx.beginPath();
      ctx.moveTo(at, top);
      ctx.lineTo(at, top + height);
      ctx.stroke();
    }
    ctx.restore();
  }

  const two = n => String(n).padStart(2, "0");
  function clock(t) {
    const s = Math.round(t), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return (h > 0 ? h + ":" + two(m) : m) + ":" + two(s % 60);
  }

  function faultsAt(t) {
    const w = (soak.windows || []).findLast(w => w.t <= t);
    if (!w) return "";
    const names = (w.faults || []).join(" + ") || "none";
    return clock(t) + "  load: " + w.selection + "  faults: " + names + (t > w.until && names !== "none" ? " (over)" : "");
  }

  const now = document.getElementById("now");
  function options(chart, width) {
    return {
      title: chart.title, width, height: 230,
      cursor: { sync: { key: sync.key }, drag: { x: true, y: false } },
      scales: { x: { time: false }, y: chart.log ? { distr: 3, log: 10 } : { range: (u, low, high) => [0, high > 0 ? high * 1.06 : 1] } },
      axes: [
        { values: (u, ticks) => ticks.map(clock) },
        { label: chart.unit, size: 62, labelSize: 18 },
      ],
      series: [
        { label: "time", value: (u, t) => t == null ? "" : clock(t) },
        ...chart.series.map((s, i) => ({
          label: s.name, stroke: colors[i % colors.length], width: 1.2, points: { show: false },
          value: (u, v) => v == null ? "" : String(+v.toPrecision(4)),
        })),
      ],
      hooks: {
        drawClear: [bands],
        draw: [failures],
        setCursor: [u => { if (u.cursor.idx != null) now.textContent = faultsAt(u.data[0][u.cursor.idx]); }],
      },
    };
  }

  const place = document.getElementById("plots");
  const plots = [];
  if (!soak.times || soak.times.length === 0) {
    place.textContent = "There are no samples.";
    return;
  }
  for (const chart of soak.charts) {
    if (chart.series.length === 0) continue;
    const box = document.createElement("div");
    place.append(box);
    const values = chart.series.map(s => chart.log ? s.values.map(v => v > 0 ? v : null) : s.values);
    plots.push([box, new uPlot(options(chart, box.clientWidth), [soak.times, ...values], box)]);
  }
  addEventListener("resize", () => plots.forEach(([box, u]) => u.setSize({ width: box.clientWidth, height: u.height })));

  // Zooming one plot zooms all.
  let zooming = false;
  for (const [, u] of plots) {
    u.hooks.setScale = [(self, key) => {
      if (key !== "x" || zooming) return;
      zooming = true;
      const { min, max } = self.scales.x;
      for (const [, other] of plots) if (other !== self) other.setScale("x", { min, max });
      zooming = false;
    }];
  }
  document.documentElement.dataset.plots = plots.length; // for the test of the page
})();
