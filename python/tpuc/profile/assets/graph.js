// The compiled network as a graph: a box an operator, in frames the groups that
// were scheduled together. The library of the layout is read at first use.

const BOX = { height: 40, letter: 6.3, least: 90, most: 300 };

/** Runs the layout library, which is compressed in an element. */
async function loadLayout() {
  if (!globalThis.dagre) {
    const packed = await inflate(document.querySelector("script.layout"));
    document.head.append(make("script", { textContent: new TextDecoder().decode(packed) }));
  }
  return globalThis.dagre;
}

/** Operators and what connects them: {nodes: [{id, name, kind, group, text}], edges: [{from, to, text}]}. */
function graphOf(model) {
  const { network } = model.plan;
  const groups = new Map(model.plan.operators.map((each) => [each.name, each.group]));
  const op = model.groupings.op;
  const rows = new Map(op.name.map((name, i) => [name, i]));
  const joined = new Map(model.plan.operators.filter((each) => each.fused_into).map((each) => [each.name, each.fused_into]));
  const shape = (value) => `${network.values[value][1].join("×")} ${network.values[value][0]}`;
  const writers = new Map();
  const nodes = network.inputs.map((value, i) => {
    writers.set(value, `input ${i}`);
    return { id: `input ${i}`, name: network.input_names[i], kind: "input", result: shape(value) };
  });
  for (const operator of network.operators) {
    for (const value of operator.results) writers.set(value, operator.name);
    let row = operator.name;
    for (let i = 0; joined.has(row) && i < network.operators.length; ++i) row = joined.get(row);
    nodes.push({ id: operator.name, name: operator.name, row, kind: operator.kinds.join("+"), index: rows.get(row),
      group: groups.get(operator.name), nodes: operator.nodes,
      result: operator.results.length ? shape(operator.results[0]) : "" });
  }
  const edges = [];
  for (const operator of network.operators)
    for (const value of operator.inputs)
      if (writers.has(value)) edges.push({ from: writers.get(value), to: operator.name, text: shape(value) });
  network.outputs.forEach((value, i) => {
    nodes.push({ id: `output ${i}`, name: network.output_names[i], kind: "output", result: shape(value) });
    if (writers.has(value)) edges.push({ from: writers.get(value), to: `output ${i}`, text: shape(value) });
  });
  return { nodes, edges };
}

function layOut(dagre, { nodes, edges }) {
  const graph = new dagre.graphlib.Graph({ compound: true });
  graph.setGraph({ rankdir: "TB", ranksep: 26, nodesep: 18, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) {
    node.lines = [shorten(node.name, 42), `${node.kind.replace(/^tpu\./, "")} · ${node.result}`];
    const width = Math.max(...node.lines.map((line) => line.length)) * BOX.letter + 20;
    graph.setNode(node.id, { width: Math.min(BOX.most, Math.max(BOX.least, width)), height: BOX.height });
  }
  for (const name of new Set(nodes.map((node) => node.group).filter(Boolean))) graph.setNode(`frame ${name}`, {});
  for (const node of nodes) if (node.group) graph.setParent(node.id, `frame ${node.group}`);
  for (const edge of edges) graph.setEdge(edge.from, edge.to);
  dagre.layout(graph);
  return graph;
}

function drawGraph(model, view, graph, { nodes, edges }) {
  const { width, height } = graph.graph();
  const svg = makeSvg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", class: "graph" });
  for (const name of new Set(nodes.map((node) => node.group).filter(Boolean))) {
    const box = graph.node(`frame ${name}`);
    svg.append(makeSvg("rect", { x: box.x - box.width / 2, y: box.y - box.height / 2, width: box.width,
      height: box.height, rx: 8, class: "frame" }),
      makeSvg("text", { x: box.x - box.width / 2 + 8, y: box.y - box.height / 2 + 13 }, name));
  }
  for (const edge of edges) {
    const points = graph.edge(edge.from, edge.to).points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`);
    const line = makeSvg("polyline", { points: points.join(" "), class: "edge" });
    line.append(makeSvg("title", {}, edge.text));
    svg.append(line);
  }
  const op = model.groupings.op;
  for (const node of nodes) {
    const box = graph.node(node.id);
    const [left, top] = [box.x - box.width / 2, box.y - box.height / 2];
    const part = makeSvg("g", { class: "box" });
    part.append(makeSvg("rect", { x: left, y: top, width: box.width, height: box.height, rx: 5 }),
      makeSvg("rect", { x: left, y: top, width: 6, height: box.height, rx: 3, class: "kind",
        fill: node.index === undefined ? "none" : op.colour[node.index] }),
      makeSvg("text", { x: left + 12, y: top + 16, class: "name" }, node.lines[0]),
      makeSvg("text", { x: left + 12, y: top + 31 }, node.lines[1]));
    part.dataset.row = node.row ?? "";
    part.onclick = () => node.row && view.select(view.selected === node.row ? null : node.row);
    part.onpointermove = (event) => showTip(event, [(node.nodes?.length ? node.nodes : [node.name]).join("\n"), node.kind,
      node.result && `computes ${node.result}`, node.row && node.row !== node.name ? `computed with ${node.row}` : "",
      node.index === undefined ? (node.row ? "takes no command of its own" : "") :
        `on the critical chain ${time(op.critical_cycles[node.index])}, TIU ${time(op.tiu_cycles[node.index])}, GDMA ${time(op.gdma_cycles[node.index])}`,
    ].filter(Boolean).join("\n"));
    part.onpointerleave = () => showTip(null, "");
    svg.append(part);
  }
  return { svg, width, height };
}

/** A closed panel with the graph; it is laid out when somebody opens it. */
function makeGraph(model, view) {
  const place = make("div", { className: "scroll canvas" }, "is laid out …");
  const buttons = make("div", { className: "buttons" });
  const panel = make("details", { className: "panel network" },
    make("summary", {}, `The compiled network as a graph, ${model.title}`), buttons, place);
  const open = async () => {
    const content = graphOf(model);
    const { svg, width, height } = drawGraph(model, view, layOut(await loadLayout(), content), content);
    let scale = 1;
    const resize = (factor) => {
      const middle = (place.scrollTop + place.clientHeight / 2) / scale;
      scale = Math.min(3, Math.max(0.05, factor));
      svg.style.width = `${width * scale}px`;
      svg.style.height = `${height * scale}px`;
      place.scrollTop = middle * scale - place.clientHeight / 2;
    };
    const button = (text, factor) => make("button", { type: "button", textContent: text, onclick: () => resize(factor()) });
    buttons.append(button("larger", () => scale * 1.3), button("smaller", () => scale / 1.3), button("1:1", () => 1),
      button("all", () => Math.min(place.clientWidth / width, place.clientHeight / height)));
    place.replaceChildren(svg);
    resize(Math.min(1, (place.clientWidth - 20) / width));
    place.scrollTop = 0;
    const mark = () => {
      for (const part of svg.querySelectorAll("g.box")) {
        const { row } = part.dataset;
        const index = model.groupings.op.name.indexOf(row);
        part.classList.toggle("selected", row !== "" && row === view.selected);
        part.classList.toggle("pale", index >= 0 && view.grouping === "op" && view.shown(model)?.[index] === false);
      }
    };
    view.listen((what) => what !== "time" && mark());
    mark();
  };
  panel.addEventListener("toggle", () => open().catch((error) => {
    place.textContent = `The graph cannot be laid out: ${error.message}`;
    console.error(error);
  }), { once: true });
  return panel;
}
