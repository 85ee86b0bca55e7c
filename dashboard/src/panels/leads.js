// Leads: what has become of those created in each month.
import { h } from "../dom.js";
import { format, periodName } from "../format.js";
import { labels } from "../labels.js";
import { daysPassed, lastDay, shift, startOf } from "../periods.js";
import { drawRegion, periodCells, periodColumns } from "./parts.js";

const text = labels.leads;
const MONTHS = 13;

const FIGURES = [
  ["created", "created_count", format.count], ["qualified", "qualified_count", format.count], ["won", "won_count", format.count], ["lost", "lost_count", format.count],
  ["open", "open_count", format.count], ["conversion", "lead_conversion_rate", format.rate], ["amount", "won_amount", format.wholeAmount], ["cycle", "average_sales_cycle_days", format.days],
];
const OUTCOMES = ["won", "lost", "open"];

/** The last months, newest first; a month without a row had no leads. */
function monthsOf(view) {
  const rows = new Map(view.data.get("lead_funnel").rows.map((row) => [row.cohort_month, row]));
  const newest = startOf("month", view.asOf);
  return Array.from({ length: MONTHS }, (_, i) => shift("month", newest, -i)).map((start) => ({ start, row: rows.get(start) || null }));
}

export const leads = {
  id: "leads",
  section: "service",
  title: text.title,
  needs: ["lead_funnel"],
  follows: [],
  subtitle: (view) => (view.asOf ? text.subtitle(format.date(view.asOf)) : ""),
  empty: (view) => (view.data.get("lead_funnel").rows.length && view.asOf ? null : labels.states.noRows(text.rows, "leads")),
  draw(body, view) {
    const months = monthsOf(view);
    const most = Math.max(1, ...months.map(({ row }) => row?.created_count ?? 0));
    const figure = (row, name) => {
      const [, field, formatter] = FIGURES.find(([candidate]) => candidate === name);
      return h("td", { class: "number", text: formatter(row ? row[field] : formatter === format.count ? 0 : null) });
    };
    const heading = (name, kind = "number") => h("th", { scope: "col", class: kind }, OUTCOMES.includes(name) ? h("i", { class: `swatch ${name}` }) : null, text[name]);
    drawRegion(
      body,
      text.title,
      h(
        "table",
        { class: "board leads" },
        h("caption", { class: "hidden-text", text: text.caption }),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col", class: "first", text: text.month }), heading("created", "number created"), h("th", { scope: "col", class: "outcome", text: text.outcome }), heading("won"), heading("lost"),
            heading("open"), heading("qualified", "number qualified"), heading("conversion", "number conversion"), heading("amount", "number money"), heading("cycle"),
          ),
        ),
        h(
          "tbody",
          {},
          months.map(({ start, row }) => {
            const [passed, all] = lastDay("month", start) <= view.asOf ? [] : daysPassed("month", start, view.asOf);
            const size = (name) => ((row?.[`${name}_count`] || 0) / most) * 100;
            return h(
              "tr",
              { data: { month: start } },
              h("th", { scope: "row", title: all ? labels.period.unfinished(passed, all) : null }, periodName("month", start, labels), all ? h("span", { class: "tag", text: labels.period.toDate }) : null),
              figure(row, "created"),
              h("td", { class: "outcome" }, h("div", { class: "outcome-bar", "aria-hidden": "true" }, OUTCOMES.map((name) => h("i", { class: name, style: `width:${size(name).toFixed(2)}%` })))),
              ["won", "lost", "open", "qualified", "conversion", "amount", "cycle"].map((name) => figure(row, name)),
            );
          }),
        ),
      ),
    );
    if (!body.querySelector(":scope > .note")) body.append(h("p", { class: "note", text: text.key }));
  },
  table: (view) => ({
    columns: [...periodColumns, ...FIGURES.map(([name, , formatter]) => ({ name: text[name], format: name === "amount" ? format.amount : formatter }))],
    rows: [...view.data.get("lead_funnel").rows].reverse().map((row) => [...periodCells(view, { grain: "month", start: row.cohort_month }), ...FIGURES.map(([, field]) => row[field])]),
  }),
  about: FIGURES.map(([name, field]) => [text[name], "dash_lead_funnel", field]),
};
