// The timeline of a report: draws the panels, keeps them at one stretch of time and one moment, and
// lets the incidents lead there. Names come as text and go into text only.
"use strict";
(() => {
  const runs = JSON.parse(document.getElementById("data").textContent);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const end = Math.max(1, ...runs.filter(Boolean).map((run) => run.end));
  const charts = [];
  let span = [0, end], moment = 0, chosen = null, busy = false;

  const clock = (run, seconds, exact) => {
    const at = new Date(1000 * ((run.start || 0) + seconds));
    if (run.start !== null) return at.toISOString().slice(11, exact ? 19 : 16);
    const hours = Math.floor(seconds / 3600), rest = at.toISOString().slice(14, exact ? 19 : 16);
    return `+${hours}:${rest}`;
  };
  const short = (value) => {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value);
    const [by, unit] = size >= 1e12 ? [1e12, " T"] : size >= 1e9 ? [1e9, " G"]
      : size >= 1e6 ? [1e6, " M"] : size >= 1e4 ? [1e3, " k"] : [1, ""];
    return `${Number((value / by).toPrecision(4))}${unit}`;
  };
  const dashes = {"--": [6, 4], ":": [2, 3], "-": []};

  // What stands behind the curves, and the lines of incidents in front of them.
  function background(u, run) {
    const {ctx, bbox} = u;
    const fill = (from, to, colour) => {
      const left = Math.max(bbox.left, u.valToPos(from, "x", true));
      const right = Math.min(bbox.left + bbox.width, u.valToPos(to ?? run.end, "x", true));
      if (right <= left) return;
      ctx.fillStyle = colour;
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
    };
    ctx.save();
    run.down.forEach(([from, to]) => fill(from, to, "rgba(60, 50, 40, 0.13)"));
    run.faults.forEach(([, from, to]) => fill(from, to, "rgba(230, 159, 0, 0.10)"));
    ctx.restore();
  }
  function lines(u, run, panel) {
    const {ctx, bbox} = u;
    const line = (x0, y0, x1, y1, dash, width) => {
      ctx.setLineDash(dash);
      ctx.lineWidth = width;
      ctx.beginPath();
      ctx.moveTo(x0, y0);
      ctx.lineTo(x1, y1);
      ctx.stroke();
    };
    const upright = (at, dash, width) => {
      const x = u.valToPos(at, "x", true);
      if (x >= bbox.left && x <= bbox.left + bbox.width)
        line(x, bbox.top, x, bbox.top + bbox.height, dash, width);
    };
    ctx.save();
    ctx.strokeStyle = "#444";
    run.incidents.forEach(([, at]) => upright(at, [2, 4], 1));
    if (chosen && runs[chosen.run] === run) upright(chosen.at, [], 2);
    panel.marks.forEach(([value, said]) => {
      const y = u.valToPos(value, "y", true);
      if (y < bbox.top || y > bbox.top + bbox.height) return;
      line(bbox.left, y, bbox.left + bbox.width, y, [8, 4], 1);
      ctx.fillStyle = "#222";
      ctx.font = `${11 * devicePixelRatio}px sans-serif`;
      ctx.textAlign = "left";
      ctx.fillText(said, bbox.left + 4, y - 4);
    });
    ctx.restore();
  }

  function draw(place) {
    const run = runs[place.dataset.run], panel = run.panels[place.dataset.panel];
    const wide = panel.scale === "wide", unit = panel.unit.replace(" (log)", "");
    const options = {
      width: Math.max(240, place.clientWidth), height: 170,
      cursor: {sync: {key: "moment"}, drag: {x: true, y: false}},
      scales: {
        x: {time: false, range: (u, low, high) => [low, high]},
        y: wide ? {distr: 4, asinh: 1} : {
          range: (u, low, high) => [0, Math.max(panel.floor, panel.scale === "percent"
            ? Math.max(100, high ?? 0) : 1.05 * (high ?? 1)) || 1]},
      },
      axes: [
        {values: (u, ticks) => ticks.map((at) => clock(run, at, span[1] - span[0] < 600)),
          incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600,
            43200, 86400, 172800], stroke: "#222", space: 60},
        {values: (u, ticks) => ticks.map((value) => {
          const between = wide && value !== 0 && !Number.isInteger(Math.log10(Math.abs(value)));
          return value === null || between ? "" : short(value);
        }), size: 60, stroke: "#222"},
      ],
      series: [
        {label: "time", value: (u, at) => at === null ? "–" : clock(run, at, true)},
        ...panel.curves.map((curve) => ({
          label: curve.name, stroke: curve.colour, width: 1.5, dash: dashes[curve.dash] ?? [],
          points: {show: false}, spanGaps: false,
          value: (u, value) => `${short(value)} ${value === null ? "" : unit}`,
        })),
      ],
      hooks: {
        drawAxes: [(u) => background(u, run)],
        draw: [(u) => lines(u, run, panel)],
        setScale: [(u, key) => {
          if (key === "x" && !busy) show(u.scales.x.min, u.scales.x.max);
        }],
      },
    };
    const chart = new uPlot(options, [run.times, ...panel.curves.map((c) => c.values)], place);
    // Its names switch curves on and off; by keyboard too.
    chart.root.querySelectorAll(".u-legend .u-series:not(:first-child) th").forEach((name) => {
      name.tabIndex = 0;
      name.setAttribute("role", "button");
      name.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          name.click();
        }
      });
    });
    const caption = place.parentElement.querySelector("figcaption");
    chart.root.querySelector("canvas").setAttribute("role", "img");
    chart.root.querySelector("canvas").setAttribute("aria-label", caption.textContent);
    charts.push({chart, place, run, panel});
  }

  function show(low, high) {
    const least = Math.min(end, 60);
    if (high - low < least) [low, high] = [(low + high - least) / 2, (low + high + least) / 2];
    const width = Math.min(end, high - low);
    low = Math.max(0, Math.min(low, end - width));
    span = [low, low + width];
    busy = true;
    charts.forEach(({chart}) => chart.setScale("x", {min: span[0], max: span[1]}));
    // uPlot draws later, and tells of what it was told then.
    queueMicrotask(() => { busy = false; point(); });
  }

  function index(times, at) {
    let low = 0, high = times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (times[middle] <= at) low = middle; else high = middle - 1;
    }
    return low;
  }
  function point() {
    charts.forEach(({chart, run}) => {
      const inside = moment >= span[0] && moment <= span[1];
      chart.setCursor({left: inside ? chart.valToPos(moment, "x") : -10, top: 10}, false, false);
      chart.setLegend({idx: index(run.times, moment)}, false);
    });
    const run = runs.find(Boolean);
    const near = run.incidents.filter(([, at]) => at <= moment).pop();
    const told = near === undefined ? ""
      : `; last new kind of incident: ${near[2]} (${clock(run, near[1], true)})`;
    document.getElementById("now").textContent =
      `${clock(run, moment, true)}${run.start === null ? "" : " UTC"}${told}. Shown: ` +
      `${clock(run, span[0], true)} to ${clock(run, span[1], true)}`;
  }
  function go(at) {
    moment = at;
    document.getElementById("moment").value = at;
    point();
  }

  function jump(button) {
    const {run, at, incident} = button.dataset;
    chosen = {run: Number(run), at: Number(at)};
    all("tr.shown").forEach((row) => row.classList.remove("shown"));
    button.closest("tr").classList.add("shown");
    if (charts.length) {
      const half = Math.min(600, end / 2);
      show(chosen.at - half, chosen.at + half);
      go(chosen.at);
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      document.getElementById("timeline").scrollIntoView({behavior: still ? "auto" : "smooth"});
    }
    return incident;
  }

  const does = {
    earlier: () => show(span[0] - (span[1] - span[0]) / 2, span[1] - (span[1] - span[0]) / 2),
    later: () => show(span[0] + (span[1] - span[0]) / 2, span[1] + (span[1] - span[0]) / 2),
    in: () => {
      const half = (span[1] - span[0]) / 4;
      const middle = moment > span[0] && moment < span[1] ? moment : (span[0] + span[1]) / 2;
      show(middle - half, middle + half);
    },
    out: () => show(span[0] - (span[1] - span[0]) / 2, span[1] + (span[1] - span[0]) / 2),
    all: () => show(0, end),
  };
  all("[data-does]").forEach((button) =>
    button.addEventListener("click", () => does[button.dataset.does]()));
  all(".jump").forEach((button) => button.addEventListener("click", () => jump(button)));
  all(".incidents").forEach((list) => {
    const kinds = list.querySelector(".kinds"), firsts = list.querySelector(".firsts");
    const filter = () => list.querySelectorAll("tbody tr").forEach((row) => {
      row.hidden = (kinds.value !== "" && row.dataset.kind !== kinds.value) ||
        (firsts.checked && row.dataset.first === undefined);
    });
    kinds.addEventListener("change", filter);
    firsts.addEventListener("change", filter);
  });
  // A graph that is wider than the screen begins with what it began with.
  all(".graph").forEach((graph) => {
    const first = graph.querySelector(".box");
    if (!first) return;
    const box = first.getBoundingClientRect(), window = graph.getBoundingClientRect();
    graph.scrollLeft += box.left + box.width / 2 - window.left - window.width / 2;
  });
  // A link to an incident shows it even where the filter hides it.
  const reveal = () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!row || !row.closest(".incidents")) return;
    row.hidden = false;
    row.scrollIntoView({block: "center"});
    row.focus({preventScroll: true});
  };
  addEventListener("hashchange", reveal);

  const places = all(".chart");
  if (!places.length) return;
  busy = true;
  places.forEach(draw);
  const slider = document.getElementById("moment");
  slider.max = end;
  slider.step = Math.max(1, Math.round(end / 1000));
  slider.addEventListener("input", () => {
    moment = Number(slider.value);
    if (moment < span[0] || moment > span[1]) {
      const half = (span[1] - span[0]) / 2;
      show(moment - half, moment + half);
    }
    point();
  });
  all(".regions input").forEach((box) => box.addEventListener("change", () =>
    charts.forEach(({chart, panel}) => panel.curves.forEach((curve, at) => {
      if (curve.region === box.value) chart.setSeries(at + 1, {show: box.checked});
    }))));
  const fit = (width) => charts.forEach(({chart, place}) =>
    chart.setSize({width: Math.max(240, width ?? place.clientWidth), height: 170}));
  addEventListener("resize", () => fit());
  addEventListener("beforeprint", () => {
    all("details").forEach((part) => { part.open = true; });
    fit(640);
  });
  addEventListener("afterprint", () => fit());
  show(0, end);
  reveal();
})();
