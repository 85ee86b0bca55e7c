// Customers by recency and frequency score, best at the top right.
import { fill, h } from "../dom.js";
import { format } from "../format.js";
import { labels } from "../labels.js";
import { tint, tokens } from "../theme.js";

const text = labels.grid;
const SCORES = [1, 2, 3, 4];

const rowsOf = (view) => view.data.get("rfm_grid").where(["scheme", "segment"], [view.scheme, view.segment]);

export const grid = {
  id: "grid",
  section: "segments",
  title: text.title,
  needs: ["rfm_grid"],
  follows: ["scheme", "segment"],
  subtitle: (view) => text.subtitle(view.scope, format.date(view.asOf)),
  empty: (view) => (rowsOf(view).some((row) => row.customer_count > 0) ? null : view.segmentRow ? labels.states.emptySegment(view.segment) : labels.states.noSales),
  draw(body, view) {
    const cells = new Map(rowsOf(view).map((row) => [`${row.recency_score}${row.frequency_score}`, row]));
    const most = Math.max(...[...cells.values()].map((row) => row.customer_count), 1);
    const t = tokens[view.theme];
    fill(
      body,
      h(
        "table",
        { class: "grid" },
        h("caption", { class: "hidden-text", text: text.aria }),
        h("thead", {}, h("tr", {}, h("td"), SCORES.map((score) => h("th", { scope: "col", text: `${text.frequency} ${score}` })))),
        h(
          "tbody",
          {},
          [...SCORES].reverse().map((recency) =>
            h(
              "tr",
              {},
              h("th", { scope: "row", text: `${text.recency} ${recency}` }),
              SCORES.map((frequency) => {
                const row = cells.get(`${recency}${frequency}`);
                const count = row?.customer_count ?? 0;
                return h(
                  "td",
                  { style: count ? `background:${tint(t.neutral, 0.08 + (0.4 * count) / most)}` : null },
                  h("span", { text: format.count(count) }), h("small", { text: count ? format.shortAmount(row.sales_amount) : "" }),
                );
              }),
            ),
          ),
        ),
      ),
    );
  },
  table: (view) => ({
    columns: [{ name: text.recency }, { name: text.frequency }, { name: text.customers, format: format.count }, { name: text.sales, format: format.amount }],
    rows: rowsOf(view).map((row) => [row.recency_score, row.frequency_score, row.customer_count, row.sales_amount]),
  }),
  about: [[text.customers, "dash_rfm_grid", "customer_count"], [text.sales, "dash_rfm_grid", "sales_amount"]],
};
