// Sales trend: total, CRM and e-commerce sales. The three overlap, so they are never stacked.
import { draw, tooltip, valueAxis, font } from "../charts.js";
import { h } from "../dom.js";
import { dayAndMonth, format, monthName } from "../format.js";
import { labels } from "../labels.js";
import { tokens } from "../theme.js";
import { changeText } from "./cards.js";
import { periodCells, periodColumns } from "./parts.js";

const text = labels.trend;
const WINDOW = { day: 120, week: 104, month: 60, quarter: 40, year: 40 };

export const SERIES = [
  ["sales", text.total, text.totalShort, "total", 2.75],
  ["crm", text.crm, text.crmShort, "crm", 2.25],
  ["ecommerce", text.ecommerce, text.ecommerceShort, "ecommerce", 2.25],
];

/** Periods that the chart shows: the newest ones, or where the chosen one is older, those around it. */
function windowOf({ periods, period, grain }) {
  const count = WINDOW[grain];
  const at = periods.indexOf(period);
  const end = at < periods.length - count ? at + count / 2 : periods.length;
  return periods.slice(Math.max(0, end - count), Math.max(count, end));
}

/** Which labels stand: every `step`th, those of a new year, the unfinished one; none too close to the one before. */
function labelledRows(rows, grain, width) {
  const room = grain === "day" || grain === "week" ? 56 : 44;
  const perLabel = Math.max(1, Math.ceil((room * rows.length) / Math.max(width, 1)));
  const steps = { month: [1, 3, 6, 12], quarter: [1, 2, 4], year: [1, 2, 5], week: [1, 4, 13, 26], day: [1, 7, 14, 28, 56] }[grain];
  const step = steps.find((candidate) => candidate >= perLabel) || steps.at(-1);
  const standing = new Set();
  const isStep = (row, i) => {
    const month = Number(row.start.slice(5, 7)) - 1;
    if (grain === "month") return month % step === 0;
    if (grain === "quarter") return (month / 3) % step === 0;
    return (rows.length - 1 - i) % step === 0;
  };
  let last = -Infinity;
  rows.forEach((row, i) => {
    if (isStep(row, i) && i - last >= Math.min(step, perLabel)) {
      standing.add(i);
      last = i;
    }
  });
  const end = rows.length - 1;
  if (!rows[end]?.isComplete && grain !== "day") {
    for (let i = end - 1; i > end - perLabel && i >= 0; i -= 1) standing.delete(i);
    standing.add(end);
  }
  return standing;
}

/** Category axis of periods. */
export function periodAxis(themeName, rows, grain, width) {
  const t = tokens[themeName];
  const standing = labelledRows(rows, grain, width);
  const years = new Set();
  const names = rows.map((row, i) => {
    if (!standing.has(i)) return "";
    const year = row.start.slice(0, 4);
    const first = !years.has(year);
    years.add(year);
    if (grain === "year") return [year, row.from && labels.period.from(monthName(row.from)), !row.isComplete && labels.period.toDate].filter(Boolean).join("\n");
    const name = grain === "quarter" ? `Q${Math.floor((Number(row.start.slice(5, 7)) - 1) / 3) + 1}` : grain === "month" ? monthName(row.start) : dayAndMonth(row.start);
    if (!row.isComplete && i === rows.length - 1 && grain !== "day") return `${name}\n${labels.period.toDate}`;
    return first ? `${name}\n${year}` : name;
  });
  return {
    type: "category", boundaryGap: false, data: rows.map((row) => row.start),
    axisLabel: { interval: (i) => names[i] !== "", formatter: (_, i) => names[i], color: t.muted, fontSize: 12, lineHeight: 15, hideOverlap: false, showMinLabel: true, showMaxLabel: true },
    axisTick: { interval: (i) => names[i] !== "", lineStyle: { color: t.line2 }, length: 4 }, axisLine: { lineStyle: { color: t.line2 } },
  };
}

/** Name of a period, and how much of it there are data of where that is not all. */
export function captionOf({ name, from, isComplete }) {
  const partly = [from && labels.period.from(format.date(from)), !isComplete && labels.period.toDate].filter(Boolean);
  return partly.length ? `${name} (${partly.join(", ")})` : name;
}

/** Three lines, with hollow dots where the first period begins before the data or the last is unfinished. */
export function lines(themeName, rows, chosen) {
  const t = tokens[themeName];
  const isWhole = (row) => row.isComplete && !row.from;
  const wholes = rows.filter(isWhole).length;
  const symbolOf = (row) => (row === chosen || wholes === 1 ? "circle" : "none");
  // lines to the parts begin at the period beside them
  const isBeside = (i) => [rows[i - 1], rows[i + 1]].some((row) => row && !isWhole(row));
  return SERIES.flatMap(([field, name, , token, width]) => {
    const colour = t[token];
    const whole = rows.map((row) => ({ value: isWhole(row) ? row[field] : null, symbol: symbolOf(row), symbolSize: 7 }));
    const series = [{
      id: field, name, type: "line", data: whole, lineStyle: { width, color: colour }, itemStyle: { color: colour, borderColor: t.card, borderWidth: 1 }, showSymbol: true,
      z: field === "sales" ? 4 : 3, emphasis: { disabled: true },
      markLine: field === "sales" && chosen && rows.includes(chosen) && rows.length > 1
        ? { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: t.line2, type: "solid", width: 1 }, data: [{ xAxis: chosen.start }], animation: false }
        : undefined,
    }];
    if (wholes < rows.length)
      series.push({
        id: `${field}-open`, name, type: "line",
        data: rows.map((row, i) => (isWhole(row) ? { value: isBeside(i) ? row[field] : null, symbol: "none" } : { value: row[field], symbol: "circle", symbolSize: 7 })),
        showSymbol: true, lineStyle: { width: 1, type: "dotted", color: colour, opacity: 0.5 }, itemStyle: { color: t.card, borderColor: colour, borderWidth: 1.5 },
        emphasis: { disabled: true }, z: 2,
      });
    return series;
  });
}

/** Names and last finished values at the right, in the line's colour, at least 17 px apart. */
function endLabels(rows, top, height, highest) {
  const last = rows.findLast((row) => row.isComplete) || rows.at(-1);
  const placed = SERIES.map(([field, , name, token]) => ({ token, text: `${name} ${format.shortAmount(last[field])}`, y: top + height * (1 - (last[field] || 0) / highest) }))
    .sort((a, b) => a.y - b.y);
  placed.forEach((label, i) => { if (i > 0) label.y = Math.max(label.y, placed[i - 1].y + 17); });
  for (let i = placed.length - 1; i >= 0; i -= 1) {
    const floor = i === placed.length - 1 ? top + height : placed[i + 1].y - 17;
    placed[i].y = Math.min(placed[i].y, floor);
  }
  return placed;
}

function tooltipOf(view, rows) {
  return (given) => {
    const row = rows[(Array.isArray(given) ? given[0] : given).dataIndex];
    const t = tokens[view.theme];
    const table = h("table", { class: "tip" });
    table.append(h("caption", { text: captionOf(row) }));
    for (const [field, name, , token] of SERIES) {
      const change = row.isComparable && row.yearBefore?.isComparable ? changeText(row[field], row.yearBefore[field], false, 0) : null;
      table.append(
        h(
          "tr",
          {},
          h("th", { style: `color:${t[token]}`, text: name }), h("td", { text: format.amount(row[field]) }),
          h("td", { text: (row[`${field}Share`] ?? null) === null ? "" : `${format.rate(row[`${field}Share`])} ${text.share}` }),
          h("td", { text: change ? `${change.glyph} ${change.text} ${text.year}` : "" }),
        ),
      );
    }
    return table;
  };
}

export const trend = {
  id: "trend",
  section: "overview",
  title: text.title,
  needs: ["period_kpis", "sales_trend"],
  follows: ["scheme", "segment", "grain", "period"],
  subtitle: (view) => {
    const shown = windowOf(view);
    const isNewest = shown.at(-1) === view.periods.at(-1);
    const count = format.count(shown.length);
    const said = text.subtitle(view.scopeOfDay, isNewest && shown.length < view.periods.length ? text.newest(count) : count, labels.periods[view.grain]);
    return isNewest ? said : `${said}${text.around(view.period.name)}`;
  },
  empty: (view) => (view.periods.length ? null : labels.states.noSales),
  draw(body, view) {
    let place = body.firstElementChild;
    if (!place) {
      place = h("div", { class: "chart", data: { chart: "trend" } });
      const ends = h("div", { class: "end-labels", "aria-hidden": "true" });
      body.append(place, ends);
      place.addEventListener("chart-resized", () => place.redraw());
    }
    const ends = body.lastElementChild;
    place.redraw = () => trend.draw(body, view);
    const rows = windowOf(view);
    const t = tokens[view.theme];
    const width = place.clientWidth;
    const height = place.clientHeight;
    const isNarrow = width < 520;
    const right = isNarrow ? 58 : 124;
    const plot = { left: 52, right, top: 14, bottom: 40 };
    const highest = Math.max(0, ...rows.map((row) => Math.max(row.sales, row.crm || 0, row.ecommerce || 0)));
    const axis = valueAxis(view.theme, highest, format.axisAmount);
    const last = rows.findLast((row) => row.isComplete) || rows.at(-1);
    const chart = draw(
      place,
      {
        grid: { ...plot, outerBoundsMode: "none" },
        xAxis: periodAxis(view.theme, rows, view.grain, width - 52 - right),
        yAxis: axis,
        tooltip: tooltip(view.theme, {
          trigger: "axis", axisPointer: { type: "line", lineStyle: { color: t.line2 } }, formatter: tooltipOf(view, rows),
          position: ([x], _, __, ___, { contentSize, viewSize }) => [x < viewSize[0] / 2 ? Math.min(x + 16, viewSize[0] - contentSize[0]) : Math.max(0, x - 16 - contentSize[0]), 4],
        }),
        series: lines(view.theme, rows, view.period),
        textStyle: { fontFamily: font },
      },
      text.aria(view.scope, last.name, format.amount(last.sales), format.amount(last.crm), format.amount(last.ecommerce)),
    );
    if (!place.listens) {
      place.listens = true;
      chart.getZr().on("click", ({ offsetX, offsetY }) => {
        if (!chart.containPixel("grid", [offsetX, offsetY])) return;
        const [at] = chart.convertFromPixel("grid", [offsetX, offsetY]);
        if (place.rows[at]) place.view.choose({ period: place.rows[at].start });
      });
    }
    place.rows = rows;
    place.view = view;
    ends.replaceChildren(
      ...endLabels(rows, plot.top, height - plot.top - plot.bottom, axis.max).map((label) =>
        h("span", { style: `top:${label.y.toFixed(1)}px;color:${t[label.token]};right:${isNarrow ? 0 : 8}px;width:${right - (isNarrow ? 6 : 22)}px`, text: isNarrow ? label.text.split(" ")[0] : label.text }),
      ),
    );
  },
  table: (view) => ({
    columns: [...periodColumns, ...SERIES.map(([, name]) => ({ name, format: format.amount }))],
    rows: [...view.periods].reverse().map((row) => [...periodCells(view, row), row.sales, row.crm, row.ecommerce]),
  }),
  about: (view) => aboutLines(view),
};

/** Marts and columns of the three lines. */
export const aboutLines = (view) =>
  view.segmentRow
    ? [[text.total, "fct_segment_sales", "sales_amount"], [text.crm, "fct_segment_sales", "crm_sales_amount"], [text.ecommerce, "fct_segment_sales", "ecommerce_sales_amount"]]
    : [[text.total, "fct_sales_trend", "total_sales_amount"], [text.crm, "fct_sales_trend", "crm_sales_amount"], [text.ecommerce, "fct_sales_trend", "ecommerce_sales_amount"]];
