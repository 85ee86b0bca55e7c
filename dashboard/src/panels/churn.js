// Churn: who came, came back and was lost in each month, and how many customers that left.
import { draw, roundScale, tooltip, valueAxis } from "../charts.js";
import { h } from "../dom.js";
import { format, periodName } from "../format.js";
import { labels } from "../labels.js";
import { tint, tokens } from "../theme.js";
import { periodCells, periodColumns, periodOf } from "./parts.js";
import { periodAxis } from "./trend.js";

const text = labels.churn;
const WINDOW = 24;

/** Months of the mart, oldest first, as the axis of periods wants them. */
const monthsOf = (view) =>
  view.data.get("customer_churn").rows.map((row) => ({ ...row, grain: "month", start: row.month_start_date, isComplete: row.is_complete, name: periodName("month", row.month_start_date, labels) }));

const BARS = [
  ["new", "new_customer_count", 1], ["reactivated", "reactivated_customer_count", 1], ["churned", "churned_customer_count", -1],
];

/** Ground and edge of a bar; that of an unfinished month is hollow. */
function colours(t, bar) {
  const rgb = bar === "churned" ? t.down : t.up;
  return { color: bar === "reactivated" ? tint(rgb, 0.35) : tint(rgb, 0.9), borderColor: tint(rgb, 1), borderWidth: 1 };
}

function tooltipOf(rows) {
  return (given) => {
    const row = rows[(Array.isArray(given) ? given[0] : given).dataIndex];
    const line = (label, value) => h("tr", {}, h("th", { text: label }), h("td", { text: value }));
    return h(
      "table",
      { class: "tip" },
      h("caption", { text: row.isComplete ? row.name : `${row.name} (${labels.period.toDate})` }),
      line(text.opening, format.count(row.opening_customer_count)),
      BARS.map(([bar, field, sign]) => line(text[bar], `${sign > 0 ? "+" : "−"}${format.count(row[field])}`)),
      line(text.closing, format.count(row.closing_customer_count)), line(text.rate, format.rate(row.churn_rate)),
    );
  };
}

function legend(view) {
  const t = tokens[view.theme];
  return h(
    "ul",
    { class: "legend" },
    BARS.map(([bar]) => {
      const { color, borderColor } = colours(t, bar);
      return h("li", {}, h("i", { style: `background:${color};border-color:${borderColor}` }), text[bar]);
    }),
    h("li", {}, h("i", { class: "hollow" }), text.unfinished),
  );
}

export const churn = {
  id: "churn",
  section: "customers",
  title: text.title,
  needs: ["customer_churn"],
  follows: [],
  subtitle: (view) => {
    const rows = monthsOf(view);
    return rows.length ? text.subtitle(labels.all, format.count(Math.min(WINDOW, rows.length)), format.date(view.asOf)) : "";
  },
  empty: (view) => (view.data.get("customer_churn").rows.length ? null : labels.states.noSales),
  draw(body, view) {
    let place = body.querySelector(".chart");
    if (!place) {
      place = h("div", { class: "chart", data: { chart: "churn" } });
      body.append(h("div", { class: "legend-place" }), place, h("p", { class: "note", text: text.key(view.settings.churn_days) }));
      place.addEventListener("chart-resized", () => place.redraw());
    }
    place.redraw = () => churn.draw(body, view);
    body.querySelector(".legend-place").replaceChildren(legend(view));
    const rows = monthsOf(view).slice(-WINDOW);
    const t = tokens[view.theme];
    const end = rows.length - 1;
    const isOpen = !rows[end].isComplete;
    const width = place.clientWidth;
    const height = place.clientHeight;
    const [left, right, top, bottom, gap] = [40, 16, 28, 38, 36];
    const first = Math.round((height - top - bottom - gap) * 0.36);
    const last = rows.findLast((row) => row.isComplete) || rows[end];
    const closing = valueAxis(view.theme, Math.max(...rows.map((row) => row.closing_customer_count)), format.axisCount);
    const up = Math.max(...rows.map((row) => row.new_customer_count + row.reactivated_customer_count));
    const down = Math.max(...rows.map((row) => row.churned_customer_count));
    const interval = Math.max(1, roundScale(Math.max(up, down)).interval);
    const step = interval * (up + down > 5 * interval ? 2 : 1);
    const axis = (grid, extra) => ({ ...periodAxis(view.theme, rows, "month", width - left - right), boundaryGap: true, gridIndex: grid, ...extra });
    const title = (name, index, y) => ({ name, nameLocation: "end", nameGap: 12, nameTextStyle: { align: "left", padding: [0, 0, 0, -left + 6], color: t.muted, fontSize: 12 }, gridIndex: index, ...y });
    draw(
      place,
      {
        grid: [
          { left, right, top, height: first, outerBoundsMode: "none" },
          { left, right, top: top + first + gap, bottom, outerBoundsMode: "none" },
        ],
        axisPointer: { link: [{ xAxisIndex: "all" }] },
        xAxis: [axis(0, { axisLabel: { show: false }, axisTick: { show: false } }), { ...axis(1), axisLine: { onZero: false, show: false } }],
        yAxis: [
          title(text.closing, 0, { ...closing, interval: closing.max > 1 ? closing.max / 2 : 1 }),
          title(text.change, 1, {
            ...valueAxis(view.theme, 1, (value) => format.axisCount(Math.abs(value))), min: -Math.ceil(down / step - 1e-9) * step, max: Math.max(1, Math.ceil(up / step - 1e-9)) * step, interval: step,
          }),
        ],
        tooltip: tooltip(view.theme, { trigger: "axis", axisPointer: { type: "line", lineStyle: { color: t.line2 } }, formatter: tooltipOf(rows) }),
        series: [
          {
            id: "closing", name: text.closing, type: "line", xAxisIndex: 0, yAxisIndex: 0, lineStyle: { width: 2, color: t.ink }, emphasis: { disabled: true }, showSymbol: true,
            itemStyle: { color: t.ink },
            data: rows.map((row, i) => ({ value: isOpen && i === end ? null : row.closing_customer_count, symbol: row === last ? "circle" : "none", symbolSize: 6 })),
          },
          ...(isOpen
            ? [{
                id: "closing-open", name: text.closing, type: "line", xAxisIndex: 0, yAxisIndex: 0, showSymbol: true, emphasis: { disabled: true },
                lineStyle: { width: 1, type: "dotted", color: t.ink, opacity: 0.5 }, itemStyle: { color: t.card, borderColor: t.ink, borderWidth: 1.5 },
                data: rows.map((row, i) => (i < end - 1 ? null : { value: row.closing_customer_count, symbol: i === end ? "circle" : "none", symbolSize: 6 })),
              }]
            : []),
          ...BARS.map(([bar, field, sign]) => ({
            id: bar, name: text[bar], type: "bar", stack: "change", xAxisIndex: 1, yAxisIndex: 1, barCategoryGap: "28%", barMaxWidth: 32, emphasis: { disabled: true },
            data: rows.map((row) => ({
              value: row[field] === 0 ? null : sign * row[field],
              itemStyle: row.isComplete ? colours(t, bar) : { ...colours(t, bar), color: t.card, borderType: bar === "reactivated" ? "dashed" : "solid" },
            })),
          })),
        ],
      },
      text.aria(last.name, format.count(last.new_customer_count), format.count(last.reactivated_customer_count), format.count(last.churned_customer_count), format.count(last.closing_customer_count)),
    );
  },
  table: (view) => ({
    columns: [
      ...periodColumns, { name: text.opening, format: format.count }, ...BARS.map(([bar]) => ({ name: text[bar], format: format.count })),
      { name: text.closing, format: format.count }, { name: text.rate, format: format.rate },
    ],
    rows: monthsOf(view).reverse().map((row) => [
      ...periodCells(view, periodOf(view, "month", row.start)), row.opening_customer_count, ...BARS.map(([, field]) => row[field]), row.closing_customer_count, row.churn_rate,
    ]),
  }),
  about: [
    [text.opening, "fct_customer_churn", "opening_customer_count"], ...BARS.map(([bar, field]) => [text[bar], "fct_customer_churn", field]),
    [text.closing, "fct_customer_churn", "closing_customer_count"], [text.rate, "fct_customer_churn", "churn_rate"],
  ],
};
