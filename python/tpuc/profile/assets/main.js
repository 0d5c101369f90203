// Puts the page together.

/** The colour of groups that have none of their own. */
const REST_COLOUR = "#8c8c8c";

function fillHeader(models) {
  for (const model of models) {
    const tiles = model.rows.map(([name, value]) =>
      make("div", { className: "tile" }, make("span", {}, name), value));
    document.getElementById("header").append(
      make("h1", {}, `${model.title}, cycle model "${model.parameters}"`),
      make("div", { className: "tiles" }, ...tiles));
  }
}

function connectControls(view, table) {
  const grouping = document.getElementById("grouping");
  const titles = { op: "operation", group: "group of operations", kind: "kind of operation", function: "function of the command" };
  grouping.append(...view.groupings.map((by) => make("option", { value: by }, titles[by])));
  grouping.onchange = () => view.groupBy(grouping.value);
  const filter = document.getElementById("filter");
  filter.oninput = () => table.filterBy(filter.value);
  document.getElementById("reset").onclick = () => view.reset();
  listenToKeys(view);
}

/** What the compiler says of its choices, closed at first. */
function fillExplanations(models, view) {
  for (const model of models.filter((each) => each.explanation)) {
    if (model.plan) {
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
    if (what !== "selection") return;
    const clicked = view.clicked;
    if (!clicked) {
      detail.textContent = view.selected ?? "Click a command to see all of it here.";
      return;
    }
    const texts = await clicked.model.texts();
    if (view.clicked !== clicked) return;
    const about = describeCommand(clicked.model, clicked.command).split("\n").join(" · ");
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
  const timelines = models.map((model) => new Timeline(place("timelines"), model, view));
  const table = models.length > 1
    ? makeCompareTable(place("table"), models, view)
    : makeOpTable(place("table"), models[0], view);
  for (const model of models) makeRoofline(place("roofline"), model, view);
  const most = Math.max(1, ...models.flatMap((model) => model.traffic.map(([, read, written]) => read + written)));
  for (const model of models) makeTraffic(place("traffic"), model, most);
  fillExplanations(models, view);
  connectControls(view, table);
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
