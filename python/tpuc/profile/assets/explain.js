// What the compiler says of its choices: groups, tiles, values and their places.

/** The explanation of a model, or null when it is none of this compiler's. */
function readPlan(model) {
  try {
    const plan = JSON.parse(model.explanation);
    return Array.isArray(plan.values) && Array.isArray(plan.operators) ? plan : null;
  } catch {
    return null;
  }
}

/** The value that lies at a line of local memory at a cycle, or undefined. */
function valueAt(model, cycle, line) {
  const byte = line * LINE_BYTES;
  return model.plan?.values.find((value) => value.address <= byte &&
    byte < value.address + value.lane_bytes && value.start <= cycle && cycle <= value.end);
}

/** Frames and names of the values in local memory, where there is room for them. */
function drawValues(context, box, view, model) {
  if (!model.plan) return;
  const scale = box.width / view.span;
  const lane = LANE_LINES * LINE_BYTES;
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  context.font = "10px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.strokeStyle = context.fillStyle = themeColour("--ink");
  for (const value of model.plan.values) {
    if (value.address === undefined || !(value.start < view.end && value.end >= view.begin)) continue;
    const left = box.left + (value.start - view.begin) * scale;
    const width = (value.end + 1 - value.start) * scale;
    const top = box.top + (value.address * box.height) / lane;
    const height = (value.lane_bytes * box.height) / lane;
    if (width < 4 || height < 3) continue;
    context.globalAlpha = 0.5;
    context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
    context.globalAlpha = 1;
    const from = Math.max(left, box.left) + 3;
    const room = Math.min(left + width, box.left + box.width) - from - 3;
    if (height < 10 || room < 40) continue;
    const letters = Math.floor(room / 5);
    const name = value.name.length > letters ? `${value.name.slice(0, letters - 1)}…` : value.name;
    context.fillText(name, from, top + height / 2);
  }
  context.restore();
}

/** "2 × [1, 64, 1, 128]" for each kernel of an operator. */
function tilesText(operator) {
  if (operator.fused_into) return `within ${shorten(operator.fused_into)}`;
  return operator.kernels.map(({ tiles, tile }) => (tiles ? `${tiles} × [${tile.join(", ")}]` : "moves")).join("; ");
}

function nextText(operator) {
  // A tile that costs the same is no news.
  return operator.kernels.filter((kernel) => kernel.next_best && kernel.next_best.cost !== kernel.cost)
    .map(({ cost, next_best: next }) => `[${next.tile.join(", ")}] costs ${time(next.cost)} instead of ${time(cost)}`)
    .join("; ");
}

const OPERATOR_COLUMNS = [
  { title: "operator", value: (row) => row.name, text: shorten, isText: true },
  { title: "group", value: (row) => row.group ?? "", isText: true },
  { title: "tiles [n, c, h, w]", value: tilesText, isText: true },
  { title: "next best tile", value: nextText, isText: true },
  { title: "lane bytes", value: (row) => Math.max(0, ...row.kernels.map((kernel) => kernel.lane_bytes ?? 0)), text: count },
  { title: "first step", value: (row) => row.first_step, text: count },
  { title: "loads from step", value: (row) => row.first_load_step, text: count },
  { title: "TIU", value: (row) => row.tiu_cycles, isTime: true },
  { title: "GDMA", value: (row) => row.gdma_cycles, isTime: true },
];

const VALUE_COLUMNS = [
  { title: "value", value: (row) => row.name, text: shorten, isText: true },
  { title: "lies in", value: (row) => row.place, isText: true },
  { title: "because", value: (row) => row.why, isText: true },
  { title: "transfers", value: (row) => row.transfer_cycles ?? 0, isTime: true },
  { title: "lane address", value: (row) => row.address ?? -1, text: (value) => (value < 0 ? "" : count(value)) },
  { title: "lane bytes", value: (row) => row.lane_bytes ?? 0, text: (value) => (value ? count(value) : "") },
  { title: "first step", value: (row) => row.first_step ?? -1, text: (value) => (value < 0 ? "" : count(value)) },
  { title: "last step", value: (row) => row.last_step ?? -1, text: (value) => (value < 0 ? "" : count(value)) },
  { title: "bytes", value: (row) => row.bytes, text: bytes },
];

/** A closed panel with the tables of a model's plan. */
function makePlan(model, view) {
  const { plan } = model;
  const panel = make("details", { className: "panel plan" },
    make("summary", {}, `What the compiler says of its choices, ${model.title}`));
  const groups = plan.groups.map((group) => make("li", {},
    `${group.name}: ${count(group.operators)} operators from ${group.first} to ${group.last}, ` +
    `at most ${bytes(group.lane_bytes)} of a lane for what stays in it`));
  panel.append(make("h2", {}, "Groups: operators connected by values that never leave local memory"),
    make("ul", {}, ...groups));
  const add = (title, columns, rows, sortBy) => {
    const place = make("div", { className: "scroll" });
    panel.append(make("h2", {}, title), place);
    new SortedTable(place, view, columns, sortBy).fill(rows);
  };
  // Hundreds of rows, made when somebody wants them.
  panel.addEventListener("toggle", () => {
    add("Values: where they lie and what it costs", VALUE_COLUMNS, plan.values, "transfers");
    add("Operators: tiles, and the next best choice", OPERATOR_COLUMNS, plan.operators, "GDMA");
  }, { once: true });
  return panel;
}
