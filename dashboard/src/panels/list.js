// The customers' list: pseudonymous ids, by lifetime sales from high to low, a page at a time.
import { fill, h, name } from "../dom.js";
import { format, isoDay } from "../format.js";
import { labels } from "../labels.js";
import { chip } from "./split.js";

const text = labels.list;
const PAGE = 12;
// what the table behind the list holds, and what is read at once for the CSV: the file's own groups of rows
const TABLE_ROWS = 1_000;
const BLOCK_ROWS = 8_192;

const level = (value) => labels.levels[value] || format.text(value);
const asDay = (value) => (value instanceof Date ? isoDay(value) : value);

function columnsOf(view) {
  const segment = view.segmentRow ? [] : [[`${view.scheme}_segment`, text.columns.segment, format.text, true]];
  return [
    ["customer_id", text.columns.customer_id, format.text, true], ...segment, ["rfm_score", text.columns.rfm_score, format.text, true], ["value_tier", text.columns.value_tier, level, true],
    ["last_purchase_date", text.columns.last_purchase_date, (value) => format.date(asDay(value)), true], ["purchase_count_lifetime", text.columns.purchase_count_lifetime, format.count],
    ["sales_amount_lifetime", text.columns.sales_amount_lifetime, format.amount], ["predicted_sales_amount_next_12_months", text.columns.predicted_sales_amount_next_12_months, format.amount],
    ["churn_risk", text.columns.churn_risk, level, true], ["days_overdue", text.columns.days_overdue, format.count],
  ];
}

function cell(view, row, [column, , formatter, isText]) {
  const value = row[column];
  if (column === `${view.scheme}_segment`) {
    const segment = view.segments.find((candidate) => candidate.segment === value);
    return h("td", { class: "text" }, h("span", { class: "segment-name" }, segment && chip(view, segment), name(value ?? "–")));
  }
  return isText ? h("td", { class: "text" }, name(formatter(value))) : h("td", { class: "number", text: formatter(value) });
}

async function drawPage(body, view, frame) {
  const count = view.data.customerCount(view.scheme, view.segment);
  const from = (frame.at || 0) * PAGE;
  const to = Math.min(from + PAGE, count);
  const asked = (frame.asked = (frame.asked || 0) + 1);
  let rows;
  try {
    rows = await view.data.customers(view.scheme, view.segment, from, to);
  } catch (error) {
    frame.say(labels.states.failed(error.message));
    return;
  }
  // another page or segment was asked for meanwhile
  if (asked !== frame.asked || frame.shown !== "picture") return;
  const columns = columnsOf(view);
  const turn = (pages, label, symbol, isPossible) =>
    h("button", { type: "button", "aria-label": label, disabled: !isPossible, text: symbol, on: { click: () => turnPage(view, frame, pages) } });
  fill(
    body,
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": text.title },
      h(
        "table",
        { class: "data customers" },
        h("caption", { class: "hidden-text", text: text.title }),
        h("thead", {}, h("tr", {}, columns.map(([, label, , isText]) => h("th", { scope: "col", class: isText ? "text" : "number", text: label })))),
        h("tbody", {}, rows.map((row) => h("tr", {}, columns.map((column) => cell(view, row, column))))),
      ),
    ),
    h(
      "p",
      { class: "pages" },
      turn(-1, text.previous, "‹", from > 0),
      h("span", { "aria-live": "polite", text: text.page(format.count(from + 1), format.count(to), format.count(count)) }),
      turn(1, text.next, "›", to < count),
    ),
  );
}

async function turnPage(view, frame, pages) {
  performance.mark("turn");
  frame.at = (frame.at || 0) + pages;
  await frame.draw(view);
  requestAnimationFrame(() => setTimeout(() => performance.measure("customers-page", "turn"), 0));
}

export const list = {
  id: "list",
  section: "segments",
  title: text.title,
  needs: ["segments"],
  follows: ["scheme", "segment"],
  subtitle: (view) => text.subtitle(view.scope, format.date(view.asOf), format.count(view.data.customerCount(view.scheme, view.segment))),
  empty: (view) => {
    if (!view.data.catalog.customers || view.data.catalog.customers.missing) return labels.states.missingMart("customer_360");
    if (view.data.customerCount(view.scheme, view.segment)) return null;
    return view.segmentRow ? labels.states.emptySegment(view.segment) : labels.states.noSales;
  },
  draw(body, view, frame) {
    const key = `${view.scheme} ${view.segment}`;
    if (frame.listed !== key) frame.at = 0;
    frame.listed = key;
    return drawPage(body, view, frame);
  },
  table: async (view) => {
    const columns = columnsOf(view);
    const count = view.data.customerCount(view.scheme, view.segment);
    const read = async (from, to) => (await view.data.customers(view.scheme, view.segment, from, to)).map((row) => columns.map(([column]) => asDay(row[column])));
    async function* blocks() {
      for (let from = 0; from < count; from += BLOCK_ROWS) yield read(from, from + BLOCK_ROWS);
    }
    return {
      columns: columns.map(([, label, formatter, isText]) => ({ name: label, format: formatter, text: isText })),
      rows: await read(0, TABLE_ROWS),
      note: count > TABLE_ROWS ? text.firstRows(format.count(TABLE_ROWS), format.count(count)) : null,
      blocks: blocks(),
    };
  },
  about: (view) => columnsOf(view).map(([column, label]) => [label, "customer_360", column]),
};
