// Numbers for reading, and small helpers for elements.

const SVG = "http://www.w3.org/2000/svg";

/** A count with separators, e.g. 1,234,567. */
function count(value) {
  return Math.round(value).toLocaleString("en-US");
}

/** Bytes, e.g. 56.3 MiB. */
function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    ++unit;
  }
  return `${unit ? value.toFixed(1) : value} ${units[unit]}`;
}

/** Cycles of 1 ns as a time, e.g. 1.234 ms. */
function time(cycles) {
  if (Math.abs(cycles) >= 1e6) return `${(cycles / 1e6).toFixed(3)} ms`;
  if (Math.abs(cycles) >= 1e3) return `${(cycles / 1e3).toFixed(2)} µs`;
  return `${cycles.toFixed(0)} ns`;
}

/** A long name without its middle: the ends of nodes' names tell them apart. */
function shorten(name) {
  return name.length > 44 ? `${name.slice(0, 8)}…${name.slice(-34)}` : name;
}

/** An element with properties and children; strings become text. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** An SVG element with attributes. */
function makeSvg(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** The value of a colour of the style sheet. */
function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Shows text beside the pointer, or hides it. */
function showTip(event, text) {
  const tip = document.getElementById("tip");
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(0, Math.min(event.clientX + 14, innerWidth - width - 8))}px`;
  tip.style.top = `${Math.max(0, Math.min(event.clientY + 14, innerHeight - height - 8))}px`;
}
