// The trend short (days), middle (months, quarters) and long (years), beside each other.
import { draw, tooltip, valueAxis } from "../charts.js";
import { fill, h } from "../dom.js";
import { format } from "../format.js";
import { labels } from "../labels.js";
import { tokens } from "../theme.js";
import { periodCells, periodColumns } from "./parts.js";
import { aboutLines, captionOf, lines, periodAxis, SERIES } from "./trend.js";

const text = labels.horizons;
const HORIZONS = [["day", 92], ["month", 24], ["quarter", 12], ["year", 12]];

const titleOf = (grain, rows) => (grain === "day" ? text.day(rows.length) : text[grain]);

export const horizons = {
  id: "horizons",
  section: "segments",
  title: text.title,
  needs: ["period_kpis", "sales_trend", "segment_periods"],
  follows: ["scheme", "segment"],
  subtitle: (view) => text.subtitle(view.scopeOfDay),
  controls: (view) => h("p", { class: "line-names" }, SERIES.map(([, name, , token]) => h("b", { style: `color:${tokens[view.theme][token]}`, text: name }))),
  empty: (view) => (view.periods.length ? null : labels.states.noSales),
  draw(body, view) {
    if (!body.querySelector(".chart"))
      fill(body, h("div", { class: "horizons" }, HORIZONS.map(([grain]) => h("div", { data: { grain } }, h("h4"), h("div", { class: "chart" })))));
    for (const [grain, count] of HORIZONS) {
      const place = body.querySelector(`[data-grain=${grain}]`);
      const rows = view.periodsFor(view.segment, grain).slice(-count);
      const title = titleOf(grain, rows);
      const last = rows.findLast((row) => row.isComplete) || rows.at(-1);
      place.firstChild.textContent = title;
      const chart = place.lastChild;
      const highest = Math.max(0, ...rows.map((row) => Math.max(row.sales, row.crm || 0, row.ecommerce || 0)));
      const axis = periodAxis(view.theme, rows, grain, chart.clientWidth - 60);
      draw(
        chart,
        {
          grid: { left: 50, right: 26, top: 10, bottom: 38, outerBoundsMode: "none" },
          xAxis: axis,
          yAxis: valueAxis(view.theme, highest, format.axisAmount),
          tooltip: tooltip(view.theme, {
            trigger: "axis",
            formatter: ([{ dataIndex }]) => {
              const row = rows[dataIndex];
              return h("table", { class: "tip" }, h("caption", { text: captionOf(row) }), SERIES.map(([field, name]) => h("tr", {}, h("th", { text: name }), h("td", { text: format.amount(row[field]) }))));
            },
          }),
          series: lines(view.theme, rows, null),
        },
        labels.trend.aria(`${view.scope}, ${title}`, captionOf(last), format.amount(last.sales), format.amount(last.crm), format.amount(last.ecommerce)),
      );
    }
  },
  table: (view) => ({
    columns: [{ name: labels.grains.label, text: true }, ...periodColumns, ...SERIES.map(([, name]) => ({ name, format: format.amount }))],
    rows: HORIZONS.flatMap(([grain, count]) => view.periodsFor(view.segment, grain).slice(-count).reverse().map((row) => [labels.grains[grain], ...periodCells(view, row), row.sales, row.crm, row.ecommerce])),
  }),
  about: (view) => aboutLines(view),
};
