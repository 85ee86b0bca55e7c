// Numbers and dates as a reader sees them; currency and locale are variables of the dbt project.

let locale = "en-US";
let currency = "USD";
const made = new Map();

/** Sets the locale (BCP 47) and the currency (ISO 4217) of every number. */
export function setFormats(settings) {
  locale = settings.locale || locale;
  currency = settings.currency || currency;
  made.clear();
}

function number(options) {
  const key = JSON.stringify(options);
  if (!made.has(key)) made.set(key, new Intl.NumberFormat(locale, options));
  return made.get(key);
}

function date(options) {
  const key = `date${JSON.stringify(options)}`;
  if (!made.has(key)) made.set(key, new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options }));
  return made.get(key);
}

export const NONE = "–";
const shown = (value, text) => (value === null || value === undefined || Number.isNaN(value) ? NONE : text(value));
const money = (digits, extra = {}) => ({
  style: "currency", currency, currencyDisplay: "narrowSymbol", minimumFractionDigits: digits, maximumFractionDigits: digits, ...extra,
});
const short = { notation: "compact", maximumFractionDigits: 1, minimumFractionDigits: 0 };

export const format = {
  count: (value) => shown(value, (v) => number({ maximumFractionDigits: 0 }).format(v)),
  decimal: (value) => shown(value, (v) => number({ minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(v)),
  score: (value) => shown(value, (v) => number({ minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(v)),
  amount: (value) => shown(value, (v) => number(money(2)).format(v)),
  wholeAmount: (value) => shown(value, (v) => number(money(0)).format(v)),
  shortAmount: (value) =>
    shown(value, (v) => number(Math.abs(v) < 1000 ? money(0) : money(0, { ...short, minimumFractionDigits: Math.abs(v) < 1e6 ? 0 : 2, maximumFractionDigits: Math.abs(v) < 1e6 ? 1 : 2 })).format(v)),
  axisAmount: (value) => number(money(0, short)).format(value),
  axisCount: (value) => number(short).format(value),
  rate: (value) => shown(value, (v) => number({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(v)),
  wholeRate: (value) => shown(value, (v) => number({ style: "percent", maximumFractionDigits: 0 }).format(v)),
  points: (value) => shown(value, (v) => `${signed(v * 100, 1)} pts`),
  ratio: (value) => shown(value, (v) => `${number({ minimumFractionDigits: 1, maximumFractionDigits: 2 }).format(v)}×`),
  // ten times and more is said in times: 1,747 % says nothing
  change: (value) => shown(value, (v) => (v >= 9 ? `${number({ maximumFractionDigits: 0 }).format(v + 1)}×` : `${signed(v * 100, Math.abs(v) < 0.0995 ? 1 : 0)}%`)),
  text: (value) => shown(value, String),
  date: (value) => shown(value, (v) => date({ day: "numeric", month: "short", year: "numeric" }).format(day(v))),
  weekday: (number1to7) => date({ weekday: "short" }).format(new Date(Date.UTC(2024, 0, number1to7))),
};
format.days = (value) => shown(value, (v) => `${number({ minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(v)} d`);
format.months = (value) => shown(value, (v) => `${number({ minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(v)} mo`);

const HUNDREDTHS = new Map([[format.rate, "%"], [format.wholeRate, "%"], [format.points, "pts"]]);

/** Unit of a formatter that shows hundredths of a fraction; undefined of any other. */
export const hundredthsOf = (formatter) => HUNDREDTHS.get(formatter);

/** A fraction in hundredths; the marts keep six digits of it. */
export const inHundredths = (value) => Number((value * 100).toFixed(4));

const signed = (value, digits) =>
  number({ minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" }).format(value);

/** Formatter of a KPI's unit, as the seed of KPI definitions names it. */
export const ofUnit = (unit) =>
  ({ amount: format.amount, rate: format.rate, count: format.count, ratio: format.ratio, months: format.months, days: format.days, score: format.score })[unit] || format.text;

/** `2026-05-01` as a date at midnight UTC. */
export const day = (text) => new Date(`${text}T00:00:00Z`);

/** A date as `2026-05-01`. */
export const isoDay = (value) => value.toISOString().slice(0, 10);

/** Name of a period: `May 2026`, `Q2 2026`, `18 May 2026`, `week of 18 May 2026`. */
export function periodName(grain, start, labels) {
  const value = day(start);
  const year = value.getUTCFullYear();
  if (grain === "year") return String(year);
  if (grain === "quarter") return `Q${Math.floor(value.getUTCMonth() / 3) + 1} ${year}`;
  if (grain === "month") return date({ month: "short", year: "numeric" }).format(value);
  return grain === "week" ? labels.weekOf(format.date(start)) : format.date(start);
}

/** Short name of a month, for axes. */
export const monthName = (start) => date({ month: "short" }).format(day(start));
export const dayAndMonth = (start) => date({ day: "numeric", month: "short" }).format(day(start));
