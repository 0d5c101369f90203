// Puts the page together.

/** The figures of a model: what they are and their values; times in the chosen unit. */
function figuresOf(model) {
  return [["time (vendor's cycle model)", time(model.vendorMs * 1e6)],
    ["time (with what it leaves out)", time(model.siliconMs * 1e6)],
    ["roofline", `${time(model.rooflineMs * 1e6)} (${(100 * model.rooflineShare).toFixed(0)} % reached)`],
    ...model.figures];
}

/** What the times of the timelines and tables are. */
function modelOfTimes(model) {
  return model.parameters === "vendor" ? "the vendor's cycle model" : "the cycle model with what the vendor's leaves out";
}

function fillHeader(models) {
  const header = document.getElementById("header");
  const shown = models.map(figuresOf);
  if (models.length === 1) {
    const tiles = shown[0].map(([name, value]) => make("div", { className: "tile" }, make("span", {}, name), value));
    header.replaceChildren(make("h1", {}, models[0].title, make("small", {}, `timeline and tables by ${modelOfTimes(models[0])}`)),
      make("div", { className: "tiles" }, ...tiles));
    return;
  }
  // Side by side the figures of both are columns of one table.
  const head = make("tr", {}, make("th", { className: "text" }, "timeline and tables by " + modelOfTimes(models[0])),
    ...shown[0].map(([name]) => make("th", {}, name)));
  const rows = models.map((model, i) => make("tr", {}, make("td", { className: "text" }, `${"AB"[i]}: `, make("b", {}, model.title)),
    ...shown[i].map(([, value]) => make("td", {}, value))));
  header.replaceChildren(make("div", { className: "scroll" }, make("table", { className: "figures" }, make("thead", {}, head), make("tbody", {}, ...rows))));
}

function connectControls(view, models) {
  const grouping = document.getElementById("grouping");
  const titles = { op: "operation", group: "group of operations", kind: "kind of operation", function: "function of the command" };
  grouping.append(...view.groupings.map((by) => make("option", { value: by }, titles[by])));
  grouping.onchange = () => view.groupBy(grouping.value);
  const unit = document.getElementById("unit");
  unit.append(...Object.keys(UNITS).map((name) => make("option", { value: name, selected: name === timeUnit }, name)));
  unit.onchange = () => view.showTimesIn(unit.value);
  const filter = document.getElementById("filter");
  const matches = document.getElementById("matches");
  filter.oninput = () => view.filterBy(filter.value);
  view.listen((what) => {
    if (what === "unit") fillHeader(models);
    if (what !== "filter" && what !== "grouping") return;
    const rows = models.flatMap((model) => rowsOf(model, view));
    const found = rows.filter((row) => view.passes(row.name, row.kind, row.nodes)).length;
    matches.textContent = !view.filter ? "" : found ? `${count(found)} of ${count(rows.length)}` : "nothing matches";
    matches.classList.toggle("worse", view.filter !== "" && !found);
  });
  document.getElementById("reset").onclick = () => view.reset();
  listenToKeys(view);
}

/** What the compiler says of its choices, closed at first. */
function fillExplanations(models, view) {
  for (const model of models.filter((each) => each.explanation)) {
    if (model.plan) {
      if (model.plan.network && model.groupings.op) document.querySelector("main").append(makeGraph(model, view));
      document.querySelector("main").append(makePlan(model, view));
      continue;
    }
    let text = model.explanation;
    try {
      text = JSON.stringify(JSON.parse(text), null, 1);
    } catch { /* Not JSON: shown as it is. */ }
    document.querySelector("main").append(make("details", { className: "panel" },
      make("summary", {}, `What the compiler says of its choices, ${model.title}`), make("pre", {}, text)));
  }
}

/** Shows the clicked command in full. */
function connectDetail(view) {
  const detail = document.getElementById("detail");
  view.listen(async (what) => {
    if (what !== "selection" && what !== "unit") return;
    const clicked = view.clicked;
    if (!clicked) {
      detail.textContent = view.selected ?? "Click a command to see all of it here.";
      return;
    }
    if (clicked.isLayer) {
      const lines = [...describeLayer(clicked.model, clicked.command), ...describeLayerTimes(clicked.model, clicked.command)];
      detail.textContent = lines.join(" · ").replaceAll("\n", ", ");
      return;
    }
    const texts = await clicked.model.texts();
    if (view.clicked !== clicked) return;
    const about = describeCommand(clicked.model, clicked.command).join(" · ").replaceAll("\n", ", ");
    detail.replaceChildren(about, make("br"), make("code", {}, texts[clicked.command]));
  });
}

/**
 * Milliseconds of the frames of a zoom from the whole time to a thousandth and
 * of a pan through the whole time, sorted; for tests.
 */
function measureFrames(view, timelines) {
  const frames = 60;
  const took = [];
  const draw = (begin, end) => {
    const start = performance.now();
    view.show(begin, end);
    for (const timeline of timelines) timeline.draw();
    took.push(performance.now() - start);
  };
  for (let i = 0; i < frames; ++i) {
    const half = (view.total / 2) * 0.001 ** (i / frames);
    draw(view.total / 2 - half, view.total / 2 + half);
  }
  for (let i = 0; i < frames; ++i) {
    const begin = (0.75 * view.total * i) / frames;
    draw(begin, begin + view.total / 4);
  }
  view.reset();
  return took.sort((a, b) => a - b);
}

async function main() {
  const texts = document.querySelectorAll("script.texts");
  const elements = [...document.querySelectorAll("script.model")];
  const models = await Promise.all(elements.map((element, i) => readModel(element, texts[i])));
  const view = new View(models);
  fillHeader(models);
  const place = (id) => document.getElementById(id);
  const timelines = models.map((model) => new Timeline(place("timelines"), model, view, models.length));
  const legend = () => fillLegend(place("legend"), models, view);
  legend();
  view.listen((what) => what === "grouping" && legend());
  if (models.length > 1) makeCompareTable(place("table"), models, view);
  else makeOpTable(place("table"), models[0], view);
  for (const model of models) makeRoofline(place("roofline"), model, view);
  const most = Math.max(1, ...models.flatMap((model) => model.traffic.map(([, read, written]) => read + written)));
  for (const model of models) makeTraffic(place("traffic"), model, most);
  fillExplanations(models, view);
  connectControls(view, models);
  connectDetail(view);
  for (const timeline of timelines) timeline.draw();
  document.documentElement.dataset.readyMs = performance.now().toFixed(0);
  if (location.hash === "#measure") {
    const took = measureFrames(view, timelines);
    const { dataset } = document.documentElement;
    dataset.frameMs = took[took.length >> 1].toFixed(1);
    dataset.slowFrameMs = took[Math.floor(took.length * 0.95)].toFixed(1);
  }
}

// The page counts as loaded when it is drawn.
await main().catch((error) => {
  document.getElementById("header").textContent =
    `The page cannot be shown: ${error.message}. It needs a browser of 2023 or later.`;
  console.error(error);
});
