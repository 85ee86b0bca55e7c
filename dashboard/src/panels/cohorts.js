// Cohorts: of those who bought for the first time in a month, how many bought again in each month after.
import { h } from "../dom.js";
import { format, periodName } from "../format.js";
import { labels } from "../labels.js";
import { tint, tokens } from "../theme.js";
import { drawRegion, periodCells, periodColumns, periodOf } from "./parts.js";

const text = labels.cohorts;
const COHORTS = 24;
const MONTHS = 24;

/** The newest cohorts, oldest first: [{month, size, rows by months since}, …]. */
function cohortsOf(view) {
  const cohorts = new Map();
  for (const row of view.data.get("cohort_retention").rows) {
    if (!cohorts.has(row.cohort_month)) cohorts.set(row.cohort_month, { month: row.cohort_month, size: row.cohort_size, rows: new Map() });
    cohorts.get(row.cohort_month).rows.set(row.months_since, row);
  }
  return [...cohorts.values()].sort((a, b) => (a.month < b.month ? -1 : 1)).slice(-COHORTS);
}

/** Whole percent; what is more than none and less than one says so. */
const shareText = (rate) => (rate > 0 && rate < 0.005 ? "<1" : format.count(Math.round(rate * 100)));

export const cohorts = {
  id: "cohorts",
  section: "customers",
  title: text.title,
  needs: ["cohort_retention"],
  follows: [],
  subtitle: (view) => {
    const shown = cohortsOf(view);
    return shown.length ? text.subtitle(labels.all, periodName("month", shown[0].month, labels), periodName("month", shown.at(-1).month, labels)) : "";
  },
  empty: (view) => (view.data.get("cohort_retention").rows.length ? null : text.none),
  draw(body, view) {
    const t = tokens[view.theme];
    const shown = cohortsOf(view);
    const last = Math.min(MONTHS - 1, Math.max(...shown.map((cohort) => Math.max(...cohort.rows.keys()))));
    const months = Array.from({ length: last + 1 }, (_, i) => i);
    const highest = Math.max(0, ...shown.flatMap((cohort) => months.slice(1).map((since) => cohort.rows.get(since)?.retention_rate ?? 0)));
    const ground = (rate) => (rate > 0 && highest > 0 ? `background:${tint(t.neutral, 0.08 + 0.4 * (rate / highest))}` : null);
    drawRegion(
      body,
      text.title,
      h(
        "table",
        { class: "board heat" },
        h("caption", { class: "hidden-text", text: text.caption }),
        h(
          "thead",
          {},
          h("tr", {}, h("th", { scope: "col", class: "first", text: text.cohort }), h("th", { scope: "col", class: "number size", text: text.size }), months.map((since) => h("th", { scope: "col", text: format.count(since) }))),
        ),
        h(
          "tbody",
          {},
          shown.map((cohort) =>
            h(
              "tr",
              { data: { cohort: cohort.month } },
              h("th", { scope: "row", text: periodName("month", cohort.month, labels) }),
              h("td", { class: "number size", text: format.count(cohort.size) }),
              months.map((since) => {
                const row = cohort.rows.get(since);
                if (!row) return h("td", {});
                const title = text.cell(periodName("month", cohort.month, labels), since, format.count(row.active_count), format.count(row.cohort_size), format.rate(row.retention_rate));
                return h("td", { class: since === 0 ? "start" : "cell", title, style: since === 0 ? null : ground(row.retention_rate), text: shareText(row.retention_rate) });
              }),
            ),
          ),
        ),
      ),
    );
    if (!body.querySelector(":scope > .note")) body.append(h("p", { class: "note", text: text.key }));
  },
  table: (view) => ({
    columns: [
      ...periodColumns, { name: text.since }, { name: text.size, format: format.count }, { name: text.active, format: format.count }, { name: text.rate, format: format.rate },
    ],
    rows: view.data.get("cohort_retention").rows.map((row) => [...periodCells(view, periodOf(view, "month", row.cohort_month)), row.months_since, row.cohort_size, row.active_count, row.retention_rate]),
  }),
  about: [
    [text.size, "fct_cohort_retention", "cohort_size"], [text.active, "fct_cohort_retention", "active_count"], [text.rate, "fct_cohort_retention", "retention_rate"],
  ],
};
