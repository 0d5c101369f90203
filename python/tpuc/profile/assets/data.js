// Reads the data of the page: a JSON header and typed arrays, compressed.

const ARRAY_TYPES = {
  u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i32: Int32Array, f64: Float64Array,
};

/** Bytes of an element's text, which is base64 of zlib data. */
async function inflate(element) {
  const packed = Uint8Array.from(atob(element.textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

/**
 * A model: the header's properties, the arrays by name in `columns`, and the
 * two queues as ranges of commands.
 */
async function readModel(element, textsElement) {
  const buffer = await inflate(element);
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const model = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  let offset = 8 + length;
  const columns = {};
  for (const [name, type, count] of model.columns) {
    const array = new ARRAY_TYPES[type](buffer, offset, count);
    columns[name] = array;
    offset += Math.ceil(array.byteLength / 8) * 8;
  }
  model.columns = columns;
  const count = columns.start.length;
  model.queues = [
    { name: "TIU", first: 0, last: model.tiuCommands },
    { name: "GDMA", first: model.tiuCommands, last: count },
  ];
  model.plan = readPlan(model);
  model.texts = lazyTexts(textsElement);
  return model;
}

/** A function that hands out the commands' texts, which are read at first use. */
function lazyTexts(element) {
  let texts = null;
  return () => {
    texts ??= inflate(element).then((buffer) => new TextDecoder().decode(buffer).split("\n"));
    return texts;
  };
}

/** The queue of a command. */
function queueOf(model, command) {
  return model.queues[command < model.tiuCommands ? 0 : 1];
}

/** First command of a queue that ends behind `cycle`; ends never decrease. */
function firstEndingAfter(model, queue, cycle) {
  const { start, cycles } = model.columns;
  let low = queue.first;
  let high = queue.last;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (start[middle] + cycles[middle] > cycle) high = middle;
    else low = middle + 1;
  }
  return low;
}
