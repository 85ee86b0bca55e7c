// Value and churn risk: how many customers of each value are how likely to be lost, and what they are expected to bring.
import { fill, h } from "../dom.js";
import { format } from "../format.js";
import { labels } from "../labels.js";
import { tint, tokens } from "../theme.js";
import { quoted } from "./parts.js";

const text = labels.valueRisk;
const TIERS = ["high", "mid", "low"];
const RISKS = ["low", "medium", "high"];
const FIGURES = ["customer_count", "historic_sales_amount", "predicted_sales_amount_next_12_months"];

const NOBODY = Object.fromEntries(FIGURES.map((field) => [field, 0]));

/** Cells by tier and risk, `all` for those of every one: `cell(tier, risk)`. */
function gridOf(view) {
  const table = view.data.get("segment_value");
  return (tier, risk) => table.where(["scheme", "segment", "value_tier", "churn_risk"], [view.scheme, view.segment, tier, risk])[0] || NOBODY;
}

const nameOf = (level) => labels.levels[level] || level;

export const valueRisk = {
  id: "value-risk",
  section: "customers",
  title: text.title,
  needs: ["segment_value"],
  follows: ["scheme", "segment"],
  subtitle: (view) => (view.asOf ? text.subtitle(view.segmentRow ? quoted(view.scope) : labels.all, format.date(view.asOf)) : ""),
  empty: (view) => {
    if (!view.data.get("segment_value").rows.length) return labels.states.noSales;
    if (!gridOf(view)("all", "all").customer_count) return labels.states.emptySegment(view.scope);
    // tier and risk come from parameters that are fitted to the data
    return TIERS.some((tier) => gridOf(view)(tier, "all").customer_count) ? null : text.notFitted;
  },
  draw(body, view) {
    const t = tokens[view.theme];
    const cell = gridOf(view);
    const most = Math.max(...TIERS.flatMap((tier) => RISKS.map((risk) => cell(tier, risk).customer_count)));
    const worry = cell("high", "high");
    const shown = (tier, risk) => {
      const figures = cell(tier, risk);
      const isTotal = tier === "all" || risk === "all";
      const matters = tier === "high" && risk === "high" && figures.customer_count > 0;
      return h(
        "td",
        {
          class: [isTotal ? "sum" : "cell", matters ? "matters" : ""].join(" ").trim(), data: { tier, risk },
          style: isTotal || !figures.customer_count ? null : `background:${tint(t.neutral, 0.08 + 0.4 * (figures.customer_count / most))}`,
        },
        h("b", { text: format.count(figures.customer_count) }),
        h("span", { text: format.shortAmount(figures.predicted_sales_amount_next_12_months) }),
        matters ? h("em", { class: "bad", text: text.matters }) : null,
      );
    };
    fill(
      body,
      h(
        "table",
        { class: "value-risk" },
        h("caption", { class: "hidden-text", text: text.caption }),
        h(
          "thead",
          {},
          h("tr", {}, h("td", {}), h("th", { scope: "colgroup", colspan: 3, text: text.risk }), h("td", {})),
          h("tr", {}, h("th", { scope: "col", class: "corner", text: text.value }), RISKS.map((risk) => h("th", { scope: "col", text: nameOf(risk) })), h("th", { scope: "col", text: text.all })),
        ),
        h("tbody", {}, TIERS.map((tier) => h("tr", {}, h("th", { scope: "row", text: nameOf(tier) }), RISKS.map((risk) => shown(tier, risk)), shown(tier, "all")))),
        h("tfoot", {}, h("tr", {}, h("th", { scope: "row", text: text.all }), RISKS.map((risk) => shown("all", risk)), shown("all", "all"))),
      ),
      h("p", { class: "worry", text: worry.customer_count ? text.worry(format.count(worry.customer_count), format.shortAmount(worry.historic_sales_amount)) : text.noWorry }),
      h(
        "p",
        { class: "note" },
        `${text.key} ${text.quality} `,
        h("a", { href: "../docs/index.html#!/model/model.clientele.fct_customer_value_holdout", text: "fct_customer_value_holdout" }),
      ),
    );
  },
  table: (view) => {
    const cell = gridOf(view);
    return {
      columns: [
        { name: text.value, text: true }, { name: text.risk, text: true }, { name: text.customers, format: format.count }, { name: text.historic, format: format.amount },
        { name: text.predicted, format: format.amount },
      ],
      rows: TIERS.flatMap((tier) => RISKS.map((risk) => [tier, risk, ...FIGURES.map((field) => cell(tier, risk)[field])])),
    };
  },
  about: [
    [text.value, "dash_segment_value", "value_tier"], [text.risk, "dash_segment_value", "churn_risk"], [text.customers, "dash_segment_value", "customer_count"],
    [text.historic, "dash_segment_value", "historic_sales_amount"], [text.predicted, "dash_segment_value", "predicted_sales_amount_next_12_months"],
  ],
};
