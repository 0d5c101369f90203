// Draws what local memory holds: addresses of a lane downwards, time to the
// right, in the colour of the command that wrote it.

/** Lines of 64 bytes in a lane. */
const LANE_LINES = 4096;
const LINE_BYTES = 64;

/** "#rrggbb" as a pixel of an image. */
function pixelOf(colour) {
  const value = parseInt(colour.slice(1), 16);
  return (0xff000000 | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

/** Writes pixels directly: there are more rectangles than a canvas draws fluently. */
function drawMemory(context, box, view, model, paint, ratio) {
  const { heldBegin, heldEnd, heldFirst, heldLast, heldBy } = model.columns;
  const width = Math.round(box.width * ratio);
  const height = Math.round(box.height * ratio);
  if (width < 1 || height < 1) return;
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const pixelsOf = new Map([...paint.colours, paint.pale].map((colour) => [colour, pixelOf(colour)]));
  const scale = width / view.span;
  for (let i = 0; i < heldBy.length; ++i) {
    // They are sorted by their first cycle.
    if (heldFirst[i] >= view.end) break;
    if (heldLast[i] < view.begin) continue;
    const left = Math.max(0, Math.floor((heldFirst[i] - view.begin) * scale));
    const right = Math.min(width, Math.max(left + 1, Math.round((heldLast[i] + 1 - view.begin) * scale)));
    const top = Math.floor((heldBegin[i] * height) / LANE_LINES);
    const bottom = Math.min(height, Math.max(top + 1, Math.round((heldEnd[i] * height) / LANE_LINES)));
    const colour = pixelsOf.get(paint.of(heldBy[i]));
    for (let y = top; y < bottom; ++y) pixels.fill(colour, y * width + left, y * width + right);
  }
  context.putImageData(image, Math.round(box.left * ratio), Math.round(box.top * ratio));
}

/** Addresses of a lane, left of the box. */
function drawMemoryAxis(context, box) {
  context.font = "10px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "right";
  const step = box.height < 80 ? 256 : box.height < 130 ? 128 : 64;
  for (let kib = 0; kib <= 256; kib += step) {
    const y = box.top + (box.height * kib) / 256;
    context.fillStyle = themeColour("--grid");
    context.fillRect(box.left - 4, Math.round(y), 4, 1);
    context.fillStyle = themeColour("--soft");
    context.fillText(`${kib} KiB`, box.left - 6, Math.min(box.top + box.height - 5, Math.max(box.top + 5, y)));
  }
  context.textAlign = "left";
}

/** The residency at a cycle and a line, or -1. */
function findResidency(model, cycle, line, slack) {
  const { heldBegin, heldEnd, heldFirst, heldLast } = model.columns;
  let found = -1;
  for (let i = 0; i < heldFirst.length && heldFirst[i] <= cycle + slack; ++i)
    if (heldLast[i] >= cycle - slack && heldBegin[i] <= line && line < heldEnd[i]) found = i;
  return found;
}
