// What all parts of the page share: the time shown and the selection.

/** Fewer cycles than this are never shown. */
const LEAST_SPAN = 20;

/** The time that is shown and what is selected; tells listeners of changes. */
class View {
  constructor(models) {
    this.total = Math.max(1, ...models.map((model) => model.cycles));
    this.begin = 0;
    this.end = this.total;
    this.groupings = Object.keys(models[0].groupings).filter((by) =>
      models.every((model) => by in model.groupings));
    this.grouping = this.groupings[0];
    /** Name of the selected group, or null. */
    this.selected = null;
    /** The clicked command as {model, command}, or null. */
    this.clicked = null;
    /** Letters that names of groups, of their nodes or their kinds must have. */
    this.filter = "";
    this.listeners = [];
    this.pending = false;
  }

  get span() {
    return this.end - this.begin;
  }

  /** Calls `listener(what)` after changes of "time", "selection", "filter", "unit" or "grouping". */
  listen(listener) {
    this.listeners.push(listener);
  }

  tell(what) {
    for (const listener of this.listeners) listener(what);
  }

  show(begin, end) {
    const span = Math.min(this.total, Math.max(LEAST_SPAN, end - begin));
    this.begin = Math.max(0, Math.min(begin, this.total - span));
    this.end = this.begin + span;
    this.tell("time");
  }

  /** Makes the span `factor` times as long and keeps `cycle` in its place. */
  zoom(factor, cycle = (this.begin + this.end) / 2) {
    const span = Math.min(this.total, Math.max(LEAST_SPAN, this.span * factor));
    const share = (cycle - this.begin) / this.span;
    this.show(cycle - share * span, cycle + (1 - share) * span);
  }

  pan(cycles) {
    this.show(this.begin + cycles, this.end + cycles);
  }

  reset() {
    this.show(0, this.total);
  }

  select(name, clicked = null) {
    this.selected = name;
    this.clicked = clicked;
    this.tell("selection");
  }

  filterBy(text) {
    this.filter = text.trim().toLowerCase();
    this.tell("filter");
  }

  showTimesIn(unit) {
    timeUnit = unit;
    this.tell("unit");
  }

  groupBy(grouping) {
    this.grouping = grouping;
    this.selected = null;
    this.clicked = null;
    this.tell("grouping");
  }

  /** The sums of a model's groups. */
  groups(model) {
    return model.groupings[this.grouping];
  }

  /** The group of each command of a model. */
  groupColumn(model) {
    return model.columns[`group_${this.grouping}`];
  }

  /** Whether a group, or a row of a table, has what is filtered for. */
  passes(name, kind = "", nodes = []) {
    return !this.filter || [name, kind, ...nodes].some((text) => text.toLowerCase().includes(this.filter));
  }

  /** Which groups of a model are drawn in their colour; null for all. */
  shown(model) {
    if (this.selected === null && !this.filter) return null;
    const { name, kind, nodes } = this.groups(model);
    return name.map((each, i) =>
      this.selected !== null ? each === this.selected : this.passes(each, kind[i], nodes?.[i]));
  }

  /** By what commands are coloured: their kinds, or their functions where there is nothing else. */
  colouring(model) {
    return this.grouping !== "function" && model.groupings.op ? "op" : "function";
  }
}

/** The arrow, plus, minus, zero and escape keys. */
function listenToKeys(view) {
  addEventListener("keydown", (event) => {
    if (event.target.matches("input, select") || event.ctrlKey || event.metaKey) return;
    const actions = {
      ArrowLeft: () => view.pan(-view.span / 8),
      ArrowRight: () => view.pan(view.span / 8),
      "+": () => view.zoom(1 / 1.5),
      "=": () => view.zoom(1 / 1.5),
      "-": () => view.zoom(1.5),
      0: () => view.reset(),
      Escape: () => view.select(null),
    };
    if (!(event.key in actions)) return;
    actions[event.key]();
    event.preventDefault();
  });
}
