// What to do for a segment, and when: purchases or answers to campaigns by weekday and hour.
import { fill, h } from "../dom.js";
import { format } from "../format.js";
import { labels } from "../labels.js";
import { tint, tokens } from "../theme.js";

const text = labels.timing;
const measureOf = () => timing.frame?.measure || "purchase";
const shareOf = (row) => row[measureOf() === "purchase" ? "purchase_share" : "response_share"];
const countOf = (row) => (measureOf() === "purchase" ? row.purchase_count : row.response_count);

const rowsOf = (view) => view.data.get("campaign_timing", [view.scheme, view.segment]).rows;

export const timing = {
  id: "timing",
  section: "segments",
  title: text.title,
  needs: ["segments"],
  parts: (view) => [["campaign_timing", [view.scheme, view.segment]]],
  follows: ["scheme", "segment"],
  subtitle: (view) => text.subtitle(view.scopeOfDay),
  controls: (view) => [
    h(
      "div",
      { class: "choice", role: "group", "aria-label": text.measure.label },
      ["purchase", "response"].map((measure) =>
        h("button", { type: "button", "aria-pressed": String(measureOf() === measure), text: text.measure[measure], on: { click: () => { timing.frame.measure = measure; timing.frame.draw(view); } } }),
      ),
    ),
  ],
  draw(body, view) {
    const rows = rowsOf(view);
    const t = tokens[view.theme];
    const held = rows.filter((row) => shareOf(row) > 0);
    const most = Math.max(...held.map(shareOf), 0);
    const best = [...held].sort((a, b) => shareOf(b) - shareOf(a) || a.day_of_week - b.day_of_week || a.hour_of_day - b.hour_of_day)[0];
    const cells = new Map(rows.map((row) => [`${row.day_of_week} ${row.hour_of_day}`, row]));
    const hours = Array.from({ length: 24 }, (_, hour) => hour);
    fill(
      body,
      h(
        "dl",
        { class: "action" },
        h("dt", { text: text.action }), h("dd", {}, h("b", { text: view.segmentRow?.recommended_action || text.all })),
        h("dt", { text: text.measure[measureOf()] }), h("dd", { text: best ? text.best(format.weekday(best.day_of_week), best.hour_of_day, format.rate(shareOf(best))) : text.none[measureOf()] }),
      ),
      best && h(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": text.title },
        h(
          "table",
          { class: "hours" },
          h("caption", { class: "hidden-text", text: text.measure[measureOf()] }),
          h("thead", {}, h("tr", {}, h("td"), hours.map((hour) => h("th", { scope: "col", text: hour % 3 === 0 ? String(hour) : "", "aria-label": `${hour}:00` })))),
          h(
            "tbody",
            {},
            [1, 2, 3, 4, 5, 6, 7].map((weekday) =>
              h(
                "tr",
                {},
                h("th", { scope: "row", text: format.weekday(weekday) }),
                hours.map((hour) => {
                  const row = cells.get(`${weekday} ${hour}`);
                  const share = row ? shareOf(row) : 0;
                  return h(
                    "td",
                    { class: row === best ? "best" : null, style: share ? `background:${tint(t.neutral, 0.08 + (0.62 * share) / most)}` : null, title: `${format.weekday(weekday)} ${hour}:00: ${format.rate(share ?? 0)}, ${format.count(row ? countOf(row) : 0)}` },
                    h("span", { class: "hidden-text", text: format.rate(share ?? 0) }),
                  );
                }),
              ),
            ),
          ),
        ),
      ),
    );
  },
  table: (view) => ({
    columns: [{ name: text.weekday, text: true }, { name: text.hour }, { name: text.purchases, format: format.count }, { name: text.purchaseShare, format: format.rate }, { name: text.responses, format: format.count }, { name: text.responseShare, format: format.rate }],
    rows: rowsOf(view).map((row) => [format.weekday(row.day_of_week), row.hour_of_day, row.purchase_count, row.purchase_share, row.response_count, row.response_share]),
  }),
  about: [
    [text.purchaseShare, "fct_campaign_timing", "purchase_share"], [text.responseShare, "fct_campaign_timing", "response_share"], [text.action, "dim_segments", "recommended_action"],
  ],
};
