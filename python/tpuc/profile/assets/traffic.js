// DDR traffic by cause, as bars.

/** What the causes mean. */
const CAUSES = {
  weights: "coefficients",
  inputs: "the network's inputs",
  outputs: "the network's outputs",
  activations: "what operations leave in DDR for others",
  spills: "what an operation, or a group of operations, writes and reads back itself",
  permutes: "copies from DDR to DDR (S2S): permutes, concatenations and others that only move data",
  other: "addresses that the file does not explain",
};

/** The bars of a model; `most` is the longest bar's number of bytes. */
function makeTraffic(parent, model, most) {
  const rows = model.traffic.slice().sort((a, b) => b[1] + b[2] - a[1] - a[2]);
  const bars = rows.map(([cause, read, written]) => {
    const bar = (className, amount) => {
      const part = make("u", { className, title: `${bytes(amount)} ${className === "read" ? "read" : "written"}` });
      part.style.width = `${(100 * amount) / most}%`;
      return part;
    };
    return make("div", { className: "bar", title: CAUSES[cause] ?? "" }, make("b", {}, cause),
      make("div", {}, bar("read", read), bar("write", written)),
      make("span", {}, `${bytes(read)} read, ${bytes(written)} written`));
  });
  parent.append(make("h2", {}, `DDR traffic by cause, ${model.title}`), ...bars);
}
