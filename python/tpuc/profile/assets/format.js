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

/** Units of time: cycles of 1 ns in one, and digits behind the point. */
const UNITS = { ms: [1e6, 4], "µs": [1e3, 2], cycles: [1, 0] };

/** The unit that all times of the page are shown in. */
let timeUnit = "µs";

/** A time without its unit, e.g. 1,234.50; finer where `step` cycles must be told apart. */
function timeNumber(cycles, step = Infinity) {
  const [size, digits] = UNITS[timeUnit];
  const needed = Number.isFinite(step) ? Math.max(0, Math.ceil(-Math.log10(step / size) - 1e-9)) : digits;
  const options = { minimumFractionDigits: needed, maximumFractionDigits: needed };
  return (cycles / size).toLocaleString("en-US", options);
}

/** Cycles as a time with its unit. */
function time(cycles) {
  return `${timeNumber(cycles)} ${timeUnit}`;
}

/** A long name without its middle: the ends of nodes' names tell them apart. */
function shorten(name, letters = 44) {
  const end = Math.round(letters * 0.77);
  return name.length > letters ? `${name.slice(0, letters - end - 1)}…${name.slice(-end)}` : name;
}

/** Black or white, whichever can be read on a colour. */
function inkOn(colour) {
  const value = parseInt(colour.slice(1), 16);
  const light = 0.299 * (value >> 16) + 0.587 * ((value >> 8) & 0xff) + 0.114 * (value & 0xff);
  return light > 150 ? "#14171c" : "#ffffff";
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
