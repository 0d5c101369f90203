// The track of layers: which operation is computed when. The upper row follows
// the TIU, the lower one has operations that only move data.

/** The runs of a row, from the first that ends behind the shown time. */
function* runsShown(model, view, row) {
  const { runStart, runEnd, runRow } = model.columns;
  for (let i = 0; i < runStart.length; ++i)
    if (runRow[i] === row && runEnd[i] > view.begin && runStart[i] < view.end) yield i;
}

/** Runs that share a pixel are drawn as one. */
function drawLayers(context, box, view, model, row, paint) {
  const { runStart, runEnd, runCommand, group_op: groups } = model.columns;
  const scale = box.width / view.span;
  const { title } = model.groupings.op;
  let covered = -1;
  for (const i of runsShown(model, view, row)) {
    const left = Math.max(0, (runStart[i] - view.begin) * scale);
    const right = Math.min(box.width, Math.max(left + 1, (runEnd[i] - view.begin) * scale));
    if (right <= covered) continue;
    covered = right;
    const colour = paint.of(runCommand[i]);
    const width = right - left;
    context.fillStyle = colour;
    context.fillRect(box.left + left, box.top, width > 3 ? width - 1 : width, box.height);
    if (width < 40 || box.height < 12) continue;
    const text = shorten(title[groups[runCommand[i]]], Math.max(6, Math.floor(width / 5.4)));
    drawInside(context, box, left, width, text, inkOn(colour), "10px system-ui, sans-serif");
  }
}

/** The run under a cycle, as its first command, or -1. */
function layerAt(model, view, row, cycle, slack) {
  const { runStart, runEnd, runCommand } = model.columns;
  for (const i of runsShown(model, view, row))
    if (runStart[i] - slack <= cycle && cycle < runEnd[i] + slack) return runCommand[i];
  return -1;
}

/** What an operation is: all its nodes, its kind, its tensors. */
function describeLayer(model, command) {
  const op = model.groupings.op;
  if (!op) return [];
  const i = model.columns.group_op[command];
  const nodes = op.nodes[i].length ? op.nodes[i] : [op.name[i]];
  return [`${nodes.join("\n")}`, op.kind[i],
    ...op.inputs[i].map((text) => `reads ${text}`), ...op.results[i].map((text) => `computes ${text}`)];
}

/** Times of an operation. */
function describeLayerTimes(model, command) {
  const op = model.groupings.op;
  const i = model.columns.group_op[command];
  return [`${time(op.start[i])} to ${time(op.end[i] + 1)}, on the critical chain ${time(op.critical_cycles[i])}`,
    `TIU ${time(op.tiu_cycles[i])}, GDMA ${time(op.gdma_cycles[i])}, ${count(op.commands[i])} commands, bound by ${op.bound[i]}`];
}
