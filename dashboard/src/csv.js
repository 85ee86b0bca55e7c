// Rows as CSV that a spreadsheet opens without running anything: a text that starts with = + - @ gets an apostrophe before it.
import { hundredthsOf, inHundredths } from "./format.js";

const DANGEROUS = /^[\s]*[=+\-@\t\r]/;

function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = DANGEROUS.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Name of a column, with the unit of its numbers where the name does not say it. */
function heading({ name, format }) {
  const unit = hundredthsOf(format);
  return !unit || name.includes(unit) ? name : `${name}, ${unit}`;
}

const inUnit = (value, { format }) => (typeof value === "number" && hundredthsOf(format) ? inHundredths(value) : value);

const lines = (rows) => rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");

/** Text of a file in parts. `columns`: those of a table; `blocks`: its rows in arrays, one after another, also such as are still to be read. */
export async function toCsv(columns, blocks) {
  const parts = [`\ufeff${lines([columns.map(heading)])}`];
  for await (const rows of blocks) parts.push(lines(rows.map((row) => row.map((value, i) => inUnit(value, columns[i])))));
  return parts;
}
