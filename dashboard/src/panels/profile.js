// Who they are: the segment's customers by one attribute, against all customers.
import { fill, h } from "../dom.js";
import { format } from "../format.js";
import { labels } from "../labels.js";
import { barColour, bars } from "./dimensions.js";

const text = labels.profile;
const SHOWN = 10;

const attributeOf = () => profile.frame?.attribute || "age_band";

const rowsOf = (view) => view.data.get("customer_profile").where(["scheme", "segment", "attribute"], [view.scheme, view.segment, attributeOf()]);

export const profile = {
  id: "profile",
  section: "segments",
  title: text.title,
  needs: ["customer_profile"],
  follows: ["scheme", "segment"],
  subtitle: (view) => text.subtitle(view.scope, format.date(view.asOf), Boolean(view.segmentRow)),
  empty: (view) => (rowsOf(view).length ? null : view.segmentRow ? labels.states.emptySegment(view.segment) : labels.states.noSales),
  controls: (view) => [
    h(
      "select",
      { "aria-label": text.choose, on: { change: (event) => { profile.frame.attribute = event.target.value; profile.frame.draw(view); } } },
      Object.entries(text.attributes).map(([attribute, label]) => h("option", { value: attribute, selected: attribute === attributeOf(), text: label })),
    ),
  ],
  draw(body, view) {
    const rows = rowsOf(view);
    // whose value is not known is never left out
    const shown = rows.length <= SHOWN ? rows : [...rows.slice(0, SHOWN - 1), ...rows.slice(SHOWN - 1).filter((row) => row.attribute_value === "unknown")];
    const most = Math.max(...rows.map((row) => Math.max(row.customer_share, view.segmentRow ? row.all_customer_share : 0)), 0.01);
    fill(
      body,
      bars(
        barColour(view),
        shown.map((row) => [
          row.attribute_value, row.customer_share / most, format.rate(row.customer_share), format.count(row.customer_count), view.segmentRow ? row.all_customer_share / most : undefined,
        ]),
        text.attributes[attributeOf()],
      ),
      rows.length > shown.length && h("p", { class: "note", text: labels.dimensions.more(format.count(rows.length - shown.length)) }),
    );
  },
  table: (view) => ({
    columns: [{ name: text.attributes[attributeOf()], text: true }, { name: text.customers, format: format.count }, { name: text.share, format: format.rate }, { name: text.allShare, format: format.rate }],
    rows: rowsOf(view).map((row) => [row.attribute_value, row.customer_count, row.customer_share, row.all_customer_share]),
  }),
  about: [
    [text.customers, "dash_customer_profile", "customer_count"], [text.share, "dash_customer_profile", "customer_share"],
    [text.allShare, "dash_customer_profile", "all_customer_share"],
  ],
};
