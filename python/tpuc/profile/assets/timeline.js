// The timeline of a model: one canvas with all strips, zoom, pan and hover.

/** Nominal bytes a cycle of the memory interface; 1 byte a cycle is 1 GB/s. */
const DDR_BYTES_PER_CYCLE = 64;
const LABEL_WIDTH = 88;
/** Heights of the strips, from above; of one model and of each of two. */
const STRIPS = [
  ["axis", 18, 14], ["layers", 16, 13], ["moves", 7, 5], ["TIU", 30, 22], ["TIU waits", 7, 5], ["GDMA", 30, 22],
  ["GDMA waits", 7, 5], ["bandwidth", 46, 24], ["memory", 190, 0],
];
const STRIP_GAP = 4;

/** The labels of strips; a strip of waits needs none. */
const STRIP_LABELS = {
  layers: "layers", TIU: "TIU", GDMA: "GDMA", "TIU waits": "waits", "GDMA waits": "waits",
  bandwidth: "DDR 64 GB/s", memory: "local",
};

/** The rows of runs, see layers.js. */
const LAYER_STRIPS = ["layers", "moves"];

class Timeline {
  /** `count` is how many timelines there are; all of them must be seen at once. */
  constructor(parent, model, view, count) {
    this.count = count;
    this.parent = parent;
    this.model = model;
    this.view = view;
    this.canvas = make("canvas");
    this.total = make("span");
    const title = make("div", { className: "legend" }, make("b", {}, model.title), this.total);
    parent.append(make("div", { className: "pane" }, title, this.canvas));
    this.resize();
    this.scheduled = false;
    view.listen((what) => {
      if (what === "unit") this.sayTotal();
      this.schedule();
    });
    new ResizeObserver(() => this.schedule()).observe(this.canvas);
    addEventListener("resize", () => this.resize());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.schedule());
    this.listenToPointer();
    this.sayTotal();
  }

  sayTotal() {
    this.total.textContent = time(this.model.cycles);
  }

  /** Local memory gets what is left of the window's height when all else has its own. */
  resize() {
    const several = this.count > 1;
    const strips = STRIPS.filter(([name]) => this.model.columns.runStart.length || !["layers", "moves"].includes(name));
    this.strips = strips.map(([name, alone, beside]) => [name, several ? beside : alone]);
    this.height = this.strips.reduce((sum, [, height]) => sum + height + STRIP_GAP, 0);
    if (several) {
      const top = this.parent.getBoundingClientRect().top + scrollY;
      // Beside the canvas a pane has a title, a frame and a margin.
      const room = (innerHeight - top) / this.count - this.height - 38;
      const memory = Math.floor(Math.min(150, Math.max(36, room)));
      this.strips.at(-1)[1] = memory;
      this.height += memory;
    }
    this.canvas.style.height = `${this.height}px`;
  }

  /** Draws once in the next frame, however often it is asked for. */
  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  layout() {
    const width = this.canvas.clientWidth - LABEL_WIDTH - 8;
    const boxes = {};
    let top = 0;
    for (const [name, height] of this.strips) {
      boxes[name] = { left: LABEL_WIDTH, top, width: Math.max(1, width), height };
      top += height + STRIP_GAP;
    }
    return boxes;
  }

  draw() {
    const { canvas, model, view } = this;
    const ratio = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(this.height * ratio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, canvas.clientWidth, this.height);
    const boxes = this.layout();
    const paint = new Paint(model, view);
    drawMemory(context, boxes.memory, view, model, paint, ratio);
    drawMemoryAxis(context, boxes.memory);
    drawValues(context, boxes.memory, view, model);
    for (const [name, label] of Object.entries(STRIP_LABELS)) if (boxes[name]) drawLabel(context, boxes[name], label);
    drawAxis(context, boxes.axis, view, boxes.memory.top);
    LAYER_STRIPS.forEach((name, row) => boxes[name] && drawLayers(context, boxes[name], view, model, row, paint));
    for (const queue of model.queues) {
      drawQueue(context, boxes[queue.name], view, model, queue, paint);
      drawWaits(context, boxes[`${queue.name} waits`], view, model, queue);
    }
    drawBandwidth(context, boxes.bandwidth, view, model);
    const clicked = view.clicked;
    if (clicked?.model === model && !clicked.isLayer) {
      context.save();
      context.beginPath();
      context.rect(LABEL_WIDTH, 0, boxes.TIU.width, this.height);
      context.clip();
      drawDependency(context, [boxes.TIU, boxes.GDMA], view, model, clicked.command);
      context.restore();
    }
  }

  /** The cycle under the pointer. */
  cycleAt(event) {
    const width = this.layout().TIU.width;
    const x = event.clientX - this.canvas.getBoundingClientRect().left - LABEL_WIDTH;
    return this.view.begin + (x / width) * this.view.span;
  }

  /** The command under the pointer or, in local memory, the one that wrote there. */
  commandAt(event) {
    const y = event.clientY - this.canvas.getBoundingClientRect().top;
    const boxes = this.layout();
    const cycle = this.cycleAt(event);
    const slack = (this.view.span / boxes.TIU.width) * 2;
    const within = (box) => box && y >= box.top && y < box.top + box.height + STRIP_GAP;
    for (const [row, name] of LAYER_STRIPS.entries()) {
      const command = within(boxes[name]) ? layerAt(this.model, this.view, row, cycle, slack) : -1;
      if (command >= 0) return { command, held: -1, isLayer: true };
    }
    if (within(boxes.memory)) {
      const line = Math.floor(((y - boxes.memory.top) / boxes.memory.height) * LANE_LINES);
      const held = findResidency(this.model, cycle, line, slack);
      return held < 0 ? null : { command: this.model.columns.heldBy[held], held, value: valueAt(this.model, cycle, line) };
    }
    const { start } = this.model.columns;
    for (const queue of this.model.queues) {
      const i = firstEndingAfter(this.model, queue, cycle - slack);
      if (i === queue.last) continue;
      if (within(boxes[queue.name]) && start[i] <= cycle + slack) return { command: i, held: -1 };
      if (within(boxes[`${queue.name} waits`]) && start[i] > cycle) return { command: i, held: -1, waits: true };
    }
    return null;
  }

  listenToPointer() {
    const { canvas, view } = this;
    let drag = null;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))
        view.pan(((event.deltaX || event.deltaY) / canvas.clientWidth) * view.span);
      else view.zoom(1.0015 ** event.deltaY, this.cycleAt(event));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      drag = { x: event.clientX, begin: view.begin, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drag) {
        this.hover(event);
        return;
      }
      const pixels = event.clientX - drag.x;
      drag.moved ||= Math.abs(pixels) > 3;
      if (!drag.moved) return;
      const begin = drag.begin - (pixels / this.layout().TIU.width) * view.span;
      view.show(begin, begin + view.span);
    });
    canvas.addEventListener("pointerup", (event) => {
      if (drag && !drag.moved) this.click(event);
      drag = null;
    });
    canvas.addEventListener("pointercancel", () => (drag = null));
    canvas.addEventListener("pointerleave", () => showTip(null, ""));
    canvas.addEventListener("dblclick", () => view.reset());
  }

  hover(event) {
    const found = this.commandAt(event);
    if (!found) {
      showTip(event, "");
      return;
    }
    if (found.isLayer) {
      this.hovered = null;
      showTip(event, [...describeLayer(this.model, found.command), ...describeLayerTimes(this.model, found.command)].join("\n"));
      return;
    }
    const about = [];
    const { heldBegin, heldEnd, heldFirst, heldLast } = this.model.columns;
    if (found.value)
      about.push(`${found.value.name} from ${count(found.value.address)} on, ` +
        `${count(found.value.lane_bytes)} bytes of a lane`);
    if (found.held >= 0)
      about.push(`lane bytes ${heldBegin[found.held] * LINE_BYTES} to ${heldEnd[found.held] * LINE_BYTES}, ` +
        `held for ${time(heldLast[found.held] + 1 - heldFirst[found.held])}, written by`);
    if (found.waits) about.push(describeWait(this.model, found.command));
    const text = [...about, ...describeCommand(this.model, found.command)].join("\n");
    const key = (this.hovered = found.command);
    showTip(event, text);
    this.model.texts().then((texts) => {
      if (this.hovered === key && !document.getElementById("tip").hidden)
        showTip(event, `${text}\n\n${texts[key]}`);
    });
  }

  click(event) {
    const found = this.commandAt(event);
    if (!found) {
      this.view.select(null);
      return;
    }
    const group = this.view.groupColumn(this.model)[found.command];
    const clicked = { model: this.model, command: found.command, isLayer: found.isLayer };
    this.view.select(this.view.groups(this.model).name[group], clicked);
  }
}

/** How long a queue stood still before a command, and for what. */
function describeWait(model, command) {
  const { start, cycles, dependency } = model.columns;
  const queue = queueOf(model, command);
  const end = command > queue.first ? start[command - 1] + cycles[command - 1] : 0;
  const cause = dependency[command];
  const other = cause >= 0 ? queueOf(model, cause) : null;
  return `${queue.name} waits ${time(start[command] - end)} ` +
    (other ? `for ${other.name} ${cause - other.first + 1}, before` : "before");
}

/** What the page knows of a command, but its text, as lines: the operation and its tensors first. */
function describeCommand(model, command) {
  const c = model.columns;
  const queue = queueOf(model, command);
  const lines = [...describeLayer(model, command),
    `${queue.name} ${command - queue.first + 1}: ${model.functions[c.function[command]]}`,
    `${time(c.start[command])} to ${time(c.start[command] + c.cycles[command])}: ` +
    `${time(c.cycles[command])}${c.critical[command] ? ", on the critical chain" : ""}`];
  const moved = c.readBytes[command] + c.writeBytes[command];
  if (moved) lines.push(`DDR ${bytes(moved)}, ${(moved / Math.max(1, c.cycles[command])).toFixed(1)} GB/s`);
  if (c.macs[command])
    lines.push(`${count(c.macs[command])} MAC, ${(c.macs[command] / Math.max(1, c.cycles[command])).toFixed(0)} a cycle`);
  const cause = c.dependency[command];
  if (cause >= 0) {
    const other = queueOf(model, cause);
    lines.push(`waits for ${other.name} ${cause - other.first + 1}${c.fresh[command] ? "" : " (an earlier command did already)"}`);
  }
  return lines;
}

/** The colours of kinds in all timelines, the ones that take longest first. */
function fillLegend(legend, models, view) {
  const busy = new Map();
  for (const model of models) {
    const groups = model.groupings[view.colouring(model)];
    groups.kind.forEach((kind, i) => {
      const entry = busy.get(groups.colour[i]) ?? { kinds: new Set(), cycles: 0 };
      entry.kinds.add(kind.replace(/^tpu\./, ""));
      entry.cycles += groups.tiu_cycles[i] + groups.gdma_cycles[i];
      busy.set(groups.colour[i], entry);
    });
  }
  const items = [...busy].sort(([, a], [, b]) => b.cycles - a.cycles).map(([colour, { kinds }]) => {
    const square = make("i");
    square.style.background = colour;
    const shown = [...kinds].slice(0, 3).join(", ") + (kinds.size > 3 ? " …" : "");
    return make("span", { title: [...kinds].join(", ") }, square, shown);
  });
  legend.replaceChildren(...items);
}
