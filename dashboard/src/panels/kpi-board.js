// KPI board: every KPI of the period, its target, and whether the difference is good news.
import { h, name } from "../dom.js";
import { NONE, format, inHundredths, ofUnit } from "../format.js";
import { labels } from "../labels.js";
import { lastDay, shift } from "../periods.js";
import { tokens } from "../theme.js";
import { sparkline } from "./cards.js";
import { boardPeriod, boardPeriodName, drawRegion, periodCells, periodColumns, periodOf, svg } from "./parts.js";
import { gapOf, gapText, glyphOf } from "./target.js";

const text = labels.board;
const PERIODS = 13;

/** KPIs in display order, each with its row of the period and its last values. */
function rowsOf(view) {
  const period = boardPeriod(view);
  const board = view.data.get("kpi_board");
  return view.data.get("kpi_definitions").rows.map((definition) => {
    const rows = new Map(board.where(["kpi", "period_grain"], [definition.kpi, period.grain]).map((row) => [row.period_start_date, row]));
    const starts = Array.from({ length: PERIODS }, (_, i) => shift(period.grain, period.start, i - PERIODS + 1)).filter((start) => rows.has(start));
    return { ...definition, row: rows.get(period.start), series: starts.map((start) => rows.get(start).value), isRate: definition.unit === "rate", format: ofUnit(definition.unit) };
  });
}

/** Runs of KPIs of one kind, in display order: [[kind, rows], …]. */
function kindsOf(rows) {
  const kindOf = (kpi) => Object.keys(text.kinds).find((kind) => text.kinds[kind].includes(kpi)) || text.otherKind;
  const kinds = [];
  for (const row of rows) {
    const kind = kindOf(row.kpi);
    if (kinds.at(-1)?.[0] !== kind) kinds.push([kind, []]);
    kinds.at(-1)[1].push(row);
  }
  return kinds;
}

function statusCell(row, isRate, isComplete) {
  if (row?.status) {
    const said = `${glyphOf(row, isRate)} ${row.status}, ${row.is_favourable ? text.favourable : text.unfavourable}`;
    return h("td", { class: `status ${row.is_favourable ? "good" : "bad"}`, text: said });
  }
  return h("td", { class: "status muted", text: row && row.target !== null && !isComplete ? text.unfinished : "–" });
}

/** What is said of a KPI in a period: the note on its target, or why there is no value. */
function noteOf(view, period, { kpi, row }) {
  if (row?.notes) return row.notes;
  const isPast = lastDay(period.grain, period.start) < view.asOf;
  return row && row.value === null && isPast && text.onlyNow.kpis.includes(kpi) ? text.onlyNow.note(format.date(view.asOf)) : null;
}

/** The value as a bar and the target as a line across it; nothing where one of them is missing or below 0. */
function bullet(view, row) {
  if (!row || row.value === null || row.target === null || row.value < 0 || row.target <= 0) return null;
  const t = tokens[view.theme];
  const most = Math.max(row.target * 1.35, row.value);
  const x = (value) => (value / most) * 116 + 2;
  return svg(
    "svg",
    { viewBox: "0 0 120 20", width: 120, height: 20, class: "bullet", "aria-hidden": "true" },
    svg("rect", { x: 2, y: 4, width: 116, height: 12, rx: 2, fill: t.line }),
    svg("rect", { x: 2, y: 7, width: x(row.value) - 2, height: 6, fill: t.slate }),
    svg("line", { x1: x(row.target), x2: x(row.target), y1: 2, y2: 18, stroke: t.ink, "stroke-width": 2 }),
  );
}

function draw(body, view, frame) {
  const period = boardPeriod(view);
  frame.open ||= new Set();
  const columns = [
    ["", "kind"], [text.columns.kpi, "kpi"], [text.columns.value, "number"], [text.columns.target, "number"], [text.columns.bullet, "bullet"], [text.columns.variance, "number variance"],
    [text.columns.status, "status"], [text.columns.series(labels.periods[period.grain]), "series"], [text.columns.notes, "notes"],
  ];
  const toggle = (kpi) => {
    if (!frame.open.delete(kpi)) frame.open.add(kpi);
    draw(body, frame.view, frame);
  };
  drawRegion(
    body,
    text.title,
    h(
      "table",
      { class: `board kpis ${period.isComplete ? "" : "unfinished"}` },
      h("caption", { class: "hidden-text", text: `${text.title}, ${boardPeriodName(view)}` }),
      h("thead", {}, h("tr", {}, columns.map(([column, kind]) => h("th", { scope: "col", class: kind, text: column })))),
      kindsOf(rowsOf(view)).map(([kind, rows]) =>
        h(
          "tbody",
          {},
          rows.flatMap((figure, i) => {
            const { kpi, label, definition, row, series, isRate, format: formatter } = figure;
            const note = noteOf(view, period, figure);
            const isOpen = frame.open.has(kpi);
            const shown = h(
              "tr",
              { data: { kpi } },
              i === 0 && h("th", { scope: "rowgroup", class: "kind", rowspan: rows.length + rows.filter((other) => frame.open.has(other.kpi)).length, text: kind }),
              h(
                "th",
                { scope: "row", class: "kpi" },
                h("button", { type: "button", class: "plain", title: definition, "aria-expanded": String(isOpen), data: { key: kpi }, on: { click: () => toggle(kpi) } }, name(label, { title: definition })),
              ),
              h("td", { class: "number value", text: formatter(row?.value) }),
              h("td", { class: "number", text: formatter(row?.target) }),
              h("td", { class: "bullet" }, bullet(view, row)),
              h("td", { class: "number variance", text: row ? gapText(row, isRate) : NONE }),
              statusCell(row, isRate, period.isComplete),
              h("td", { class: "series" }, sparkline({ series, board: row })),
              h("td", { class: "notes" }, note && name(note)),
            );
            return isOpen ? [shown, h("tr", { class: "definition" }, h("td", { colspan: columns.length - 1, text: definition }))] : [shown];
          }),
        ),
      ),
    ),
  );
}

export const kpiBoard = {
  id: "kpi-board",
  section: "board",
  title: text.title,
  needs: ["kpi_board", "kpi_definitions"],
  follows: ["grain", "period"],
  subtitle: (view) => (boardPeriod(view) ? text.subtitle(labels.all, boardPeriodName(view)) : ""),
  empty: (view) => {
    const period = boardPeriod(view);
    if (!period || !view.data.get("kpi_board").rows.length) return labels.states.noSales;
    const isThere = rowsOf(view).some((kpi) => kpi.row);
    return isThere ? null : text.none(period.name);
  },
  draw,
  table: (view) => {
    const { columns } = text;
    const period = boardPeriod(view);
    const named = periodCells(view, periodOf(view, period.grain, period.start));
    // each row has its own unit, so that it stands in a column and not in the headings
    const units = { ...text.units, amount: view.settings.currency };
    const inUnit = (isRate, value) => (isRate && typeof value === "number" ? inHundredths(value) : (value ?? null));
    const gap = (row, isRate) => (row && gapOf(row, isRate) !== null ? [inHundredths(gapOf(row, isRate)), isRate ? text.units.points : text.units.rate] : [null, null]);
    return {
      columns: [
        { name: columns.kpi, text: true }, { name: columns.unit, text: true }, ...periodColumns, { name: columns.value }, { name: columns.target },
        { name: columns.variance }, { name: columns.varianceUnit, text: true }, { name: columns.status, text: true }, { name: columns.favourable, text: true }, { name: columns.notes, text: true }, { name: columns.definition, text: true },
      ],
      rows: rowsOf(view).map((figure) => {
        const { label, unit, isRate, definition, row } = figure;
        return [
          label, units[unit], ...named, inUnit(isRate, row?.value), inUnit(isRate, row?.target), ...gap(row, isRate), row?.status ?? null,
          row?.status ? (row.is_favourable ? text.favourable : text.unfavourable) : null, noteOf(view, period, figure), definition,
        ];
      }),
    };
  },
  about: [
    [text.columns.value, "fct_kpi_board", "value"], [text.columns.target, "fct_kpi_board", "target"], [text.columns.variance, "fct_kpi_board", "variance"],
    [text.columns.status, "fct_kpi_board", "status"], [text.columns.favourable, "fct_kpi_board", "is_favourable"], [text.columns.notes, "fct_kpi_board", "notes"],
    [text.columns.definition, "dim_kpis", "definition"],
  ],
};
