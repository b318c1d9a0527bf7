"use strict";
// Draws what a look at the pools shows, and looks again each second. Whatever comes
// from the server is set as text, never as HTML.
(() => {
  const minutes = 5, gap = 15000; // ms without a sample, after which a curve is broken
  const samples = new Map(); // by pool
  const open = new Set(); // details that somebody opened
  const main = document.getElementById("main"), status = document.getElementById("status");
  let looks = 0, latest, since = 0;

  function fill(e, attributes, children) {
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    e.append(...children.filter(c => c !== null));
    return e;
  }
  const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes, ...children) => fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

  const count = n => n.toLocaleString("en");
  const percent = (of, all) => all > 0 ? (100 * of / all).toFixed(1) + " %" : "–";
  function duration(s) {
    if (s === 0) return "0";
    const [unit, by] = s < 1e-3 ? ["µs", 1e6] : s < 1 ? ["ms", 1e3] : s < 120 ? ["s", 1] : s < 7200 ? ["min", 1 / 60] : ["h", 1 / 3600];
    return +(s * by).toPrecision(s * by >= 100 ? 3 : 2) + "\u00a0" + unit;
  }

  function number(value, name, key) {
    return el("div", {}, el("b", {}, value), el("span", {}, key ? el("i", { class: "key " + key }) : null, name));
  }

  // rates are by the last ten seconds.
  function rates(of) {
    const last = of.at(-1), first = of.find(s => s.at >= last.at - 10000);
    const seconds = (last.at - first.at) / 1000;
    const per = k => seconds > 0 ? (last[k] - first[k]) / seconds : null;
    return { gets: per("gets"), opened: per("opened") };
  }
  const rate = r => r === null ? "–" : r >= 10 ? count(Math.round(r)) : String(+r.toPrecision(2));

  function pieces(of) {
    const all = [];
    for (const s of of) {
      if (all.length === 0 || s.at - all.at(-1).at(-1).at > gap) all.push([]);
      all.at(-1).push(s);
    }
    return all;
  }

  // curves draws who has the slots, and below it who waits.
  function curves(of, now, width) {
    const left = 44, top = 8, height = 130, below = 34, low = top + height + 16, bottom = low + below;
    const x = at => left + (width - left - 4) * (1 - (now - at) / (minutes * 60000));
    const most = Math.max(1, ...of.map(s => s.max)), crowd = Math.max(1, ...of.map(s => s.waiting));
    const y = n => top + height * (1 - n / most), z = n => low + below * (1 - n / crowd);
    const area = (part, kind, from, to) => svg("path", {
      class: kind,
      d: "M" + part.map(s => x(s.at) + " " + y(to(s))).concat(part.toReversed().map(s => x(s.at) + " " + y(from(s)))).join("L") + "Z",
    });
    const line = (part, kind, f) => svg("path", { class: kind, fill: "none", d: "M" + part.map(s => x(s.at) + " " + f(s)).join("L") });
    const label = (at, text, anchor, dx) => svg("text", { x: dx, y: at, "text-anchor": anchor }, text);
    const picture = svg("svg", { viewBox: `0 0 ${width} ${bottom + 18}`, height: bottom + 18, role: "img", "aria-label": "slots in use and idle, and Gets waiting, over the last minutes" });
    for (const part of pieces(of)) {
      if (part.length === 1) part.push({ ...part[0], at: part[0].at + 800 });
      picture.append(
        area(part, "use", () => 0, s => s.inUse),
        area(part, "idle", s => s.inUse, s => s.inUse + s.idle),
        area(part, "going", s => s.inUse + s.idle, s => s.inUse + s.idle + s.releasing),
        line(part, "most", s => y(s.max)),
        line(part, "curve", s => z(s.waiting)));
    }
    for (const at of [top + height, bottom]) picture.append(svg("path", { class: "axis", d: `M${left} ${at}H${width - 4}` }));
    picture.append(label(y(most) + 4, count(most), "end", left - 6), label(top + height + 4, "0", "end", left - 6),
      label(z(crowd) + 4, count(crowd), "end", left - 6), label(bottom + 4, "0", "end", left - 6));
    for (let m = 0; m <= minutes; m += width < 500 ? 2 : 1) {
      picture.append(label(bottom + 15, m === 0 ? "now" : `−${m} min`, m === 0 ? "end" : m === minutes ? "start" : "middle", x(now - m * 60000)));
    }
    return picture;
  }

  // bars draws a histogram. Each bucket is twice as wide as the one before.
  function bars(title, h, kind) {
    if (h.count === 0) return null;
    const wide = 300, high = 60, n = h.buckets.length, w = Math.min(wide / n, 40);
    const most = Math.max(...h.buckets.map(b => b.count));
    const picture = svg("svg", { class: "bars", viewBox: `0 0 ${wide} ${high + 16}`, role: "img", "aria-label": title });
    h.buckets.forEach((b, i) => {
      const tall = b.count === 0 ? 0 : Math.max(1, high * b.count / most);
      picture.append(svg("rect", { class: kind, x: i * w, y: high - tall, width: w * .85, height: tall },
        svg("title", {}, `${count(b.count)} below ${duration(b.below)}`)));
    });
    picture.append(svg("path", { class: "axis", d: `M0 ${high}H${wide}` }));
    const step = Math.max(1, Math.ceil(66 / w));
    for (let i = 0; i < n && i * w < wide - 50; i += step) picture.append(svg("text", { x: i * w, y: high + 13 }, "<" + duration(h.buckets[i].below)));
    return el("div", {}, el("h3", {}, title), picture,
      el("p", { class: "dim" }, `${count(h.count)}, mean ${duration(h.mean)}, half below ${duration(h.p50)}, 99 % below ${duration(h.p99)}`));
  }

  function pool(p, now, width) {
    const s = p.stats, seen = samples.get(p.name), per = rates(seen);
    return el("section", {},
      el("h2", {}, p.name, p.parent ? el("span", { class: "dim" }, ` counted in ${p.parent} too`) : null),
      el("div", { class: "numbers" },
        number(count(s.Max), s.Limit === s.Max ? "slots" : `slots, of ${count(s.Limit)} asked for`),
        number(count(s.InUse), "in use", "use"), number(count(s.Idle), "idle", "idle"),
        s.Releasing > 0 ? number(count(s.Releasing), "releasing", "going") : null, number(count(s.Waiting), "waiting", "wait"),
        number(rate(per.gets), "Gets a second"), number(rate(per.opened), "allocations a second"),
        number(percent(s.Reuses, s.Gets), "of Gets reused")),
      curves(seen, now, width),
      el("div", { class: "numbers" },
        number(count(s.Gets), "Gets"), number(count(s.Allocations), "allocations"), number(count(s.AllocationErrors), "that failed"),
        number(count(s.Evictions), "evictions"), number(count(s.DeadOnCheck), "found dead"),
        number(count(s.Waits), "waits"), number(count(s.CancelledWaits), "given up")),
      el("div", { class: "columns" },
        bars("Waits for a slot", p.waits, "wait"), bars("Waits for another user", p.busy, "wait"),
        bars("Allocating", p.opened, "use"), bars("Failing to allocate", p.failed, "going")),
      s.Evictions > 0 ? rules(p.eviction) : null);
  }

  // table has a row for each of a list; the names of columns of numbers begin with #.
  function table(title, columns, rows, note, id = title) {
    if (rows.length === 0) return null;
    const kinds = columns.map(c => c.startsWith("#") ? { class: "n" } : c === "address" ? { class: "address" } : {});
    return el("div", {}, el("h3", {}, title), el("div", { class: "scroll", "data-id": id }, el("table", {},
      el("tr", {}, ...columns.map((c, i) => el("th", kinds[i], c.replace("#", "")))),
      ...rows.map(r => el("tr", {}, ...r.map((cell, i) => el("td", kinds[i], cell)))))),
      note ? el("p", { class: "dim" }, note) : null);
  }

  function rules(e) {
    const name = r => el("div", {}, r.name === e.follows ? el("b", {}, "✓ " + r.name) : r.name, el("p", { class: "dim" }, "evicts " + r.victim));
    return el("div", { class: "columns wide" }, table("Eviction", ["rule", "#of late", "#regret"],
      e.rules.map(r => [name(r), count(r.evictions), r.regret.toFixed(3)]),
    `Follows ${e.follows}, which is regretted least: 1 is a victim wanted back at once, 0 one that is not.`));
  }

  const where = a => a.network === "tcp" ? a.address : a.network + " " + a.address;
  const often = a => a.over > 0 ? `${count(a.count - a.over)} to ${count(a.count)}` : count(a.count);
  const addresses = (title, all) => table(title, ["address", "#times"], all.map(a => [where(a), often(a)]));

  // foldable is a text that opens by a click, and stays so when the page is drawn anew.
  function foldable(id, title, text) {
    const d = el("details", open.has(id) ? { open: "" } : {}, el("summary", { "data-id": id }, title), el("pre", {}, text));
    d.addEventListener("toggle", () => d.open ? open.add(id) : open.delete(id));
    return d;
  }

  function holder(h, pool, now) {
    if (!h.since) return [where(h), "–"];
    return [foldable([pool, h.address, h.since].join(" "), where(h), h.stack), duration(Math.max(0, now - h.since) / 1000)];
  }

  function connections(c, now) {
    const s = c.stats, d = s.Dials, aged = c.holders.some(h => h.since);
    return el("section", {},
      el("h2", {}, c.name, el("span", { class: "dim" }, " connections")),
      el("div", { class: "numbers" },
        number(count(s.InUse), "in use"), number(count(s.Idle), "idle"), number(count(s.Dialed), "of DialContext"),
        number(count(s.Dialing), "dialling"), number(count(s.Waiting), "waiting"), number(count(s.Addresses), "addresses"),
        number(count(d.Succeeded), "dials"), number(count(d.Failed), "failed"), number(count(d.TimedOut), "timed out"),
        number(count(d.Cancelled), "cancelled"), number(count(s.WaitsFailed), "waits in vain")),
      el("div", { class: "columns" },
        bars("Waits, with the dial", c.waits, "wait"), bars("Dials", c.dials, "use"),
        bars("Dials that failed", c.failed, "going"), bars("Holding", c.holds, "use")),
      el("div", { class: "columns" },
        addresses("Dialled most", c.mostDials), addresses("Failing most", c.mostFailed), addresses("Waited for most", c.mostWaits)),
      el("div", { class: "columns two" },
        table("Holders, the longest first", ["address", "#held for"], c.holders.map(h => holder(h, c.name, now)),
          aged ? "A click shows the stack of the Get." : "HoldWarning would show for how long, and who.", "holders " + c.name),
        table("Closed last", ["address", "why", "#ago"], c.closes.map(x => [where(x), x.why, duration(Math.max(0, now - x.at) / 1000)]), "", "closes " + c.name)));
  }

  function remember(v) {
    const known = new Set(v.pools.map(p => p.name));
    for (const name of samples.keys()) if (!known.has(name)) samples.delete(name);
    for (const p of v.pools) {
      const all = (samples.get(p.name) || []).concat(p.samples);
      samples.set(p.name, all.filter(s => s.at > v.now - minutes * 60000));
    }
    since = v.now;
  }

  // position remembers how far lists are scrolled and where the keyboard is, and returns
  // what brings both back when the page was drawn anew.
  function position() {
    const lists = () => main.querySelectorAll(".scroll"), key = e => e.dataset.id;
    const at = new Map([...lists()].map(e => [key(e), e.scrollTop])), focus = main.contains(document.activeElement) ? key(document.activeElement) : null;
    return () => {
      for (const e of lists()) e.scrollTop = at.get(key(e)) || 0;
      if (focus) [...main.querySelectorAll("summary")].find(e => key(e) === focus)?.focus({ preventScroll: true });
    };
  }

  function draw() {
    if (!getSelection().isCollapsed) return; // somebody is about to copy
    const width = Math.max(260, main.clientWidth - 34);
    const undo = position();
    main.replaceChildren(...latest.pools.map(p => pool(p, latest.now, width)), ...latest.conns.map(c => connections(c, latest.now)));
    if (main.childElementCount === 0) main.append(el("section", {}, "There is no pool with a name."));
    undo();
  }

  function show(v) {
    remember(v);
    latest = v;
    draw();
    status.className = "";
    status.textContent = new Date(v.now).toLocaleTimeString();
    document.documentElement.dataset.looks = ++looks; // for the test of the page
  }

  async function look() {
    if (!document.hidden) {
      try {
        const answer = await fetch("?format=json&since=" + since, { cache: "no-store" });
        if (!answer.ok) throw new Error(answer.status + " " + answer.statusText);
        show(await answer.json());
      } catch (e) {
        status.className = "bad";
        status.textContent = "No answer: " + e.message;
      }
    }
    setTimeout(look, 1000);
  }

  show(JSON.parse(document.getElementById("data").textContent));
  addEventListener("resize", draw);
  setTimeout(look, 1000);
})();
