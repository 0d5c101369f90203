// A table that sorts by its columns, filters, and selects groups.

class SortedTable {
  /**
   * @param {Element} parent where it goes.
   * @param {View} view gets the selection.
   * @param {Array} columns of {title, value(row), text(value, row), isText, isTime, isMinor, mark(row)};
   *   times are cycles, what is minor is left out where there is little room.
   * @param {string} sortBy title of the column to sort by at first.
   */
  constructor(parent, view, columns, sortBy) {
    this.view = view;
    this.columns = columns;
    this.sorted = columns.findIndex((column) => column.title === sortBy);
    this.descending = true;
    this.rows = [];
    this.head = make("tr");
    this.body = make("tbody");
    parent.append(make("table", {}, make("thead", {}, this.head), this.body));
    view.listen((what) => {
      if (what === "selection") this.markSelected(true);
      if (what === "filter" || what === "unit") this.render();
    });
  }

  /** Shows rows; each has a name, and start and end for zooming. */
  fill(rows) {
    this.rows = rows;
    this.render();
  }

  sortBy(index) {
    this.descending = index === this.sorted ? !this.descending : !this.columns[index].isText;
    this.sorted = index;
    this.render();
  }

  render() {
    this.head.replaceChildren(...this.columns.map((column, i) => {
      const title = column.isTime ? `${column.title} (${timeUnit})` : column.title;
      const cell = make("th", { textContent: title, className: this.classOf(column), onclick: () => this.sortBy(i) });
      if (i === this.sorted) cell.setAttribute("aria-sort", this.descending ? "descending" : "ascending");
      return cell;
    }));
    const { value } = this.columns[this.sorted];
    const sign = this.descending ? -1 : 1;
    const shown = this.rows.filter((row) => this.view.passes(row.name, row.kind, row.nodes));
    shown.sort((a, b) => (value(a) < value(b) ? -sign : value(a) > value(b) ? sign : 0));
    const lines = shown.map((row) => this.renderRow(row));
    if (!lines.length && this.view.filter) {
      const cell = make("td", { colSpan: this.columns.length, textContent: `Nothing matches “${this.view.filter}”.` });
      lines.push(make("tr", { className: "nothing" }, cell));
    }
    this.body.replaceChildren(...lines);
    this.markSelected(false);
  }

  classOf(column) {
    return [column.isText ? "text" : "", column.isMinor ? "minor" : ""].join(" ").trim();
  }

  renderRow(row) {
    const cells = this.columns.map((column) => {
      const value = column.value(row);
      const text = column.text ? column.text(value, row) : column.isTime ? timeNumber(value) : value;
      const cell = make("td", { textContent: text, className: `${this.classOf(column)} ${column.mark?.(row) ?? ""}` });
      if (column.isText) cell.title = column.hint?.(row) ?? value;
      return cell;
    });
    if (row.colour) {
      const square = make("i");
      square.style.background = row.colour;
      cells[0].prepend(square);
    }
    const line = make("tr", {
      onclick: () => this.view.select(this.view.selected === row.name ? null : row.name),
      ondblclick: () => {
        const margin = (row.end - row.start) * 0.05 + 5;
        this.view.select(row.name);
        this.view.show(row.start - margin, row.end + margin);
      },
    }, ...cells);
    line.dataset.name = row.name;
    return line;
  }

  /** Scrolls the panel, not the page. */
  scrollTo(line) {
    const panel = this.body.closest(".scroll, .panel");
    const top = line.offsetTop - panel.clientHeight / 2;
    if (Math.abs(panel.scrollTop - top) > panel.clientHeight / 2 - 40) panel.scrollTop = top;
  }

  markSelected(scroll) {
    for (const line of this.body.children) {
      const selected = line.dataset.name === this.view.selected;
      line.classList.toggle("selected", selected);
      if (selected && scroll && this.view.clicked) this.scrollTo(line);
    }
  }
}

/** The groups of a model as rows: an object of their sums each. */
function rowsOf(model, view) {
  const groups = view.groups(model);
  const names = Object.keys(groups);
  return groups.name.map((_, i) => Object.fromEntries(names.map((name) => [name, groups[name][i]])));
}

/** The table of one model. */
function makeOpTable(parent, model, view) {
  const taking = (title, key, isMinor = false) => ({ title, value: (row) => row[key], isTime: true, isMinor });
  const columns = [
    { title: "name", value: (row) => row.title ?? row.name, isText: true,
      hint: (row) => (row.nodes?.length ? row.nodes : [row.name]).join("\n") },
    { title: "kind", value: (row) => row.kind, text: (kind) => kind.replace(/^tpu\./, ""), isText: true },
    { title: "bound by", value: (row) => row.bound, isText: true },
    taking("critical", "critical_cycles"),
    { title: "share", value: (row) => row.critical_cycles / Math.max(1, model.cycles),
      text: (value) => `${(100 * value).toFixed(1)} %` },
    taking("TIU", "tiu_cycles"),
    taking("GDMA", "gdma_cycles"),
    { title: "commands", value: (row) => row.commands, text: count, isMinor: true },
    { title: "DDR", value: (row) => row.read_bytes + row.write_bytes, text: bytes },
    { title: "MAC", value: (row) => row.macs, text: (value) => (value ? `${(value / 1e6).toFixed(1)} M` : "") },
    taking("start", "start", true),
  ];
  if (!model.groupings.op) columns.splice(1, 1);
  parent.append(make("h2", {}, "Where the time goes: times on the critical chain add up to the total"));
  const table = new SortedTable(parent, view, columns, "critical");
  const fill = () => table.fill(rowsOf(model, view));
  view.listen((what) => what === "grouping" && fill());
  fill();
  return table;
}
