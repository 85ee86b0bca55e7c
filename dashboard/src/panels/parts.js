// What the lower panels share: the period of a board, names of groups of customers, an interval as dot and whisker.
import { roundScale } from "../charts.js";
import { h, name, refill } from "../dom.js";
import { format, periodName } from "../format.js";
import { labels } from "../labels.js";
import { daysPassed, lastDay, startOf } from "../periods.js";
import { tokens } from "../theme.js";
import { chip } from "./split.js";

/** A part of a drawing. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined) element.setAttribute(key, value);
  element.append(...children.flat().filter(Boolean));
  return element;
}

/** Period of a table that has months, quarters and years only: the chosen one; for a day or a week the month that holds its last day. */
export function boardPeriod(view) {
  const grain = ["day", "week"].includes(view.grain) ? "month" : view.grain;
  const start = view.day && startOf(grain, view.day);
  if (!start) return null;
  const isComplete = lastDay(grain, start) <= view.asOf;
  return { grain, start, isComplete, isAnother: grain !== view.grain, name: periodName(grain, start, labels) };
}

/** Name of such a period for a subtitle: how much of it has passed, and why it is not the chosen one. */
export function boardPeriodName(view) {
  const period = boardPeriod(view);
  if (!period) return "";
  const passed = period.isComplete ? "" : labels.lower.unfinished(labels.period.unfinished(...daysPassed(period.grain, period.start, view.asOf)));
  return `${period.name}${passed}${period.isAnother ? labels.lower.monthOf(view.period.name) : ""}`;
}

/** Columns of a table that say which period a row is of: as the page calls it, by its first day, and how much of it there are data of. */
export const periodColumns = [labels.table.period, labels.period.start, labels.period.extent].map((column) => ({ name: column, text: true }));

/** Their values. `from`: first day of the data, where the period begins before it. */
export function periodCells(view, { grain, start, from }) {
  const [passed, all] = daysPassed(grain, start, view.asOf);
  const partly = [from && labels.period.from(format.date(from)), passed < all && labels.period.unfinished(passed, all)].filter(Boolean).join(", ");
  return [periodName(grain, start, labels), start, partly || labels.period.whole];
}

/** A period of all customers by its first day, such as `periodCells` wants it; also where there is none, before the first sale. */
export const periodOf = (view, grain, start) => view.periodsFor("all", grain).find((period) => period.start === start) || { grain, start };

/**
 * Groups of customers in the order of a table: all, the segments of the scheme, then those of `present` that are no segment (`unscored`, …).
 * [{key, label, segment}], `segment` only where it is one.
 */
export function groupsOf(view, present) {
  const known = new Set(["all", ...view.segments.map((row) => row.segment)]);
  const order = Object.keys(labels.lower.groups);
  const others = [...present].filter((key) => !known.has(key)).sort((a, b) => order.indexOf(a) - order.indexOf(b) || (a < b ? -1 : 1));
  return [
    { key: "all", label: labels.all },
    ...view.segments.map((segment) => ({ key: segment.segment, label: segment.segment, segment })),
    ...others.map((key) => ({ key, label: labels.lower.groups[key] || key })),
  ];
}

/** First cell of a group's row; a segment can be chosen there. */
export function groupCell(view, { key, label, segment }) {
  if (!segment) return h("th", { scope: "row" }, name(label, { class: key === "all" ? "" : "muted" }));
  const isChosen = view.segment === key;
  return h(
    "th",
    { scope: "row" },
    h(
      "button",
      {
        type: "button", class: "plain", "aria-pressed": String(isChosen), title: segment.description, data: { key },
        on: { click: () => view.choose({ segment: isChosen ? "all" : key }) },
      },
      chip(view, segment), name(label),
    ),
  );
}

/** Puts `table` into the region of `body` that scrolls, made once: where the reader has scrolled to and the button in focus stay. */
export function drawRegion(body, label, table, ...below) {
  let region = body.querySelector(":scope > .scroll");
  if (!region) {
    region = h("div", { class: "scroll", tabindex: "0", role: "region" });
    body.prepend(region);
  }
  region.setAttribute("aria-label", label);
  refill(region, table, below);
  return region;
}

/** A text from the data inside a sentence: cut to a length that can be read, its direction kept to itself. */
export const quoted = (text, length = 60) => `\u2068${text.length > length ? `${[...text].slice(0, length).join("")}…` : text}\u2069`;

const WIDTH = 168; // where the scale names none
const HEIGHT = 28;
const MARGIN = 20;

/** Scale of intervals that holds 0 and has round ends. `rows`: [{low, high}]. */
export function intervalScale(rows) {
  const low = Math.min(0, ...rows.map((row) => row.low));
  const high = Math.max(0, ...rows.map((row) => row.high));
  const { interval } = roundScale((high - low) / 0.75);
  return { min: Math.floor(low / interval + 1e-9) * interval, max: Math.max(Math.ceil(high / interval - 1e-9), low < 0 ? 0 : 1) * interval, interval };
}

const place = (scale, value) => MARGIN + ((value - scale.min) / (scale.max - scale.min)) * ((scale.width || WIDTH) - 2 * MARGIN);
const drawing = ({ width = WIDTH }, ...parts) => svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, class: "whisker", "aria-hidden": "true" }, ...parts);

/** Heading of a column of intervals: the scale they share. */
export function scaleHead(view, scale, formatter) {
  const t = tokens[view.theme];
  const count = Math.round((scale.max - scale.min) / scale.interval);
  const ticks = Array.from({ length: count + 1 }, (_, i) => scale.min + i * scale.interval).map((value) => (Math.abs(value) < scale.interval / 1000 ? 0 : value));
  return drawing(
    scale,
    ticks.map((value) => svg("line", { x1: place(scale, value), x2: place(scale, value), y1: 22, y2: 28, stroke: value === 0 ? t.faint : t.line2 })),
    ticks.filter((value) => value === 0 || ticks.length <= 4 || Math.round(value / scale.interval) % 2 === 0).map((value) => {
      const text = svg("text", { x: place(scale, value), y: 17, "text-anchor": "middle", "font-size": 11, "font-weight": 500, fill: t.muted });
      text.textContent = formatter(value);
      return text;
    }),
  );
}

/**
 * An interval on a shared scale with a line at 0: what reaches beyond the scale ends in an arrow. `isFew`: from so few that the dot is hollow.
 * It says nothing that does not stand beside it in numbers.
 */
export function whisker(view, scale, { low, value, high, isFew, colour }) {
  const t = tokens[view.theme];
  const inside = (x) => Math.min(Math.max(x, scale.min), scale.max);
  const middle = HEIGHT / 2;
  const [from, to] = [place(scale, inside(low)), place(scale, inside(high))];
  const end = (x, isCut, direction) =>
    isCut
      ? svg("path", { d: `M${x - direction * 1} ${middle - 4}l${direction * 5} 4l${-direction * 5} 4`, fill: "none", stroke: colour, "stroke-width": 1.5 })
      : svg("line", { x1: x, x2: x, y1: middle - 4, y2: middle + 4, stroke: colour, "stroke-width": 1.5 });
  return drawing(
    scale,
    svg("line", { x1: place(scale, 0), x2: place(scale, 0), y1: 0, y2: HEIGHT, stroke: t.faint, "stroke-width": 1 }),
    svg("line", { x1: from, x2: to, y1: middle, y2: middle, stroke: colour, "stroke-width": 1.5 }),
    end(from, low < scale.min - 1e-9, -1),
    end(to, high > scale.max + 1e-9, 1),
    value < scale.min - 1e-9 || value > scale.max + 1e-9
      ? null
      : svg("circle", { cx: place(scale, value), cy: middle, r: 3.5, fill: isFew ? t.card : colour, stroke: colour, "stroke-width": 1.5 }),
  );
}

/** Cell of an interval in numbers; `isFew`: said also in words. */
export const limitsCell = (limits, isFew) => h("td", { class: "muted limits" }, limits, isFew && h("span", { class: "second", text: labels.lower.few }));

/** Points without their unit, for two of them in one text, `-0.9 to +48.4`, and for a scale, `+20`. */
export const barePoints = (value) => format.points(value).replace(/ pts$/, "");
export const scalePoints = (value) => `${value > 0 ? "+" : ""}${(Math.abs(value * 100) % 1 < 0.001 ? format.count : format.decimal)(Number((value * 100).toFixed(6)))}`;
