// The roofline: multiply-accumulates a cycle against those a byte of DDR
// traffic; a circle a group, its area its share of the time. Groups without
// multiply-accumulates stand in a strip below, by the bandwidth that they reach.

/** Multiply-accumulates a cycle at most, by precision. */
const PEAKS = [["int8", 16384], ["f16, bf16", 8192], ["f32", 1024]];
const CHART = { width: 520, height: 330, left: 66, right: 92, top: 12, bottom: 94 };
/** The strip below: where it is, and the bandwidth at its right end in GB/s. */
const STRIP = { top: 276, height: 34, gbps: 80, margin: 22 };
const X_RANGE = [0.1, 10000];
const Y_RANGE = [1, 32768];

function chartX(value) {
  const share = Math.log(value / X_RANGE[0]) / Math.log(X_RANGE[1] / X_RANGE[0]);
  return CHART.left + Math.min(1, Math.max(0, share)) * (CHART.width - CHART.left - CHART.right);
}

function chartY(value) {
  const share = Math.log(value / Y_RANGE[0]) / Math.log(Y_RANGE[1] / Y_RANGE[0]);
  return CHART.height - CHART.bottom - Math.min(1, Math.max(0, share)) * (CHART.height - CHART.top - CHART.bottom);
}

function drawRoofs(svg) {
  const line = (x1, y1, x2, y2) => svg.append(makeSvg("line", {
    x1: chartX(x1), y1: chartY(y1), x2: chartX(x2), y2: chartY(y2), stroke: "currentColor", "stroke-opacity": 0.5 }));
  const highest = PEAKS[0][1];
  line(Y_RANGE[0] / DDR_BYTES_PER_CYCLE, Y_RANGE[0], highest / DDR_BYTES_PER_CYCLE, highest);
  for (const [name, peak] of PEAKS) {
    line(peak / DDR_BYTES_PER_CYCLE, peak, X_RANGE[1], peak);
    svg.append(makeSvg("text", { x: CHART.width - CHART.right + 24, y: chartY(peak) + 3.5 }, name));
  }
  for (let x = X_RANGE[0]; x <= X_RANGE[1]; x *= 10)
    svg.append(makeSvg("text", { x: chartX(x), y: CHART.height - CHART.bottom + 16, "text-anchor": "middle" }, `${+x.toPrecision(1)}`));
  for (let y = 1; y <= Y_RANGE[1]; y *= 10)
    svg.append(makeSvg("text", { x: CHART.left - 5, y: chartY(y) + 3, "text-anchor": "end" }, count(y)));
  const middle = (CHART.left + CHART.width - CHART.right) / 2;
  svg.append(makeSvg("text", { x: middle, y: CHART.height - CHART.bottom + 29, "text-anchor": "middle" },
    "multiply-accumulates a byte of DDR traffic"));
  svg.append(makeSvg("text", { x: -(CHART.height - CHART.bottom) / 2, y: 12, transform: "rotate(-90)", "text-anchor": "middle" },
    "multiply-accumulates a cycle"));
}

function stripX(gbps) {
  const [from, width] = [CHART.left + STRIP.margin, CHART.width - CHART.left - CHART.right - STRIP.margin];
  return from + (Math.min(gbps, STRIP.gbps) / STRIP.gbps) * width;
}

/** The strip of groups without multiply-accumulates. */
function drawStrip(svg) {
  svg.append(makeSvg("rect", { x: CHART.left, y: STRIP.top, height: STRIP.height,
    width: CHART.width - CHART.left - CHART.right, fill: "currentColor", "fill-opacity": 0.06 }));
  svg.append(makeSvg("line", { x1: stripX(DDR_BYTES_PER_CYCLE), x2: stripX(DDR_BYTES_PER_CYCLE),
    y1: STRIP.top, y2: STRIP.top + STRIP.height, stroke: "currentColor", "stroke-opacity": 0.5 }));
  for (let gbps = 0; gbps <= DDR_BYTES_PER_CYCLE; gbps += 16)
    svg.append(makeSvg("text", { x: stripX(gbps), y: STRIP.top + STRIP.height + 11, "text-anchor": "middle" }, `${gbps}`));
  svg.append(makeSvg("text", { x: CHART.width - CHART.right + 24, y: STRIP.top + STRIP.height / 2 + 3 }, "GB/s of DDR"));
  svg.append(makeSvg("text", { x: CHART.left - 5, y: STRIP.top + STRIP.height / 2 + 3, "text-anchor": "end" }, "no MAC"));
}

/** A group took at least as long as either engine was busy with it. */
function groupCycles(row) {
  return Math.max(1, row.critical_cycles, row.tiu_cycles, row.gdma_cycles);
}

/** A circle of radius `r`. At the edge it stays inside: labels are outside. */
function placeOf(intensity, rate, r) {
  const within = (at, low, high) => Math.min(high - r, Math.max(low + r, at));
  return { r, cx: within(chartX(intensity), CHART.left, CHART.width - CHART.right),
    cy: within(chartY(rate), CHART.top, CHART.height - CHART.bottom) };
}

function drawGroups(svg, model, view) {
  let rest = 0;
  for (const row of rowsOf(model, view)) {
    if (!row.macs) rest += row.critical_cycles;
    const traffic = row.read_bytes + row.write_bytes;
    const rate = row.macs / groupCycles(row);
    const gbps = traffic / groupCycles(row);
    const r = 3 + 18 * Math.sqrt(row.critical_cycles / Math.max(1, model.cycles));
    const place = row.macs
      ? placeOf(traffic ? row.macs / traffic : X_RANGE[1], rate, r)
      : { cx: stripX(gbps), cy: STRIP.top + STRIP.height / 2, r: Math.min(r, STRIP.height / 2) };
    const circle = makeSvg("circle", { ...place,
      fill: row.colour, "fill-opacity": row.macs ? 0.65 : 0.4 });
    circle.dataset.name = row.name;
    const shown = view.passes(row.name, row.kind, row.nodes);
    circle.classList.toggle("pale", !shown);
    circle.onclick = () => view.select(row.name);
    circle.onpointermove = (event) => showTip(event, `${row.title ?? row.name}\nbound by ${row.bound}, ${time(row.critical_cycles)} on the critical chain` +
      (row.macs ? `, ${rate.toFixed(0)} MAC a cycle` : "") +
      (row.macs && traffic ? `, ${(row.macs / traffic).toFixed(1)} MAC a byte` : "") +
      (traffic ? `, ${gbps.toFixed(1)} GB/s of DDR` : ", no DDR traffic"));
    circle.onpointerleave = () => showTip(null, "");
    svg.append(circle);
  }
  return rest;
}

/** The whole model, as a ring. */
function drawWhole(svg, model, view) {
  const rows = rowsOf(model, view);
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  const [macs, traffic] = [sum("macs"), sum("read_bytes") + sum("write_bytes")];
  if (!macs || !traffic) return;
  const ring = makeSvg("circle", { ...placeOf(macs / traffic, macs / Math.max(1, model.cycles), 7), fill: "none", stroke: "currentColor", "stroke-width": 2, "pointer-events": "all" });
  ring.onpointermove = (event) => showTip(event, `the whole model: ${(macs / Math.max(1, model.cycles)).toFixed(0)} ` +
    `MAC a cycle, ${(macs / traffic).toFixed(1)} MAC a byte`);
  ring.onpointerleave = () => showTip(null, "");
  svg.append(ring);
}

/** The chart of a model. */
function makeRoofline(parent, model, view) {
  const panel = make("div");
  parent.append(panel);
  const fill = () => {
    const svg = makeSvg("svg", { viewBox: `0 0 ${CHART.width} ${CHART.height}`, role: "img" });
    drawRoofs(svg);
    drawStrip(svg);
    const rest = drawGroups(svg, model, view);
    drawWhole(svg, model, view);
    const share = ((100 * rest) / Math.max(1, model.cycles)).toFixed(1);
    panel.replaceChildren(make("h2", {}, `Roofline of ${model.title}`), svg,
      make("div", { className: "hint" }, `A circle a group, the ring the whole model. ${share} % of the time is in groups without multiply-accumulates.`));
  };
  view.listen((what) => {
    if (what === "grouping" || what === "filter") fill();
    for (const circle of panel.querySelectorAll("circle"))
      circle.classList.toggle("selected", circle.dataset.name === view.selected);
  });
  fill();
}
