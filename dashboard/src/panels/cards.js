// The headline: six figures of the chosen period, each with its last 13 periods and its target or the year before.
import { h, refill } from "../dom.js";
import { format } from "../format.js";
import { labels } from "../labels.js";
import { startOf } from "../periods.js";
import { gapOf, gapText, glyphOf } from "./target.js";

/** Rows of the KPI board for a KPI and grain, by first day. */
function board(view, kpi, grain) {
  return new Map((view.data.get("kpi_board")?.where(["kpi", "period_grain"], [kpi, grain]) || []).map((row) => [row.period_start_date, row]));
}

/** How many are in the chosen segment: on day D, where the period holds it, otherwise at the last month end. */
function inSegment(view) {
  const { cards } = labels;
  const rowsOf = (table) => view.data.get(table)?.where(["scheme", "segment"], [view.scheme, view.segment]) || [];
  const monthEnds = rowsOf("segment_size").filter((row) => row.as_of_date <= view.day);
  const monthEnd = monthEnds.at(-1);
  const [now] = view.day && view.day === view.asOf ? rowsOf("segment_split") : [];
  const date = now ? view.asOf : monthEnd?.as_of_date;
  // month ends are on the fixed scale: with another one day D is no point of their line
  const isOnLine = now && view.settings.rfm_method === "fixed";
  const isMonthEnd = !now || (isOnLine && monthEnd?.as_of_date === view.asOf);
  const sizes = monthEnds.map((row) => row.customer_count);
  return {
    id: "in-segment", label: date ? cards.inSegmentOn(format.date(date)) : cards.inSegment, format: format.count, polarity: 0, isComplete: true,
    about: [[cards.inSegment, now ? "fct_segment_split" : "dash_segment_size", "customer_count"]],
    value: (now || monthEnd)?.customer_count ?? null, yearBefore: isMonthEnd ? monthEnd?.previous_year_customer_count ?? undefined : undefined,
    series: (isOnLine && !isMonthEnd ? [...sizes, now.customer_count] : sizes).slice(-13), note: isMonthEnd ? null : cards.dayOfData,
  };
}

function figures(view) {
  const { cards } = labels;
  const all = view.segment === "all";
  const ofPeriods = (id, label, value, formatter, kpi, about, isRate = false) => {
    const rows = kpi && all ? board(view, kpi, view.grain) : new Map();
    const at = view.periods.indexOf(view.period);
    return {
      id, label, about, format: formatter, isRate,
      // who is in a segment is as of today, so that some segments fall and others rise by definition: that is no news
      polarity: all ? 1 : 0, value: view.period ? value(view.period) : null, isComplete: view.period?.isComplete,
      board: rows.get(view.period?.start), // undefined: there is no such period; null: it has no such figure
      yearBefore: view.period?.yearBefore?.isComparable ? value(view.period.yearBefore) : undefined,
      series: view.periods.slice(Math.max(0, at - 12), at + 1).map(value),
    };
  };
  const sales = all ? "fct_period_kpis" : "fct_segment_sales";
  const list = [
    ofPeriods("sales", cards.sales, (p) => p.sales, format.shortAmount, "sales_amount", [[cards.sales, sales, "sales_amount"]]),
    ofPeriods("customers", cards.customers, (p) => p.customers, format.count, "active_customer_count", [[cards.customers, sales, all ? "customer_count" : "vip_customer_count"]]),
    ofPeriods("return-rate", cards.returnRate, (p) => p.returnRate, format.rate, "return_rate", [[cards.returnRate, sales, "return_rate"]], true),
    ofPeriods("average-customer", cards.averageCustomer, (p) => p.averageCustomer, format.amount, null, [[cards.averageCustomer, sales, "average_customer_amount"]]),
    ofPeriods(
      "crm-share", cards.crmShare, (p) => p.crmShare, format.rate, "crm_sales_share", [[cards.crmShare, all ? "fct_sales_trend" : sales, "crm_sales_share"]], true,
    ),
  ];
  if (all) {
    const grain = ["day", "week"].includes(view.grain) ? "month" : view.grain;
    const rows = board(view, "customers_at_risk_count", grain);
    const start = view.day && startOf(grain, view.day);
    const series = [...rows.values()].filter((row) => row.period_start_date <= start).slice(-13);
    const row = rows.get(start);
    const yearBefore = rows.get(start && `${Number(start.slice(0, 4)) - 1}${start.slice(4)}`);
    list.push({
      id: "at-risk", label: cards.atRisk, about: [[cards.atRisk, "fct_kpi_board", "value"]], format: format.count, polarity: -1, value: row?.value ?? null,
      isComplete: row?.is_complete, note: row && !row.is_complete ? cards.soFar(format.date(view.asOf)) : null, board: row, yearBefore: yearBefore?.value, series: series.map((r) => r.value),
    });
  } else {
    list.push(inSegment(view));
  }
  return list;
}

function sparkline({ series, board: row }) {
  const values = series.filter((value) => value !== null);
  if (values.length < 2) return null;
  const target = row?.target ?? null;
  const low = Math.min(...values, target ?? Infinity);
  const high = Math.max(...values, target ?? -Infinity);
  const y = (value) => (high === low ? 14 : 24 - ((value - low) / (high - low)) * 20).toFixed(1);
  const x = (i) => ((i / (series.length - 1)) * 74 + 2).toFixed(1);
  // a gap where there is no value; one alone is a dot
  const line = series.map((value, i) => (value === null ? "" : `${(series[i - 1] ?? null) === null ? "M" : "L"}${x(i)},${y(value)}`)).join("");
  const isAlone = (i) => [series[i - 1], series[i + 1]].every((value) => (value ?? null) === null);
  const last = series.findLastIndex((value) => value !== null);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 80 28");
  svg.setAttribute("class", "spark");
  svg.setAttribute("aria-hidden", "true");
  const add = (tag, attributes) => {
    const part = document.createElementNS(svg.namespaceURI, tag);
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
    svg.append(part);
  };
  if (target !== null) add("line", { x1: 2, x2: 76, y1: y(target), y2: y(target), class: "target" });
  add("path", { d: line, class: "line" });
  series.forEach((value, i) => value !== null && isAlone(i) && add("circle", { cx: x(i), cy: y(value), r: 1.5, class: "end" }));
  add("circle", { cx: x(last), cy: y(series[last]), r: 2.5, class: "end" });
  return svg;
}

export { sparkline };

/** Glyph, words and tone of a change: `▲ 4.0%`; rates differ in points. */
export function changeText(value, before, isRate, polarity) {
  const change = value === null || (before ?? null) === null ? null : isRate ? value - before : before === 0 ? null : value / before - 1;
  if (change === null) return null;
  const size = isRate ? Math.abs(change) >= 0.01 : Math.abs(change) >= 0.05;
  const tone = !size || polarity === 0 ? "" : change * polarity > 0 ? "good" : "bad";
  const shown = (isRate ? format.points(change) : format.change(change)).replace(/^[+-]/, "");
  const isNone = !/[1-9]/.test(shown);
  return { glyph: isNone ? "=" : change > 0 ? "▲" : "▼", text: shown, tone };
}

function comparison(figure) {
  const { cards } = labels;
  const note = figure.note ? h("span", { class: "muted", text: figure.note }) : null;
  if (figure.value === null) return [h("span", { class: "muted", text: "–" })];
  if (!figure.isComplete) return [note || h("span", { class: "muted", text: cards.unfinished })];
  if (figure.board && figure.board.target !== null && figure.board.status) {
    const { target, is_favourable: favourable, status } = figure.board;
    const gap = gapOf(figure.board, figure.isRate) === null ? status : gapText(figure.board, figure.isRate);
    return [
      h("span", { class: favourable ? "good" : "bad", title: status, text: `${glyphOf(figure.board, figure.isRate)} ${gap} ` }),
      h("span", { class: "muted", text: cards.target(figure.format(target)) }),
    ];
  }
  const change = changeText(figure.value, figure.yearBefore, figure.isRate, figure.polarity);
  if (!change) return [note || h("span", { class: "muted", text: figure.yearBefore === undefined ? cards.noComparison : cards.noneBefore })];
  return [h("span", { class: change.tone, text: `${change.glyph} ${change.text} ` }), h("span", { class: "muted", text: [cards.yearBefore, figure.note].filter(Boolean).join(", ") })];
}

/** Draws the cards into `place`; `showAbout(title, figures)` opens what the documentation says. */
export function drawCards(place, view, showAbout) {
  refill(
    place,
    figures(view).map((figure) =>
      h(
        "button",
        {
          type: "button", class: "card", id: `card-${figure.id}`, title: labels.more.about, on: { click: () => showAbout(figure.label, figure.about) },
        },
        h("span", { class: "label", text: figure.label }),
        h("span", { class: "value", text: figure.format(figure.value) }),
        sparkline(figure),
        h("span", { class: "compared" }, comparison(figure)),
      ),
    ),
  );
}
