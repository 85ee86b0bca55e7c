// RFM split: how customers and their sales divide into segments. The ring shows the order, the table carries the numbers.
import { draw } from "../charts.js";
import { fill, h, moveInRows, name } from "../dom.js";
import { format } from "../format.js";
import { labels } from "../labels.js";
import { blend, segmentColours, tokens } from "../theme.js";

const text = labels.split;

/** The segments of the scheme in display order, each with its row of the split. */
function rowsOf(view) {
  const split = new Map(view.data.get("segment_split").where(["scheme"], [view.scheme]).map((row) => [row.segment, row]));
  return view.segments.map((segment) => ({ ...segment, ...(split.get(segment.segment) || { customer_count: 0, customer_share: null, sales_share: null, sales_amount: 0, total_customer_count: 0 }) }));
}

/** Number of a segment on its colour. */
export function chip(view, segment) {
  const [ground, ink] = segmentColours(view.theme, segment.colour);
  return h("span", { class: "chip-number", style: `background:${ground};color:${ink}`, text: String(segment.number), "aria-hidden": "true" });
}

function drawRing(place, view, rows) {
  const t = tokens[view.theme];
  const size = Math.min(place.clientWidth, place.clientHeight) || 240;
  const outer = size * 0.48;
  const chart = draw(
    place,
    {
      series: [{
        id: "split", type: "pie", radius: [outer * 0.645, outer], startAngle: 90, clockwise: true, animation: false, label: { show: false }, labelLine: { show: false },
        itemStyle: { borderColor: t.card, borderWidth: 2 }, emphasis: { scale: false },
        data: rows.filter((row) => row.customer_count > 0).map((row) => {
          const [colour, ink] = segmentColours(view.theme, row.colour);
          const isFaded = view.segmentRow && row.segment !== view.segment;
          return {
            name: row.segment, value: row.customer_count, itemStyle: { color: isFaded ? blend(colour, t.card, 0.28) : colour },
            label: { show: row.customer_share > 0.025, position: "inside", formatter: String(row.number), color: isFaded ? t.ink : ink, fontWeight: 600, fontSize: 12 },
          };
        }),
      }],
    },
    text.aria(format.date(view.asOf), rows.map((row) => `${row.segment} ${format.rate(row.customer_share)}`).join(", ")),
  );
  if (!place.listens) {
    place.listens = true;
    chart.on("click", ({ name: segment }) => place.view.choose({ segment: place.view.segment === segment ? "all" : segment }));
    place.addEventListener("chart-resized", () => drawRing(place, place.view, place.rows));
  }
  place.view = view;
  place.rows = rows;
}

function centre(view, rows) {
  const chosen = rows.find((row) => row.segment === view.segment);
  if (!chosen) return [h("b", { text: format.count(rows[0].total_customer_count) }), h("span", { text: text.customers })];
  return [h("b", { text: format.count(chosen.customer_count) }), name(chosen.segment), h("span", { text: text.ofCustomers(format.rate(chosen.customer_share)) })];
}

function drawTable(body, view, rows) {
  const most = Math.max(...rows.map((row) => row.sales_share || 0), 0);
  fill(
    body,
    rows.map((row) => {
      const [colour] = segmentColours(view.theme, row.colour);
      const isChosen = row.segment === view.segment;
      return h(
        "tr",
        { class: isChosen ? "chosen" : null, data: { segment: row.segment } },
        h("th", { scope: "row" }, h("button", { type: "button", class: "plain", "aria-pressed": String(isChosen), title: row.description }, chip(view, row), name(row.segment))),
        h("td", { text: format.count(row.customer_count) }),
        h("td", { text: format.rate(row.customer_share ?? 0) }),
        h("td", { class: "with-bar" }, h("span", { text: format.rate(row.sales_share ?? 0) }), h("i", { class: "track" }, h("i", { style: `width:${most ? ((row.sales_share || 0) / most) * 100 : 0}%;background:${colour}` }))),
      );
    }),
  );
}

/** Three sentences that the split and the sizes at month ends bear out. */
function standsOut(view, rows) {
  const held = rows.filter((row) => row.customer_count > 0);
  if (held.length === 0) return [];
  const best = [...held].sort((a, b) => b.sales_amount - a.sales_amount || a.number - b.number).slice(0, 2);
  const { cumulative_customer_share: customers, cumulative_sales_share: sales } = best.at(-1);
  const largest = [...held].sort((a, b) => b.customer_count - a.customer_count || a.number - b.number)[0];
  const lines = [
    [text.value, [h("b", {}, name(best[0].segment)), best[1] && [text.and, h("b", {}, name(best[1].segment))], text.valueText(format.wholeRate(customers), format.wholeRate(sales))]],
    [text.largest, [h("b", {}, name(largest.segment)), text.largestText(format.count(largest.customer_count), format.rate(largest.sales_share))]],
  ];
  const sizes = view.data.get("segment_size")?.where(["scheme"], [view.scheme]) || [];
  const last = sizes.at(-1)?.as_of_date;
  const gains = new Map(sizes.filter((row) => row.as_of_date === last).map((row) => [row.segment, row.customer_count_gain_on_previous_year]));
  const growth = [...held].sort((a, b) => gains.get(b.segment) - gains.get(a.segment) || a.number - b.number)[0];
  const gain = gains.get(growth.segment);
  if (gain > 0) lines.push([text.growing, [h("b", {}, name(growth.segment)), text.growingText(`+${format.count(gain)}`, format.date(last))]]);
  return lines;
}

function foot(view, rows) {
  const chosen = rows.find((row) => row.segment === view.segment);
  const lines = chosen
    ? [[text.definition, chosen.description], [text.characteristics, chosen.characteristics], [text.action, h("b", { text: chosen.recommended_action })]]
    : standsOut(view, rows);
  return [
    chosen ? (chosen.customer_count === 0 ? h("p", { class: "note", text: labels.states.emptySegment(chosen.segment) }) : null) : h("h4", { text: text.standsOut }),
    h("dl", {}, lines.map(([term, content]) => [h("dt", { text: term }), h("dd", {}, content)])),
  ];
}

export const split = {
  id: "split",
  section: "overview",
  title: text.title,
  needs: ["segments", "segment_split"],
  follows: ["scheme", "segment"],
  subtitle: (view) => text.subtitle(format.date(view.asOf), view.settings.rfm_window_days),
  empty: (view) => (view.segments.length ? null : labels.states.noRows("segments", "segments")),
  draw(body, view) {
    const rows = rowsOf(view);
    if (!body.querySelector(".ring")) {
      const table = h(
        "table",
        { class: "split" },
        h("caption", { class: "hidden-text", text: text.hint }),
        h("thead", {}, h("tr", {}, Object.values(text.columns).map((column) => h("th", { scope: "col", text: column })))),
        h("tbody"),
      );
      const choose = (segment) => body.view.choose({ segment: body.view.segment === segment ? "all" : segment });
      table.addEventListener("click", (event) => {
        const row = event.target.closest("tr[data-segment]");
        if (row) choose(row.dataset.segment);
      });
      table.tBodies[0].addEventListener("keydown", moveInRows);
      body.append(h("div", { class: "ring" }, h("div", { class: "chart", data: { chart: "split" } }), h("p", { class: "centre" })), table, h("div", { class: "foot" }));
    }
    body.view = view;
    drawRing(body.querySelector(".chart"), view, rows);
    fill(body.querySelector(".centre"), centre(view, rows));
    drawTable(body.querySelector("table").tBodies[0], view, rows);
    fill(body.querySelector(".foot"), foot(view, rows));
  },
  table: (view) => ({
    columns: [{ name: text.columns.segment, text: true }, { name: text.columns.customers, format: format.count }, { name: text.columns.share, format: format.rate }, { name: text.columns.sales, format: format.rate }],
    rows: rowsOf(view).map((row) => [row.segment, row.customer_count, row.customer_share, row.sales_share]),
  }),
  about: [
    [text.columns.customers, "fct_segment_split", "customer_count"], [text.columns.share, "fct_segment_split", "customer_share"], [text.columns.sales, "fct_segment_split", "sales_share"],
    [text.definition, "dim_segments", "description"], [text.characteristics, "dim_segments", "characteristics"], [text.action, "dim_segments", "recommended_action"],
  ],
};
