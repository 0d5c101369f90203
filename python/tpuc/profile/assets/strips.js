// Draws the strips of a timeline: axis, queues, waits and DDR bandwidth. A box
// is {left, top, width, height} in CSS pixels.

/** Colours of commands: of their kind, pale where something else is selected or filtered for. */
class Paint {
  constructor(model, view) {
    const by = view.colouring(model);
    this.column = model.columns[`group_${by}`];
    this.colours = model.groupings[by].colour;
    this.groups = view.groupColumn(model);
    this.shown = view.shown(model);
    this.pale = themeColour("--wait");
  }

  of(command) {
    if (this.shown && !this.shown[this.groups[command]]) return this.pale;
    return this.colours[this.column[command]];
  }
}

/** The strip's name, left of the box. */
function drawLabel(context, box, text) {
  context.fillStyle = themeColour("--soft");
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.fillText(text, 6, box.top + box.height / 2);
}

/** Round times and grid lines down to `bottom`. */
function drawAxis(context, box, view, bottom) {
  const rough = view.span / Math.max(2, box.width / 110);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  context.font = "10px system-ui, sans-serif";
  context.textBaseline = "middle";
  for (let at = Math.ceil(view.begin / step) * step; at <= view.end; at += step) {
    const x = box.left + ((at - view.begin) / view.span) * box.width;
    context.fillStyle = themeColour("--grid");
    context.fillRect(Math.round(x), box.top + box.height, 1, bottom - box.top - box.height);
    context.fillStyle = themeColour("--soft");
    context.fillText(`${timeNumber(at, step)} ${timeUnit}`, Math.min(x + 2, box.left + box.width - 62), box.top + box.height / 2);
  }
}

/**
 * The commands of a queue. Those that share a pixel are drawn as one, in the
 * colour of the longest and as opaque as the pixel is busy.
 */
function drawQueue(context, box, view, model, queue, paint) {
  const { start, cycles } = model.columns;
  const scale = box.width / view.span;
  let pixel = -1;
  let busy = 0;
  let longest = -1;
  const flush = () => {
    if (longest < 0) return;
    context.globalAlpha = Math.min(1, 0.3 + 0.7 * busy);
    context.fillStyle = paint.of(longest);
    context.fillRect(box.left + pixel, box.top, 1, box.height);
    context.globalAlpha = 1;
    longest = -1;
    busy = 0;
  };
  for (let i = firstEndingAfter(model, queue, view.begin); i < queue.last; ++i) {
    if (start[i] >= view.end) break;
    const left = Math.max(0, (start[i] - view.begin) * scale);
    const right = Math.min(box.width, (start[i] + cycles[i] - view.begin) * scale);
    if (right - left >= 1.5) {
      flush();
      drawCommand(context, box, left, right, paint.of(i), model.functions[model.columns.function[i]]);
      continue;
    }
    if (Math.floor(left) !== pixel) {
      flush();
      pixel = Math.floor(left);
    }
    busy += right - left;
    if (longest < 0 || cycles[i] > cycles[longest]) longest = i;
  }
  flush();
}

function drawCommand(context, box, left, right, colour, name) {
  const width = right - left;
  context.fillStyle = colour;
  context.fillRect(box.left + left, box.top, width > 4 ? width - 0.5 : width, box.height);
  if (width < 46) return;
  drawInside(context, box, left, width, name, inkOn(colour));
}

/** Text at the left end of a part of a box, cut off where that ends. */
function drawInside(context, box, left, width, text, ink, font = "11px system-ui, sans-serif") {
  context.save();
  context.beginPath();
  context.rect(box.left + left, box.top, width, box.height);
  context.clip();
  context.fillStyle = ink;
  context.font = font;
  context.textBaseline = "middle";
  context.fillText(text, box.left + left + 4, box.top + box.height / 2);
  context.restore();
}

/** The gaps of a queue: between the end of a command and the start of the next. */
function drawWaits(context, box, view, model, queue) {
  const { start, cycles } = model.columns;
  const scale = box.width / view.span;
  context.fillStyle = themeColour("--soft");
  let i = firstEndingAfter(model, queue, view.begin);
  let end = i > queue.first ? start[i - 1] + cycles[i - 1] : 0;
  for (; i <= queue.last; ++i) {
    const next = i < queue.last ? start[i] : model.cycles;
    if (next > end) {
      const left = Math.max(0, (end - view.begin) * scale);
      const right = Math.min(box.width, (next - view.begin) * scale);
      if (right - left > 0.05)
        context.fillRect(box.left + left, box.top, right - left, box.height);
    }
    if (i === queue.last || end >= view.end) break;
    end = start[i] + cycles[i];
  }
}

/** Bytes a cycle that cross the memory interface, a column a pixel. */
function drawBandwidth(context, box, view, model) {
  const { start, cycles, readBytes, writeBytes } = model.columns;
  const queue = model.queues[1];
  const scale = box.width / view.span;
  const columns = Math.ceil(box.width);
  const sums = [new Float64Array(columns + 1), new Float64Array(columns + 1)];
  for (let i = firstEndingAfter(model, queue, view.begin); i < queue.last; ++i) {
    if (start[i] >= view.end) break;
    if (!cycles[i]) continue;
    const left = Math.max(0, (start[i] - view.begin) * scale);
    const right = Math.min(columns, (start[i] + cycles[i] - view.begin) * scale);
    const rates = [readBytes[i] / cycles[i], writeBytes[i] / cycles[i]];
    for (let x = Math.floor(left); x < right; ++x) {
      const part = Math.min(right, x + 1) - Math.max(left, x);
      sums[0][x] += rates[0] * part;
      sums[1][x] += rates[1] * part;
    }
  }
  const unit = box.height / DDR_BYTES_PER_CYCLE;
  const bottom = box.top + box.height;
  const [readColour, writeColour] = [themeColour("--read"), themeColour("--write")];
  for (let x = 0; x < columns; ++x) {
    const read = Math.min(box.height, sums[0][x] * unit);
    const write = Math.min(box.height - read, sums[1][x] * unit);
    context.fillStyle = readColour;
    if (read > 0) context.fillRect(box.left + x, bottom - read, 1, read);
    context.fillStyle = writeColour;
    if (write > 0) context.fillRect(box.left + x, bottom - read - write, 1, write);
  }
}

/** An arrow from the end of what a command waits for to its start. */
function drawDependency(context, boxes, view, model, command) {
  const { start, cycles, dependency } = model.columns;
  const cause = dependency[command];
  if (cause < 0) return;
  const point = (cycle, which) => {
    const box = boxes[which < model.tiuCommands ? 0 : 1];
    return [box.left + ((cycle - view.begin) / view.span) * box.width, box.top + box.height / 2];
  };
  const from = point(start[cause] + cycles[cause], cause);
  const to = point(start[command], command);
  context.strokeStyle = themeColour("--ink");
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
  context.beginPath();
  context.arc(...to, 3, 0, 2 * Math.PI);
  context.fillStyle = themeColour("--ink");
  context.fill();
}
