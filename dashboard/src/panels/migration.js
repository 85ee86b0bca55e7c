// Where customers came from and where they went, from one month end to the next: the whole matrix, and the flows of one segment.
import { draw } from "../charts.js";
import { fill, h, name } from "../dom.js";
import { day, format, isoDay } from "../format.js";
import { labels } from "../labels.js";
import { segmentColours, tint, tokens } from "../theme.js";
import { chip } from "./split.js";

const text = labels.migration;
const FIRST = "first purchase";

/**
 * The movements that lead to the last month end on or before the chosen day: {from, to, rows, count(from, to), share(from, to), size(segment)},
 * `size` of a segment or `all` at that month end. null where there is none.
 */
export function movements(view) {
  const table = view.data.get("segment_migration");
  const dates = table.where(["scheme"], [view.scheme]).map((row) => row.as_of_date);
  const to = dates.filter((date) => date <= view.day).sort().at(-1);
  if (!to) return null;
  const rows = table.where(["scheme", "as_of_date"], [view.scheme, to]);
  const monthStart = day(`${to.slice(0, 7)}-01`);
  monthStart.setUTCDate(0);
  const cells = new Map(rows.map((row) => [`${row.from_segment}\u0000${row.to_segment}`, row]));
  const sizes = new Map(view.data.get("segment_size").where(["scheme", "as_of_date"], [view.scheme, to]).map((row) => [row.segment, row]));
  return {
    from: isoDay(monthStart), to, rows,
    count: (from, end) => cells.get(`${from}\u0000${end}`)?.customer_count ?? 0,
    share: (from, end) => cells.get(`${from}\u0000${end}`)?.from_share ?? null,
    size: (segment) => sizes.get(segment),
  };
}

const percent = (share) => (share === null || share === 0 ? "" : share < 0.005 ? "<1" : format.wholeRate(share).replace("%", "").trim());

function matrix(body, view, frame) {
  const moved = movements(view);
  const t = tokens[view.theme];
  const isCount = frame.unit === "count";
  // the strongest tint on which the text still stands out
  const strongest = view.theme === "dark" ? 0.5 : 0.72;
  const segments = view.segments;
  const head = h(
    "tr",
    {},
    h("th", { scope: "col", text: text.corner }),
    segments.map((segment) => h("th", { scope: "col", class: segment.segment === view.segment ? "chosen" : null }, chip(view, segment), name(segment.segment))),
    h("th", { scope: "col", text: text.before }),
  );
  const rows = segments.map((from) => {
    const before = moved.size(from.segment).previous_month_customer_count;
    return h(
      "tr",
      { class: from.segment === view.segment ? "chosen" : null },
      h("th", { scope: "row" }, h("span", { class: "segment-name" }, chip(view, from), name(from.segment))),
      segments.map((to) => {
        const share = moved.share(from.segment, to.segment);
        const count = moved.count(from.segment, to.segment);
        const stays = from === to;
        const ground = stays || !share ? "" : `background:${tint(to.number < from.number ? t.up : t.down, Math.min(strongest, Math.max(0.04, 3.6 * share)))}`;
        return h("td", {
          class: [stays ? "stays" : "", to.segment === view.segment ? "chosen" : ""].join(" ").trim() || null, style: ground,
          title: `${from.segment} → ${to.segment}: ${format.count(count)} (${format.rate(share)})`,
          text: before === 0 ? "–" : isCount ? (count ? format.count(count) : "") : percent(share),
        });
      }),
      h("td", { class: "total", text: format.count(before) }),
    );
  });
  const line = (label, value) =>
    h(
      "tr",
      { class: "sum" },
      h("th", { scope: "row", text: label }),
      segments.map(({ segment }) => h("td", { class: segment === view.segment ? "chosen" : null, text: value(moved.size(segment)) })),
      h("td", { class: "total", text: value(moved.size("all")) }),
    );
  const change = ({ customer_count_change_on_previous_period: changed }) =>
    changed === null ? "–" : `${changed > 0 ? "▲" : changed < 0 ? "▼" : "="} ${format.change(changed).replace(/^[+-]/, "")}`;
  fill(
    body,
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": text.title },
      h(
        "table",
        { class: "matrix" },
        h("caption", { class: "hidden-text", text: text.title }),
        h("thead", {}, head),
        h(
          "tbody",
          {},
          rows,
          line(text.first, (size) => format.count(size.first_purchase_customer_count)),
          line(text.now, (size) => format.count(size.customer_count)),
          line(text.change, change),
        ),
      ),
    ),
    h(
      "p",
      { class: "key" },
      h("i", { style: `background:${tint(t.up, 0.5)}` }), text.up, h("i", { style: `background:${tint(t.down, 0.5)}` }), text.down, h("i", { class: "stays" }), text.stayed,
      isCount ? null : h("span", { text: text.percent }),
    ),
  );
}

function table(view) {
  const { from, to, rows } = movements(view);
  return {
    columns: [
      { name: text.fromDate, text: true }, { name: text.toDate, text: true }, { name: text.fromColumn, text: true }, { name: text.toColumn, text: true },
      { name: labels.split.columns.customers, format: format.count }, { name: text.percent, format: format.rate },
    ],
    rows: rows.map((row) => [from, to, row.from_segment, row.to_segment, row.customer_count, row.from_share]),
  };
}
const fileWords = (view, segment = "") => [view.scheme, segment, movements(view).from, movements(view).to];
const aboutMoves = [[labels.split.columns.customers, "fct_segment_migration", "customer_count"], [text.percent, "fct_segment_migration", "from_share"]];

export const migration = {
  id: "migration",
  section: "segments",
  title: text.title,
  needs: ["segments", "segment_migration", "segment_size"],
  follows: ["scheme", "segment", "grain", "period"],
  subtitle: (view) => {
    const moved = movements(view);
    return moved ? text.subtitle(format.date(moved.from), format.date(moved.to)) : "";
  },
  empty: (view) => (movements(view) ? null : labels.states.noMigration),
  controls: (view) => {
    const frame = migration.frame;
    return [
      h(
        "div",
        { class: "choice", role: "group", "aria-label": text.unit.label },
        ["share", "count"].map((unit) =>
          h("button", { type: "button", "aria-pressed": String((frame?.unit || "share") === unit), text: text.unit[unit], on: { click: () => { frame.unit = unit; frame.draw(view); } } }),
        ),
      ),
    ];
  },
  draw(body, view, frame) {
    matrix(body, view, frame);
  },
  table,
  fileWords: (view) => fileWords(view),
  about: [
    ...aboutMoves,
    [text.before, "dash_segment_size", "previous_month_customer_count"], [text.first, "dash_segment_size", "first_purchase_customer_count"],
    [text.now, "dash_segment_size", "customer_count"], [text.change, "dash_segment_size", "customer_count_change_on_previous_period"],
  ],
};

/** Moves into and out of the chosen segment: {side, total, flows: [{segment, count, label}]}; small ones are drawn as one, without a figure. */
function flowsOf(view, moved) {
  const size = moved.size(view.segment);
  const sides = [
    ["in", "from_segment", size.joined_customer_count, (row) => row.to_segment === view.segment && row.from_segment !== view.segment],
    ["out", "to_segment", size.left_customer_count, (row) => row.from_segment === view.segment && row.to_segment !== view.segment],
  ];
  const order = new Map(view.segments.map((segment) => [segment.segment, segment.number]));
  const shown = (segment) => (segment === FIRST ? labels.flows.first : segment.length > 22 ? `${segment.slice(0, 21)}…` : segment);
  return sides.map(([side, other, total, matches]) => {
    const rows = moved.rows.filter(matches).sort((a, b) => (order.get(a[other]) ?? 99) - (order.get(b[other]) ?? 99));
    const [large, small] = [rows.filter((row) => row.customer_count >= total * 0.03), rows.filter((row) => row.customer_count < total * 0.03)];
    const flows = large.map((row) => ({ segment: row[other], count: row.customer_count, label: `${shown(row[other])} ${format.count(row.customer_count)}` }));
    if (small.length) flows.push({ segment: null, count: small.reduce((width, row) => width + row.customer_count, 0), label: labels.flows.smaller(small.length) });
    return { side, total, flows };
  });
}

function sankey(body, view) {
  const [into, out] = flowsOf(view, movements(view));
  const t = tokens[view.theme];
  const colourOf = (segment) => {
    const row = view.segments.find((candidate) => candidate.segment === segment);
    return row ? segmentColours(view.theme, row.colour)[0] : t.faint;
  };
  const node = (side, { segment, count, label }) => ({
    name: `${side}:${segment ?? ""}`, value: count, itemStyle: { color: colourOf(segment), borderWidth: 0 }, depth: side === "in" ? 0 : 2,
    label: { position: side === "in" ? "right" : "left", formatter: label, color: t.ink, fontSize: 12 },
  });
  const own = colourOf(view.segment);
  if (!body.querySelector(".flows-head")) fill(body, h("p", { class: "flows-head" }), h("div", { class: "chart" }));
  fill(body.firstElementChild, h("b", { text: labels.flows.in(format.count(into.total)) }), h("b", { text: labels.flows.out(format.count(out.total)) }));
  const place = body.querySelector(".chart");
  draw(
    place,
    {
      animation: false,
      series: [{
        id: "flows", type: "sankey", left: 2, right: 2, top: 6, bottom: 10, nodeWidth: 10, nodeGap: 8, layoutIterations: 0, draggable: false, silent: true,
        lineStyle: { color: "source", opacity: 0.35, curveness: 0.5 }, emphasis: { disabled: true },
        data: [
          ...into.flows.map((flow) => node("in", flow)),
          { name: "own", depth: 1, itemStyle: { color: own, borderWidth: 0 }, label: { show: false } },
          ...out.flows.map((flow) => node("out", flow)),
        ],
        links: [
          ...into.flows.map(({ segment, count }) => ({ source: `in:${segment ?? ""}`, target: "own", value: count, lineStyle: { color: colourOf(segment) } })),
          ...out.flows.map(({ segment, count }) => ({ source: "own", target: `out:${segment ?? ""}`, value: count, lineStyle: { color: own } })),
        ],
      }],
    },
    labels.flows.aria(view.segment, format.count(into.total), format.count(out.total)),
  );
}

function largestMoves(body, view) {
  const order = new Map(view.segments.map((segment) => [segment.segment, segment]));
  const rows = movements(view).rows
    .filter((row) => row.from_segment !== row.to_segment)
    .sort((a, b) => b.customer_count - a.customer_count || (order.get(a.from_segment)?.number ?? 0) - (order.get(b.from_segment)?.number ?? 0) || order.get(a.to_segment).number - order.get(b.to_segment).number)
    .slice(0, 12);
  const place = (segment) =>
    order.has(segment) ? h("span", { class: "segment-name" }, chip(view, order.get(segment)), name(segment)) : h("span", { class: "segment-name muted", text: labels.flows.first });
  fill(
    body,
    h(
      "table",
      { class: "moves" },
      h("caption", { class: "hidden-text", text: labels.flows.largest }),
      h("tbody", {}, rows.map((row) => h("tr", {}, h("td", {}, place(row.from_segment)), h("td", { class: "arrow", text: "→" }), h("td", {}, place(row.to_segment)), h("td", { class: "number", text: format.count(row.customer_count) })))),
    ),
  );
}

export const flows = {
  id: "flows",
  section: "segments",
  title: (view) => (view.segmentRow ? labels.flows.title(view.segment) : labels.flows.largest),
  needs: ["segments", "segment_migration", "segment_size"],
  follows: ["scheme", "segment", "grain", "period"],
  subtitle: (view) => {
    const moved = movements(view);
    return moved ? `${labels.flows.subtitle}, ${format.date(moved.from)} – ${format.date(moved.to)}` : "";
  },
  empty: (view) => {
    const moved = movements(view);
    if (!moved) return labels.states.noMigration;
    const any = moved.rows.some((row) => row.from_segment !== row.to_segment && (!view.segmentRow || [row.from_segment, row.to_segment].includes(view.segment)));
    return any ? null : labels.flows.none;
  },
  draw(body, view, frame) {
    const kind = view.segmentRow ? "sankey" : "moves";
    if (frame.kind !== kind) frame.clear();
    frame.kind = kind;
    if (view.segmentRow) sankey(body, view);
    else largestMoves(body, view);
  },
  table: (view) => {
    const { columns, rows } = table(view);
    return {
      columns: [{ name: labels.split.columns.segment, text: true }, ...columns],
      rows: rows.filter(([, , from, to]) => from !== to && (!view.segmentRow || from === view.segment || to === view.segment)).map((row) => [view.scope, ...row]),
    };
  },
  fileWords: (view) => fileWords(view, view.segmentRow?.segment),
  about: [...aboutMoves, [labels.flows.into, "dash_segment_size", "joined_customer_count"], [labels.flows.outOf, "dash_segment_size", "left_customer_count"]],
};
