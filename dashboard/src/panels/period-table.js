// The period table: customers who came, came back and what they spent, newest period first.
import { fill, h, moveInRows } from "../dom.js";
import { format } from "../format.js";
import { labels } from "../labels.js";
import { daysPassed } from "../periods.js";
import { DAYS_KEPT } from "../view.js";
import { changeText } from "./cards.js";
import { periodCells, periodColumns } from "./parts.js";

const text = labels.table;
const ROWS_AT_FIRST = 130;

const symbol = () => format.wholeAmount(0).replace(/[\d\s.,]/g, "") || "$";

/** The eight figures: [name, field of a period, format, is a rate, column for all customers, column for a segment]. */
function columnsOf() {
  const money = symbol();
  return [
    [text.customers, "customers", format.count, false, "customer_count", "vip_customer_count"],
    [text.returning, "returning", format.count, false, "returning_customer_count"],
    [text.returnRate, "returnRate", format.rate, true, "return_rate"],
    [text.averageTransaction(money), "averageTransaction", format.amount, false, "average_transaction_amount"],
    [text.averageCustomer(money), "averageCustomer", format.amount, false, "average_customer_amount"],
    [text.share, "share", format.rate, true, "vip_sales_share", "sales_share"],
    [text.averageNew(money), "averageNew", format.amount, false, "average_new_customer_amount"],
    [text.averageReturning(money), "averageReturning", format.amount, false, "average_returning_customer_amount"],
  ];
}

const compared = (period, change) => (change === "month" ? period.previous : change === "year" ? period.yearBefore : null);

function showChanges(popover, row, period, columns) {
  const before = period.previous?.isComparable && period.isComparable ? period.previous : null;
  const year = period.yearBefore?.isComparable && period.isComparable ? period.yearBefore : null;
  const ofYear = period.grain !== "year";
  const change = (other, [, field, , isRate]) => {
    const shown = other && changeText(period[field], other[field], isRate, period.polarity);
    return h("td", { class: shown?.tone || "", text: shown ? `${shown.glyph} ${shown.text}` : "–" });
  };
  fill(
    popover,
    h("p", { class: "popover-title", text: period.isComplete ? period.name : `${period.name}: ${labels.cards.unfinished}` }),
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ["", text.now[period.grain], text.before[period.grain], text.change, ...(ofYear ? [text.yearBefore, text.change] : [])].map((name) => h("th", { scope: "col", text: name })))),
      h(
        "tbody",
        {},
        columns.map((column) =>
          h(
            "tr",
            {},
            h("th", { scope: "row", text: column[0] }), h("td", { text: column[2](period[column[1]]) }),
            h("td", { text: before ? column[2](before[column[1]]) : "–" }), change(before, column),
            ofYear && [h("td", { text: year ? column[2](year[column[1]]) : "–" }), change(year, column)],
          ),
        ),
      ),
    ),
  );
  popover.hidden = false;
  const box = row.getBoundingClientRect();
  const height = popover.offsetHeight;
  popover.style.left = `${Math.max(8, Math.min(box.left + 190, innerWidth - popover.offsetWidth - 8))}px`;
  popover.style.top = `${box.bottom + height + 8 > innerHeight ? Math.max(8, box.top - height - 4) : box.bottom + 4}px`;
}

function inline(period, column, change) {
  const other = compared(period, change);
  if (!other?.isComparable || !period.isComparable) return null;
  const shown = changeText(period[column[1]], other[column[1]], column[3], period.polarity);
  return shown && h("small", { class: shown.tone, text: `${shown.glyph} ${shown.text}` });
}

/** Scrolls the rows, and not the page, until that of a newly chosen period can be seen. */
function reveal(table, period) {
  if (table.revealed === period.name) return;
  table.revealed = period.name;
  const region = table.parentElement;
  const row = table.querySelector(".chosen");
  const above = row.offsetTop - table.tHead.offsetHeight;
  const below = row.offsetTop + row.offsetHeight - region.clientHeight;
  region.scrollTop = Math.min(above, Math.max(below, region.scrollTop));
}

function draw(body, view, frame) {
  const columns = columnsOf();
  const newestFirst = [...view.periods].reverse();
  const count = frame.showsAll ? newestFirst.length : Math.max(ROWS_AT_FIRST, newestFirst.indexOf(view.period) + 1);
  const popover = body.querySelector(".popover") || h("div", { class: "popover", role: "tooltip", id: "period-changes", hidden: true });
  const table = body.querySelector("table.periods");
  const rows = newestFirst.slice(0, count).map((period) => {
    const isChosen = period === view.period;
    const [passed, all] = period.isComplete ? [] : daysPassed(view.grain, period.start, view.asOf);
    return h(
      "tr",
      { class: [isChosen ? "chosen" : "", period.isComplete ? "" : "unfinished"].join(" ").trim() || null, data: { start: period.start } },
      h(
        "th",
        { scope: "row" },
        h("button", {
          type: "button", class: "plain", "aria-pressed": String(isChosen), "aria-describedby": "period-changes", title: text.choose(period.name), text: period.name,
          tabindex: isChosen ? 0 : -1, // the rows are one stop of the Tab key
        }),
        period.from && [" ", h("span", { class: "tag", text: labels.period.from(format.date(period.from)) })],
        period.isComplete ? null : " ",
        period.isComplete ? null : h("span", { class: "tag", text: labels.period.unfinished(passed, all) }),
      ),
      columns.map((column) => h("td", {}, column[2](period[column[1]]), inline(period, column, view.change))),
    );
  });
  const more = newestFirst.length > count
    ? h("tr", {}, h("td", { colspan: 9 }, h("button", { type: "button", class: "link", text: text.all(newestFirst.length), on: { click: () => { frame.showsAll = true; frame.draw(view); } } })))
    : null;
  if (table) {
    table.dataset.grain = view.grain;
    fill(table.tBodies[0], rows, more);
    table.view = view;
    reveal(table, view.period);
    return;
  }
  const made = h(
    "table",
    { class: "periods", data: { grain: view.grain } },
    h("caption", { class: "hidden-text", text: text.title }),
    h("thead", {}, h("tr", {}, h("th", { scope: "col", text: text.period }), columns.map(([name]) => h("th", { scope: "col", text: name })))),
    h("tbody", {}, rows, more),
  );
  made.view = view;
  const at = (event) => {
    const row = event.target.closest("tr[data-start]");
    return row && [row, made.view.periods.find((period) => period.start === row.dataset.start)];
  };
  const show = (event) => { const found = at(event); if (found) showChanges(popover, found[0], found[1], columnsOf()); };
  const hide = () => { popover.hidden = true; };
  made.tBodies[0].addEventListener("mouseover", show);
  made.tBodies[0].addEventListener("focusin", (event) => event.target.matches(":focus-visible") && show(event));
  made.tBodies[0].addEventListener("mouseleave", hide);
  made.tBodies[0].addEventListener("focusout", hide);
  made.tBodies[0].addEventListener("keydown", moveInRows);
  made.tBodies[0].addEventListener("click", (event) => {
    const found = at(event);
    if (found) made.view.choose({ period: found[1].start });
  });
  fill(body, h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": text.title, on: { scroll: hide } }, made), popover);
  reveal(made, view.period);
}

export const periodTable = {
  id: "periods",
  section: "overview",
  title: text.title,
  needs: ["period_kpis", "sales_trend"],
  parts: () => [],
  follows: ["scheme", "segment", "grain", "period", "change"],
  subtitle: (view) => {
    const said = text.subtitle(view.scopeOfDay, format.count(view.periods.length), labels.periods[view.grain]);
    return view.segmentRow && view.grain === "day" ? `${said}. ${labels.states.daysOnly(DAYS_KEPT)}` : said;
  },
  empty: (view) => (view.periods.length ? null : labels.states.noSales),
  controls: (view) => [
    h(
      "div",
      { class: "choice", role: "group", "aria-label": text.changes.label },
      [["values", text.changes.values], ["month", text.changes.month[view.grain]], ["year", text.changes.year]]
        .filter(([key]) => key !== "year" || view.grain !== "year")
        .map(([key, label]) => h("button", { type: "button", "aria-pressed": String(view.change === key), text: label, on: { click: () => view.choose({ change: key }) } })),
    ),
  ],
  draw,
  table: (view) => {
    const columns = columnsOf();
    return {
      columns: [...periodColumns, ...columns.map(([name, , formatter]) => ({ name, format: formatter }))],
      rows: [...view.periods].reverse().map((period) => [...periodCells(view, period), ...columns.map(([, field]) => period[field])]),
    };
  },
  about: (view) =>
    columnsOf().map(([name, , , , column, ofSegment]) => (view.segmentRow ? [name, "fct_segment_sales", ofSegment || column] : [name, "fct_period_kpis", column])),
};
