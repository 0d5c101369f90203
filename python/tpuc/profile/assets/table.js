// A table that sorts by its columns, filters, and selects groups.

class SortedTable {
  /**
   * @param {Element} parent where it goes.
   * @param {View} view gets the selection.
   * @param {Array} columns of {title, value(row), text(value, row), isText, mark(row)}.
   * @param {string} sortBy title of the column to sort by at first.
   */
  constructor(parent, view, columns, sortBy) {
    this.view = view;
    this.columns = columns;
    this.sorted = columns.findIndex((column) => column.title === sortBy);
    this.descending = true;
    this.rows = [];
    this.filter = "";
    this.head = make("tr");
    this.body = make("tbody");
    parent.append(make("table", {}, make("thead", {}, this.head), this.body));
    view.listen((what) => {
      if (what === "selection") this.markSelected(true);
    });
  }

  /** Shows rows; each has a name, and start and end for zooming. */
  fill(rows) {
    this.rows = rows;
    this.render();
  }

  filterBy(text) {
    this.filter = text.toLowerCase();
    this.render();
  }

  sortBy(index) {
    this.descending = index === this.sorted ? !this.descending : !this.columns[index].isText;
    this.sorted = index;
    this.render();
  }

  render() {
    this.head.replaceChildren(...this.columns.map((column, i) => {
      const cell = make("th", { textContent: column.title, className: column.isText ? "text" : "",
        onclick: () => this.sortBy(i) });
      if (i === this.sorted) cell.setAttribute("aria-sort", this.descending ? "descending" : "ascending");
      return cell;
    }));
    const { value } = this.columns[this.sorted];
    const sign = this.descending ? -1 : 1;
    const shown = this.rows.filter((row) => row.name.toLowerCase().includes(this.filter));
    shown.sort((a, b) => (value(a) < value(b) ? -sign : value(a) > value(b) ? sign : 0));
    this.body.replaceChildren(...shown.map((row) => this.renderRow(row)));
    this.markSelected(false);
  }

  renderRow(row) {
    const cells = this.columns.map((column) => {
      const value = column.value(row);
      const cell = make("td", { textContent: column.text ? column.text(value, row) : value,
        className: `${column.isText ? "text" : ""} ${column.mark?.(row) ?? ""}` });
      if (column.isText) cell.title = value;
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
  const number = (title, key, text = count) => ({ title, value: (row) => row[key], text });
  const columns = [
    { title: "name", value: (row) => row.name, text: shorten, isText: true },
    { title: "kind", value: (row) => row.kind, isText: true },
    { title: "bound by", value: (row) => row.bound, isText: true },
    number("critical", "critical_cycles"),
    { title: "share", value: (row) => row.critical_cycles / Math.max(1, model.cycles),
      text: (value) => `${(100 * value).toFixed(1)} %` },
    number("TIU", "tiu_cycles"),
    number("GDMA", "gdma_cycles"),
    number("commands", "commands"),
    { title: "DDR", value: (row) => row.read_bytes + row.write_bytes, text: bytes },
    { title: "MAC", value: (row) => row.macs, text: (value) => (value ? `${(value / 1e6).toFixed(1)} M` : "") },
    number("start", "start"),
  ];
  if (!model.groupings.op) columns.splice(1, 1);
  parent.append(make("h2", {}, "Where the time goes: cycles on the critical chain add up to the total"));
  const table = new SortedTable(parent, view, columns, "critical");
  const fill = () => table.fill(rowsOf(model, view));
  view.listen((what) => what === "grouping" && fill());
  fill();
  return table;
}
