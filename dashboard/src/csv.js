// Rows as CSV that a spreadsheet opens without running anything: a text that starts with = + - @ gets an apostrophe before it.
const DANGEROUS = /^[\s]*[=+\-@\t\r]/;

function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = DANGEROUS.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** `columns`: names; `rows`: arrays of values. */
export function toCsv(columns, rows) {
  return `\ufeff${[columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}
