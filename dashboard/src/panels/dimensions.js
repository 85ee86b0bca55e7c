// What a segment buys, where, and how: sales of the chosen period by category, branch and channel, one at a time.
import { fill, h, name } from "../dom.js";
import { format } from "../format.js";
import { labels } from "../labels.js";
import { segmentColours, tokens } from "../theme.js";
import { DAYS_KEPT } from "../view.js";
import { periodCells, periodColumns } from "./parts.js";
import { captionOf } from "./trend.js";

const text = labels.dimensions;
const SHOWN = 9;

const rowsOf = (view, dimension) =>
  [...view.data.get("segment_sales", [view.scheme, view.segment]).where(["dimension", "period_grain", "period_start_date"], [dimension, view.grain, view.period?.start])].sort(
    (a, b) => b.sales_amount - a.sales_amount || (a.dimension_value < b.dimension_value ? -1 : 1),
  );

function nameOf(view, dimension, value) {
  if (value === "unknown") return text.unknown[dimension];
  if (value === "unallocated") return text.unallocated;
  if (dimension !== "branch") return value;
  return view.data.get("branches").where(["branch_id"], [value])[0]?.branch_name || value;
}

/** Horizontal bars as a table. `rows`: [[name, share of the longest, text, extra text], …]. */
export function bars(colour, rows, caption) {
  return h(
    "table",
    { class: "bars" },
    h("caption", { class: "hidden-text", text: caption }),
    h(
      "tbody",
      {},
      rows.map(([label, share, value, extra, mark]) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, name(label)),
          h(
            "td",
            { class: "bar-cell" },
            h("i", { class: "bar-fill", style: `width:${(Math.max(0, share) * 100).toFixed(2)}%;background:${colour}` }),
            mark !== undefined && h("i", { class: "bar-mark", style: `left:${(mark * 100).toFixed(2)}%` }),
          ),
          h("td", { class: "number", text: value }),
          extra !== undefined && h("td", { class: "number muted", text: extra }),
        ),
      ),
    ),
  );
}

export const barColour = (view) => (view.segmentRow ? segmentColours(view.theme, view.segmentRow.colour)[0] : tokens[view.theme].slate);

function panelOf(dimension) {
  return {
    id: dimension,
    section: "segments",
    title: text[dimension],
    needs: ["branches"],
    parts: (view) => [["segment_sales", [view.scheme, view.segment]]],
    follows: ["scheme", "segment", "grain", "period"],
    subtitle: (view) => text.subtitle(view.scopeOfDay, view.period ? captionOf(view.period) : ""),
    empty: (view) => {
      if (!view.period) return labels.states.noSales;
      if (rowsOf(view, dimension).length) return null;
      return view.grain === "day" && view.periodsFor(view.segment, "day").slice(-DAYS_KEPT)[0]?.start > view.period.start ? labels.states.daysOnly(DAYS_KEPT) : labels.states.noSalesInPeriod(view.period.name);
    },
    draw(body, view) {
      const rows = rowsOf(view, dimension);
      const most = Math.max(...rows.map((row) => row.sales_amount), 0);
      fill(
        body,
        bars(
          barColour(view),
          rows.slice(0, SHOWN).map((row) => [nameOf(view, dimension, row.dimension_value), most ? row.sales_amount / most : 0, format.wholeAmount(row.sales_amount)]),
          text[dimension],
        ),
        rows.length > SHOWN && h("p", { class: "note", text: text.more(format.count(rows.length - SHOWN)) }),
      );
    },
    table: (view) => ({
      columns: [...periodColumns, { name: text.value[dimension], text: true }, { name: text.sales, format: format.amount }, { name: text.customers, format: format.count }, { name: text.purchases, format: format.count }],
      rows: rowsOf(view, dimension).map((row) => [...periodCells(view, view.period), nameOf(view, dimension, row.dimension_value), row.sales_amount, row.customer_count, row.purchase_count]),
    }),
    about: [[text.sales, "fct_segment_sales", "sales_amount"], [text.customers, "fct_segment_sales", "customer_count"], [text.purchases, "fct_segment_sales", "purchase_count"]],
  };
}

export const category = panelOf("category");
export const branch = panelOf("branch");
export const channel = panelOf("channel");
