// Satisfaction: what customers answered in the period, by segment, and how the chosen ones have answered over time.
import { dispose, draw as drawChart, tooltip } from "../charts.js";
import { choice, h } from "../dom.js";
import { format, periodName } from "../format.js";
import { labels } from "../labels.js";
import { lastDay, shift } from "../periods.js";
import { segmentColours, tokens } from "../theme.js";
import { boardPeriod, boardPeriodName, drawRegion, groupCell, groupsOf, limitsCell, periodCells, periodColumns, quoted, scaleHead, whisker } from "./parts.js";
import { periodAxis } from "./trend.js";

const text = labels.satisfaction;
const PERIODS = 13;
const SCALE = { min: -100, max: 100, interval: 100, width: 124 };
const ENOUGH = 30;

/** What the line shows: NPS or CSAT. */
let measure = "nps";
const MEASURES = {
  nps: { value: (row) => row?.nps ?? null, format: format.decimal, axis: { min: -100, max: 100, interval: 50 } },
  csat: { value: (row) => row?.average_score ?? null, format: format.score, axis: { min: 1, max: 5, interval: 1 } },
};

const rowsOf = (view, survey, segment, grain) =>
  new Map(view.data.get("satisfaction").where(["survey_type", "scheme", "segment", "period_grain"], [survey, view.scheme, segment, grain]).map((row) => [row.period_start_date, row]));

/** Groups of customers, each with its answers to both surveys in the period; those that are no segment only where they answered in it. */
function groupRows(view) {
  const { grain, start } = boardPeriod(view);
  const inPeriod = view.data.get("satisfaction").where(["scheme", "period_grain", "period_start_date"], [view.scheme, grain, start]);
  return groupsOf(view, new Set(inPeriod.map((row) => row.segment))).map((group) => ({
    ...group,
    csat: inPeriod.find((row) => row.survey_type === "csat" && row.segment === group.key) || null,
    nps: inPeriod.find((row) => row.survey_type === "nps" && row.segment === group.key) || null,
  }));
}

/** The last periods of the chosen customers, from the first in which anybody answered: [{start, isComplete, row}, …]. */
function seriesOf(view) {
  const { grain, start } = boardPeriod(view);
  const rows = rowsOf(view, measure, view.segment, grain);
  const first = [...rowsOf(view, measure, "all", grain).keys()].reduce((earliest, from) => (from < earliest ? from : earliest), start);
  const starts = Array.from({ length: PERIODS }, (_, i) => shift(grain, start, i - PERIODS + 1)).filter((from) => from >= first);
  return starts.map((from) => ({
    grain, start: from, isComplete: lastDay(grain, from) <= view.asOf, name: periodName(grain, from, labels), row: rows.get(from) || null,
  }));
}

function npsCells(view, row) {
  if (!row) return h("td", { colspan: 3, class: "muted no-lift", text: text.none });
  const t = tokens[view.theme];
  const isFew = row.response_count < ENOUGH;
  return [
    h("td", { class: "number value", text: format.decimal(row.nps) }),
    h("td", { class: "interval" }, whisker(view, SCALE, { low: row.nps_low, value: row.nps, high: row.nps_high, isFew, colour: t.muted })),
    limitsCell(text.limits(format.count(row.nps_low), format.count(row.nps_high)), isFew),
  ];
}

function drawTable(body, view) {
  const head = (column, kind = "number") => h("th", { scope: "col", class: kind, text: column });
  drawRegion(
    body,
    text.caption,
    h(
      "table",
      { class: "board satisfaction" },
      h("caption", { class: "hidden-text", text: `${text.caption}, ${boardPeriodName(view)}` }),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col", class: "first", text: text.segment }), head(text.csat), head(text.topTwo), head(text.csatResponses, "number answers"), head(text.nps),
          h("th", { scope: "col", class: "interval" }, h("span", { class: "hidden-text", text: text.drawn }), scaleHead(view, SCALE, format.count)), head(text.interval, "limits"), head(text.npsResponses, "number answers"),
        ),
      ),
      h(
        "tbody",
        {},
        groupRows(view).map((group) =>
          h(
            "tr",
            { class: [group.key === "all" ? "total" : "", group.key === view.segment && group.segment ? "chosen" : ""].join(" ").trim() || null, data: { segment: group.key } },
            groupCell(view, group),
            h("td", { class: "number value", text: format.score(group.csat?.average_score) }), h("td", { class: "number", text: format.rate(group.csat?.top_two_share) }),
            h("td", { class: "number", text: format.count(group.csat?.response_count ?? 0) }), npsCells(view, group.nps), h("td", { class: "number", text: format.count(group.nps?.response_count ?? 0) }),
          ),
        ),
      ),
    ),
  );
}

function tooltipOf(rows) {
  return (given) => {
    const { name: period, isComplete, row } = rows[(Array.isArray(given) ? given[0] : given).dataIndex];
    const line = (label, value) => h("tr", {}, h("th", { text: label }), h("td", { text: value }));
    return h(
      "table",
      { class: "tip" },
      h("caption", { text: isComplete ? period : `${period} (${labels.period.toDate})` }),
      row ? [line(text.measure[measure], MEASURES[measure].format(MEASURES[measure].value(row))),
        measure === "nps" ? line(text.interval, text.limits(format.count(row.nps_low), format.count(row.nps_high))) : line(text.topTwo, format.rate(row.top_two_share))] : [],
      line(text.responses, format.count(row?.response_count ?? 0)),
    );
  };
}

function drawTrend(body, view) {
  let place = body.querySelector(":scope > .chart");
  if (!place) {
    place = h("div", { class: "chart", data: { chart: "satisfaction" } });
    body.append(h("p", { class: "chart-title" }), place, h("p", { class: "note", text: text.key(ENOUGH) }));
    place.addEventListener("chart-resized", () => place.redraw());
  }
  place.redraw = () => drawTrend(body, view);
  const rows = seriesOf(view);
  const { value, axis, format: formatter } = MEASURES[measure];
  const periods = labels.periods[rows[0].grain];
  body.querySelector(":scope > .chart-title").replaceChildren(text.trend(text.measure[measure], quoted(view.scope), rows.length, periods));
  if (rows.every(({ row }) => !row)) {
    dispose(place);
    place.replaceChildren(h("p", { class: "says", text: text.noAnswers(quoted(view.scope), rows.length, periods) }));
    return;
  }
  place.querySelector(".says")?.remove();
  const t = tokens[view.theme];
  const colour = view.segmentRow ? segmentColours(view.theme, view.segmentRow.colour)[0] : t.slate;
  const end = rows.length - 1;
  const isOpen = !rows[end].isComplete;
  const [left, right] = [40, 22];
  drawChart(
    place,
    {
      grid: { left, right, top: 12, bottom: 36, outerBoundsMode: "none" },
      xAxis: { ...periodAxis(view.theme, rows, rows[0].grain, place.clientWidth - left - right), axisLine: { onZero: false, lineStyle: { color: t.line2 } } },
      yAxis: {
        type: "value", ...axis, axisLabel: { formatter: (at) => format.count(at), color: t.muted, fontSize: 12 }, splitLine: { lineStyle: { color: t.line } }, axisLine: { show: false },
        axisTick: { show: false },
      },
      tooltip: tooltip(view.theme, { trigger: "axis", axisPointer: { type: "line", lineStyle: { color: t.line2 } }, formatter: tooltipOf(rows) }),
      series: [
        {
          id: "answers", name: text.measure[measure], type: "line", lineStyle: { width: 2.25, color: colour }, itemStyle: { color: colour }, showSymbol: true, symbol: "circle", symbolSize: 6,
          emphasis: { disabled: true }, connectNulls: false, data: rows.map(({ row }, i) => (isOpen && i === end ? null : value(row))),
        },
        ...(isOpen && rows[end].row
          ? [{
              id: "answers-open", name: text.measure[measure], type: "line", showSymbol: true, emphasis: { disabled: true }, lineStyle: { width: 1, type: "dotted", color: colour, opacity: 0.5 },
              itemStyle: { color: t.card, borderColor: colour, borderWidth: 1.5 },
              data: rows.map(({ row }, i) => (i < end - 1 ? null : { value: value(row), symbol: i === end ? "circle" : "none", symbolSize: 7 })),
            }]
          : []),
      ],
    },
    text.aria(text.measure[measure], view.scope, rows.map((row) => `${row.name} ${formatter(value(row.row))}`).join(", ")),
  );
}

export const satisfaction = {
  id: "satisfaction",
  section: "service",
  title: text.title,
  needs: ["satisfaction"],
  follows: ["scheme", "segment", "grain", "period"],
  subtitle: (view) => (view.asOf ? text.subtitle(view.segmentRow ? quoted(view.scope) : labels.all, boardPeriodName(view), format.date(view.asOf)) : ""),
  empty: (view) => (view.data.get("satisfaction").rows.length && boardPeriod(view) ? null : labels.states.noRows(text.rows, "surveys")),
  draw(body, view) {
    drawTable(body, view);
    drawTrend(body, view);
  },
  table: (view) => {
    const columns = [
      { name: text.survey, text: true }, { name: text.segment, text: true }, ...periodColumns, { name: text.responses, format: format.count },
      { name: text.csat, format: format.score }, { name: text.topTwo, format: format.rate }, { name: text.average, format: format.score }, { name: text.nps, format: format.decimal },
      { name: text.low, format: format.decimal }, { name: text.high, format: format.decimal },
    ];
    const line = (survey, label, period, row) => [
      text.measure[survey], label, ...periodCells(view, period), row?.response_count ?? 0, survey === "csat" ? row?.average_score ?? null : null, survey === "csat" ? row?.top_two_share ?? null : null,
      survey === "nps" ? row?.average_score ?? null : null, row?.nps ?? null, row?.nps_low ?? null, row?.nps_high ?? null,
    ];
    return {
      columns,
      rows: [
        ...["csat", "nps"].flatMap((survey) => groupRows(view).map((group) => line(survey, group.label, boardPeriod(view), group[survey]))),
        ...seriesOf(view).slice(0, -1).reverse().map((period) => line(measure, view.scope, period, period.row)),
      ],
    };
  },
  about: [
    [text.csat, "fct_satisfaction", "average_score"], [text.topTwo, "fct_satisfaction", "top_two_share"], [text.responses, "fct_satisfaction", "response_count"], [text.nps, "fct_satisfaction", "nps"],
    [text.low, "fct_satisfaction", "nps_low"], [text.high, "fct_satisfaction", "nps_high"],
  ],
};

satisfaction.controls = (view) => [
  choice(text.measure.label, [["nps", text.measure.nps], ["csat", text.measure.csat]], measure, (chosen) => {
    measure = chosen;
    const body = document.querySelector(`#${satisfaction.id} > .body`);
    for (const button of document.querySelectorAll(`#${satisfaction.id} .choice button`)) button.setAttribute("aria-pressed", String(button.dataset.value === chosen));
    if (!body.classList.contains("as-table")) drawTrend(body, view);
  }),
];
