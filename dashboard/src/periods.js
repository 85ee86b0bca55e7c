// The calendar of the page: periods as [grain, first day], in UTC throughout.
import { day, isoDay } from "./format.js";

export const GRAINS = ["day", "week", "month", "quarter", "year"];
const MONTHS = { month: 1, quarter: 3, year: 12 };
const DAYS = { day: 1, week: 7 };

/** First day of the period `steps` periods after the one that starts on `start`. */
export function shift(grain, start, steps) {
  const value = day(start);
  if (DAYS[grain]) value.setUTCDate(value.getUTCDate() + DAYS[grain] * steps);
  else value.setUTCMonth(value.getUTCMonth() + MONTHS[grain] * steps);
  return isoDay(value);
}

/** Last day of a period. */
export function lastDay(grain, start) {
  const value = day(shift(grain, start, 1));
  value.setUTCDate(value.getUTCDate() - 1);
  return isoDay(value);
}

/** First day of the period that holds `date`. */
export function startOf(grain, date) {
  const value = day(date);
  if (grain === "week") value.setUTCDate(value.getUTCDate() - ((value.getUTCDay() + 6) % 7));
  if (MONTHS[grain]) value.setUTCDate(1);
  if (grain === "quarter") value.setUTCMonth(value.getUTCMonth() - (value.getUTCMonth() % 3));
  if (grain === "year") value.setUTCMonth(0);
  return isoDay(value);
}

/** First day of the same period a year before; null for 29 February. Weeks go back 52 weeks. */
export function yearBefore(grain, start) {
  if (grain === "week") return shift("week", start, -52);
  if (start.slice(5) === "02-29" && grain === "day") return null;
  return `${Number(start.slice(0, 4)) - 1}${start.slice(4)}`;
}

/** Days of a period that have passed by `asOf`, and all its days. */
export function daysPassed(grain, start, asOf) {
  const count = (from, to) => Math.round((day(to) - day(from)) / 86_400_000) + 1;
  return [Math.max(0, count(start, asOf < lastDay(grain, start) ? asOf : lastDay(grain, start))), count(start, lastDay(grain, start))];
}
