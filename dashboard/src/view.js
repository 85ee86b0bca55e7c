// What the panels draw from: the state, and the periods it is about, in one shape for all customers and for a segment.
import { format, periodName } from "./format.js";
import { labels } from "./labels.js";
import { lastDay, startOf, yearBefore } from "./periods.js";

/** Days by segment that the mart keeps; of longer periods it keeps all. */
export const DAYS_KEPT = 92;

/**
 * A period of the page: {grain, start, end, name, isComplete, customers, returning, returnRate, averageTransaction, averageCustomer,
 * share, averageNew, averageReturning, sales, crm, ecommerce, crmShare, ecommerceShare, from, isComparable,
 * previous, yearBefore}; `previous` and `yearBefore` are periods or undefined, `from` the first day of the data where a period begins before it.
 */
function periodsOf(data, scheme, segment, grain, asOf) {
  const kpis = data.get("period_kpis").where(["period_grain"], [grain]);
  const trend = new Map(data.get("sales_trend").where(["period_grain"], [grain]).map((row) => [row.period_start_date, row]));
  let rows = kpis.map((row) => {
    const sales = trend.get(row.period_start_date);
    return {
      grain, start: row.period_start_date, isComplete: row.is_complete, customers: row.customer_count,
      returning: row.returning_customer_count, returnRate: row.return_rate, averageTransaction: row.average_transaction_amount,
      averageCustomer: row.average_customer_amount, share: row.vip_sales_share, averageNew: row.average_new_customer_amount,
      averageReturning: row.average_returning_customer_amount, sales: row.sales_amount, crm: sales?.crm_sales_amount ?? null, ecommerce: sales?.ecommerce_sales_amount ?? null,
      crmShare: sales?.crm_sales_share ?? null, ecommerceShare: sales?.ecommerce_sales_share ?? null,
    };
  });
  if (segment !== "all") {
    const table = data.get("segment_periods");
    const own = new Map((table ? table.where(["scheme", "segment", "period_grain"], [scheme, segment, grain]) : []).map((row) => [row.period_start_date, row]));
    // a period that is kept and has no row is one without a sale
    if (grain === "day") rows = rows.slice(-DAYS_KEPT);
    rows = rows.map(({ start, isComplete }) => {
      const row = own.get(start);
      return {
        grain, start, isComplete, customers: row?.vip_customer_count ?? 0, returning: row?.returning_customer_count ?? 0,
        returnRate: row?.return_rate ?? null, averageTransaction: row?.average_transaction_amount ?? null, averageCustomer: row?.average_customer_amount ?? null,
        share: row?.sales_share ?? null, averageNew: row?.average_new_customer_amount ?? null, averageReturning: row?.average_returning_customer_amount ?? null,
        sales: row?.sales_amount ?? 0, crm: row?.crm_sales_amount ?? 0, ecommerce: row?.ecommerce_sales_amount ?? 0,
        crmShare: row?.crm_sales_share ?? null, ecommerceShare: row?.ecommerce_sales_share ?? null,
      };
    });
  }
  const [first] = data.get("period_kpis").where(["period_grain"], ["day"]);
  const byStart = new Map(rows.map((row) => [row.start, row]));
  rows.forEach((row, i) => {
    row.end = lastDay(grain, row.start);
    row.name = periodName(grain, row.start, labels);
    row.previous = rows[i - 1];
    row.yearBefore = byStart.get(yearBefore(grain, row.start));
    // the first period counts from the first day of the data on: shown, but compared with nothing
    row.from = i === 0 && first && row.start < first.period_start_date ? first.period_start_date : null;
    // of a segment neither rise nor fall is news: who is in it is as of the day of the data
    row.polarity = segment === "all" ? 1 : 0;
    row.isComparable = row.isComplete && !row.from;
  });
  return rows;
}

const known = new WeakMap();

/** Everything that a panel needs to know. `choose(changes)` changes the state. */
export function makeView(data, settings, values, theme, choose) {
  const segmentsOf = new Map();
  for (const row of data.get("segments").rows) {
    const before = segmentsOf.get(row.scheme) || [];
    segmentsOf.set(row.scheme, [...before, { ...row, number: before.length + 1 }]);
  }
  const asOf = settings.as_of_date || null;
  const { scheme, segment, grain } = values;
  const isReady = segment === "all" || data.get("segment_periods");
  if (!known.has(data)) known.set(data, new Map());
  const cached = known.get(data);
  const periodsFor = (ofSegment, ofGrain) => {
    const key = [ofSegment === "all" ? "" : scheme, ofSegment, ofGrain].join("\u0000");
    if (!cached.has(key) && (ofSegment === "all" || data.get("segment_periods"))) cached.set(key, periodsOf(data, scheme, ofSegment, ofGrain, asOf));
    return cached.get(key) || [];
  };
  const periods = isReady ? periodsFor(segment, grain) : periodsFor("all", grain);
  const lastComplete = periods.findLast((row) => row.isComplete) || periods.at(-1);
  const period = periods.find((row) => row.start === values.period) || lastComplete || null;
  const segmentRow = segment === "all" ? null : segmentsOf.get(scheme).find((row) => row.segment === segment);
  const day = period ? (period.end < asOf ? period.end : asOf) : asOf;
  return {
    ...values, data, settings, theme, choose, segmentsOf, segments: segmentsOf.get(scheme) || [], segmentRow, asOf, periods, period, periodsFor, isReady,
    /** Last day of the chosen period, or the day of the data where it is unfinished. */
    day,
    /** The period of another grain that holds that day. */
    periodAt: (otherGrain) => (day ? startOf(otherGrain, day) : null),
    scope: segmentRow ? segmentRow.segment : labels.all,
    /** The same for figures of other days: who is in a segment is always as of the day of the data. */
    scopeOfDay: segmentRow ? labels.asOf(segmentRow.segment, format.date(asOf)) : labels.all,
  };
}
