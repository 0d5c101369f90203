// Two models side by side: groups of the same name, ranked by the difference of
// what they take of the time.

const EMPTY = { critical_cycles: 0, tiu_cycles: 0, gdma_cycles: 0, commands: 0, read_bytes: 0, write_bytes: 0 };

/** The sums of two rows; a node may have become groups of several kinds. */
function addRows(a, b) {
  return Object.fromEntries(Object.keys(EMPTY).map((key) => [key, a[key] + b[key]]));
}

/** Rows of both models joined by name. */
function joinRows(models, view) {
  const joined = new Map();
  models.forEach((model, side) => {
    for (const row of rowsOf(model, view)) {
      const pair = joined.get(row.name) ??
        { name: row.name, title: row.title, kind: row.kind, nodes: row.nodes, sides: [EMPTY, EMPTY],
          start: row.start, end: row.end, colour: row.colour };
      pair.sides[side] = addRows(pair.sides[side], row);
      pair.start = Math.min(pair.start, row.start);
      pair.end = Math.max(pair.end, row.end);
      joined.set(row.name, pair);
    }
  });
  return [...joined.values()];
}

/** The table of two models. */
function makeCompareTable(parent, models, view) {
  const sided = (title, side, key, more = { isTime: true }) =>
    ({ title: `${title} ${side ? "B" : "A"}`, value: (row) => row.sides[side][key], ...more });
  const commands = { text: count, isMinor: true };
  const difference = (row) => row.sides[1].critical_cycles - row.sides[0].critical_cycles;
  const columns = [
    { title: "name", value: (row) => row.title ?? row.name, isText: true,
      hint: (row) => (row.nodes?.length ? row.nodes : [row.name]).join("\n") },
    { title: "B - A", value: (row) => Math.abs(difference(row)), isTime: true,
      text: (_, row) => `${difference(row) > 0 ? "+" : ""}${timeNumber(difference(row))}`,
      mark: (row) => (difference(row) < 0 ? "better" : difference(row) > 0 ? "worse" : "") },
    sided("critical", 0, "critical_cycles"), sided("critical", 1, "critical_cycles"),
    sided("TIU", 0, "tiu_cycles"), sided("TIU", 1, "tiu_cycles"),
    sided("GDMA", 0, "gdma_cycles"), sided("GDMA", 1, "gdma_cycles"),
    sided("commands", 0, "commands", commands), sided("commands", 1, "commands", commands),
  ];
  const total = models[1].cycles - models[0].cycles;
  const title = make("h2");
  const say = () => (title.textContent = `A: ${models[0].title}, B: ${models[1].title}. ` +
    `B takes ${time(Math.abs(total))} ${total > 0 ? "longer" : "less"}; the differences add up to that.`);
  say();
  view.listen((what) => what === "unit" && say());
  parent.append(title);
  const table = new SortedTable(parent, view, columns, "B - A");
  const fill = () => table.fill(joinRows(models, view));
  view.listen((what) => what === "grouping" && fill());
  fill();
  return table;
}
