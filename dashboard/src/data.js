// Tables of the page: copied from the marts, read from inside the page or from data/ beside it (see dashboard/README.md).
import { asyncBufferFromUrl, cachedAsyncBuffer, parquetMetadataAsync, parquetReadObjects } from "hyparquet";

const inside = document.getElementById("clientele-data");
const embedded = inside ? JSON.parse(inside.textContent) : null;

/** A file beside the page that could not be read. */
export class ReadError extends Error {}

async function read(path) {
  if (embedded) return embedded.files[path];
  try {
    const response = await fetch(`data/${path}`);
    if (!response.ok) throw new Error(response.status);
    return await response.json();
  } catch (error) {
    throw new ReadError(`data/${path}: ${error.message}`);
  }
}

function decode({ rows, columns }) {
  const names = Object.keys(columns);
  const arrays = names.map((column) => {
    const content = columns[column];
    return Array.isArray(content) ? content : content.codes.map((code) => (code < 0 ? null : content.values[code]));
  });
  const decoded = new Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const object = {};
    for (let column = 0; column < names.length; column += 1) object[names[column]] = arrays[column][row];
    decoded[row] = object;
  }
  return decoded;
}

/** Rows of a table, with groups of them by the values of columns, found once. */
class Table {
  constructor(entry, rows) {
    this.entry = entry;
    this.rows = rows;
    this.groups = new Map();
  }

  /** Rows whose `columns` hold `values`, in the table's order. */
  where(columns, values) {
    const by = columns.join();
    if (!this.groups.has(by)) this.groups.set(by, Map.groupBy ? Map.groupBy(this.rows, (row) => columns.map((c) => row[c]).join("\u0000")) : group(this.rows, columns));
    return this.groups.get(by).get(values.join("\u0000")) || [];
  }
}

function group(rows, columns) {
  const groups = new Map();
  for (const row of rows) {
    const key = columns.map((column) => row[column]).join("\u0000");
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(row);
  }
  return groups;
}

/** Everything the page knows. `get` is for tables that have been loaded; `load` and `loadPart` fetch what is not there yet. */
export class Data {
  static async open() {
    const data = new Data();
    data.catalog = embedded ? embedded.catalog : await read("catalog.json");
    data.loaded = new Map();
    data.pending = new Map();
    data.parquet = new Map();
    return data;
  }

  /** Names of the tables that the first view needs, or of the rest. Tables in parts are not among them. */
  names(first) {
    return Object.entries(this.catalog.tables).filter(([, e]) => Boolean(e.first) === first && e.file).map(([tableName]) => tableName);
  }

  once(key, work) {
    if (!this.pending.has(key)) {
      this.pending.set(key, work().then((table) => { this.loaded.set(key, table); return table; }));
      this.pending.get(key).catch(() => this.pending.delete(key));
    }
    return this.pending.get(key);
  }

  async load(tableName) {
    const entry = this.catalog.tables[tableName];
    if (!entry || entry.missing) return new Table(entry || { missing: true }, []);
    return this.once(tableName, async () => new Table(entry, decode(await read(entry.file))));
  }

  /** Part of a table that is kept in parts: `values` as in `split_by`. A part without rows has no file. */
  async loadPart(tableName, values) {
    const entry = this.catalog.tables[tableName];
    const file = (entry?.files || []).find((candidate) => values.every((value, i) => candidate[i] === value));
    if (!file) return new Table(entry || { missing: true }, []);
    return this.once([tableName, ...values].join("\u0000"), async () => new Table(entry, decode(await read(file.at(-1)))));
  }

  /** A table, or a part of one, if it is here; null if it is still to be loaded. */
  get(tableName, values = []) {
    const entry = this.catalog.tables[tableName];
    const empty = !entry || entry.missing || (values.length && !(entry.files || []).some((f) => values.every((v, i) => f[i] === v)));
    if (empty) return new Table(entry || { missing: true }, []);
    return this.loaded.get([tableName, ...values].join("\u0000")) || null;
  }

  /** Sentence that says which mart is missing from the database, or null. */
  missing(tableName) {
    const entry = this.catalog.tables[tableName];
    return !entry || entry.missing ? entry?.mart || tableName : null;
  }

  /** What the documentation says of a mart's column. */
  about(mart, column) {
    return this.catalog.about?.[mart]?.columns?.[column] || "";
  }

  /** How many customers a list holds: those of a segment, or `all`. */
  customerCount(scheme, segment) {
    return this.range(scheme, segment)[1];
  }

  range(scheme, segment) {
    const orders = this.catalog.customers?.orders || {};
    const order = segment === "all" ? orders.all : orders[scheme];
    return order?.ranges?.[segment] || [0, 0];
  }

  /** Rows `from` to `to` (exclusive) of a list of customers, sorted by lifetime sales from high to low. */
  async customers(scheme, segment, from, to) {
    const order = this.catalog.customers.orders[segment === "all" ? "all" : scheme];
    const { file } = order;
    const [start, count] = this.range(scheme, segment);
    if (count === 0) return [];
    if (!this.parquet.has(file)) this.parquet.set(file, embedded ? bytesOf(embedded.files[file]) : await rangesOf(`data/${file}`, order));
    const rows = await parquetReadObjects({ ...this.parquet.get(file), rowStart: start + from, rowEnd: start + Math.min(to, count) });
    return rows;
  }
}

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return { file: bytes.buffer };
}

/** The footer of the file, read once; the rows of a page are read by range. */
async function rangesOf(url, { bytes, footer_bytes: initialFetchSize }) {
  const file = cachedAsyncBuffer(await asyncBufferFromUrl({ url, byteLength: bytes }));
  return { file, metadata: await parquetMetadataAsync(file, { initialFetchSize }) };
}
