// Campaigns: whom they reached, what they brought beyond what would have been bought anyway, and what they cost; and one of them by segment.
import { h, name } from "../dom.js";
import { format } from "../format.js";
import { labels } from "../labels.js";
import { tokens } from "../theme.js";
import { barePoints, drawRegion, groupCell, groupsOf, intervalScale, limitsCell, quoted, scaleHead, scalePoints, whisker } from "./parts.js";

const text = labels.campaigns;

/** Customers in each arm from which on the normal interval can be trusted. */
const ENOUGH = 30;

/** The campaign looked at by segment; the reader's choice, else the newest finished one. */
let chosen = null;

const isFew = (row) => Math.min(row.contacted_count, row.control_count) < ENOUGH;

/** Figures that a channel cannot have: nobody opens a call. */
const ABSENT = { phone: ["open_rate", "click_rate"], sms: ["open_rate"] };
const withoutAbsent = (row, channel) => row && { ...row, ...Object.fromEntries((ABSENT[channel] || []).filter((field) => row[field] === 0).map((field) => [field, null])) };
const hasLift = (row) => row && row.lift !== null;

/** Every campaign that is known or has figures, newest end first; without an end its start counts; unknown campaigns last. */
function campaignsOf(view) {
  const known = new Map(view.data.get("campaigns").rows.map((row) => [row.campaign_id, row]));
  const performance = view.data.get("campaign_performance");
  const all = performance.where(["scheme", "segment"], [view.scheme, "all"]);
  const own = new Map((view.segment === "all" ? all : performance.where(["scheme", "segment"], [view.scheme, view.segment])).map((row) => [row.campaign_id, row]));
  const ids = new Set([...known.keys(), ...all.map((row) => row.campaign_id)]);
  const when = (campaign) => campaign.ends_on ?? campaign.starts_on ?? "";
  return [...ids]
    .map((id) => ({ campaign_id: id, campaign_name: id, isUnknown: !known.has(id), ...known.get(id), }))
    .map((campaign) => ({ ...campaign, campaign_name: campaign.campaign_name || campaign.campaign_id, row: withoutAbsent(own.get(campaign.campaign_id), campaign.channel) }))
    .sort((a, b) => (when(a) < when(b) ? 1 : when(a) > when(b) ? -1 : a.campaign_id < b.campaign_id ? -1 : 1));
}

function chosenCampaign(view) {
  const campaigns = campaignsOf(view);
  return campaigns.find((campaign) => campaign.campaign_id === chosen) || campaigns.find((campaign) => campaign.ends_on && campaign.ends_on <= view.asOf) || campaigns[0];
}

const datesOf = ({ isUnknown, channel, starts_on: from, ends_on: to }) =>
  isUnknown ? text.unknown : [channel, from && text.dates(format.date(from), to ? format.date(to) : null)].filter(Boolean).join(" · ");

/**
 * Scale that holds the interval of every row with enough customers and the dot of those with `few` or more: a handful of customers must not
 * flatten the rest. It ends at 100 points, beyond which there is no lift, whatever the normal interval says.
 */
function scaleOf(rows, few) {
  const lifts = rows.filter(hasLift);
  if (lifts.length === 0) return null;
  const held = lifts.filter((row) => Math.min(row.contacted_count, row.control_count) >= few);
  const room = (row) => (isFew(row) ? (row.lift_high - row.lift_low) / 8 : 0);
  return intervalScale(
    (held.length ? held : lifts).map((row) => ({
      low: Math.max(-1, isFew(row) ? row.lift - room(row) : row.lift_low), high: Math.min(1, isFew(row) ? row.lift + room(row) : row.lift_high),
    })),
  );
}

/** Three cells: lift, its interval drawn, its interval in numbers; or one with the reason why there is none. */
function liftCells(view, scale, row) {
  if (!hasLift(row)) {
    const reason = !row || (row.contacted_count === 0 && row.control_count === 0) ? "–" : row.control_count === 0 ? text.noControl : text.noContacted;
    return h("td", { colspan: 3, class: "muted no-lift", text: reason });
  }
  const t = tokens[view.theme];
  // what a handful of customers did is neither good news nor bad
  const tone = isFew(row) ? "muted" : row.lift_low > 0 ? "good" : row.lift_high < 0 ? "bad" : "muted";
  return [
    h("td", { class: `number lift ${tone}`, text: format.points(row.lift) }),
    h("td", { class: "interval" }, whisker(view, scale, { low: row.lift_low, value: row.lift, high: row.lift_high, isFew: isFew(row), colour: t[tone] })),
    limitsCell(text.interval(barePoints(row.lift_low), barePoints(row.lift_high)), isFew(row)),
  ];
}

const liftHeads = (view, scale) => [
  h("th", { scope: "col", class: "number lift", text: text.columns.lift }),
  h("th", { scope: "col", class: "interval" }, h("span", { class: "hidden-text", text: text.columns.drawn }), scale && scaleHead(view, scale, scalePoints)),
  h("th", { scope: "col", class: "limits", text: text.columns.interval }),
];
const count = (value) => h("td", { class: "number", text: format.count(value) });
const rate = (value) => h("td", { class: "number", text: format.rate(value) });
// a return of 100 times the cost and more needs no tenth of a percent
const returns = (value) => h("td", { class: "number", text: Math.abs(value) >= 100 ? format.wholeRate(value) : format.rate(value) });
const amount = (value) => h("td", { class: "number", text: format.wholeAmount(value) });
const head = (column, width = "number") => h("th", { scope: "col", class: width, text: column });
const key = () => h("p", { class: "note", text: text.key(ENOUGH) });

const FIGURES = [
  ["contacted", "contacted_count", format.count], ["control", "control_count", format.count], ["openRate", "open_rate", format.rate], ["clickRate", "click_rate", format.rate],
  ["contactedConversion", "contacted_conversion_rate", format.rate], ["controlConversion", "control_conversion_rate", format.rate], ["lift", "lift", format.points],
  ["low", "lift_low", format.points], ["high", "lift_high", format.points], ["attributed", "attributed_sales_amount", format.amount],
  ["incremental", "incremental_sales_amount", format.amount], ["cost", "cost_amount", format.amount], ["roi", "roi", format.rate], ["roas", "roas", format.ratio],
  ["incrementalRoi", "incremental_roi", format.rate],
];
const figureColumns = FIGURES.map(([column, , formatter]) => ({ name: text.columns[column], format: formatter }));
const figuresOf = (row) => FIGURES.map(([, field]) => row?.[field] ?? null);
const about = FIGURES.map(([column, field]) => [text.columns[column], "fct_campaign_performance", field]);

function empty(view) {
  return campaignsOf(view).length ? null : labels.states.noRows(text.rows, "campaigns");
}

export const campaigns = {
  id: "campaigns",
  section: "campaigns",
  title: text.title,
  needs: ["campaigns", "campaign_performance"],
  follows: ["scheme", "segment"],
  subtitle: (view) => (view.asOf ? text.subtitle(view.segmentRow ? text.atContact(quoted(view.scope)) : labels.all, format.date(view.asOf)) : ""),
  empty,
  draw(body, view, frame) {
    const rows = campaignsOf(view);
    const scale = scaleOf(rows.map((campaign) => campaign.row), 3);
    const open = chosenCampaign(view).campaign_id;
    const choose = (id) => {
      chosen = id;
      campaigns.draw(body, frame.view, frame);
      campaignSegments.frame.draw(frame.view);
    };
    const { columns } = text;
    drawRegion(
      body,
      text.title,
      h(
        "table",
        { class: "board campaign-list" },
        h("caption", { class: "hidden-text", text: text.caption }),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col", class: "first", text: columns.campaign }), head(columns.contacted, "number wide"), head(columns.control), head(columns.openRate), head(columns.contactedConversion, "number wide"),
            head(columns.controlConversion), liftHeads(view, scale), head(columns.attributed, "number money"), head(columns.incremental, "number money"), head(columns.cost, "number money"),
            head(columns.roi, "number wide"), head(columns.incrementalRoi, "number wide"),
          ),
        ),
        h(
          "tbody",
          {},
          rows.map((campaign) => {
            const { campaign_id: id, row } = campaign;
            const isChosen = id === open;
            const figures = [
              count(row?.contacted_count), count(row?.control_count), rate(row?.open_rate), rate(row?.contacted_conversion_rate), rate(row?.control_conversion_rate),
              liftCells(view, scale, row), amount(row?.attributed_sales_amount), amount(row?.incremental_sales_amount), amount(row?.cost_amount), returns(row?.roi), returns(row?.incremental_roi),
            ];
            return h(
              "tr",
              { class: isChosen ? "chosen" : null, data: { campaign: id }, on: { click: () => choose(id) } },
              h(
                "th",
                { scope: "row" },
                h("button", { type: "button", class: "plain", "aria-pressed": String(isChosen), "aria-label": text.choose(campaign.campaign_name), data: { key: id } }, name(campaign.campaign_name)),
                name(datesOf(campaign), { class: "second muted" }),
              ),
              row ? figures : h("td", { colspan: 13, class: "muted", text: text.nobody }),
            );
          }),
        ),
      ),
    );
    if (!body.querySelector(":scope > .note")) body.append(key());
  },
  table: (view) => ({
    columns: [
      { name: text.columns.campaign, text: true }, { name: text.columns.id, text: true }, { name: text.columns.channel, text: true }, { name: text.columns.objective, text: true },
      { name: text.columns.starts, text: true }, { name: text.columns.ends, text: true }, ...figureColumns,
    ],
    rows: campaignsOf(view).map((campaign) => [
      campaign.campaign_name, campaign.campaign_id, campaign.channel ?? null, campaign.objective ?? null, campaign.starts_on ?? null, campaign.ends_on ?? null, ...figuresOf(campaign.row),
    ]),
  }),
  about,
};

/** Groups of the chosen campaign, each with its row. */
function groupRows(view) {
  const campaign = chosenCampaign(view);
  const rows = new Map(view.data.get("campaign_performance").where(["campaign_id", "scheme"], [campaign.campaign_id, view.scheme]).map((row) => [row.segment, row]));
  return { campaign, groups: groupsOf(view, rows.keys()).map((group) => ({ ...group, row: withoutAbsent(rows.get(group.key), campaign.channel) })) };
}

export const campaignSegments = {
  id: "campaign-segments",
  section: "campaigns",
  title: text.bySegment,
  needs: ["campaigns", "campaign_performance"],
  follows: ["scheme", "segment"],
  subtitle: (view) => {
    const campaign = empty(view) ? null : chosenCampaign(view);
    return campaign ? text.segmentSubtitle(quoted(campaign.campaign_name)) : "";
  },
  empty,
  draw(body, view) {
    const { groups } = groupRows(view);
    const scale = scaleOf(groups.map((group) => group.row), 1);
    const { columns } = text;
    drawRegion(
      body,
      text.bySegment,
      h(
        "table",
        { class: "board campaign-segments" },
        h("caption", { class: "hidden-text", text: campaignSegments.subtitle(view) }),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col", class: "first", text: columns.segment }), head(columns.contacted, "number wide"), head(columns.control), head(columns.contactedConversion, "number wide"), head(columns.controlConversion),
            liftHeads(view, scale), head(columns.attributed, "number money"), head(columns.incremental, "number money"), head(columns.cost, "number money"), head(columns.roi, "number wide"), head(columns.incrementalRoi, "number wide"),
          ),
        ),
        h(
          "tbody",
          {},
          groups.map((group) =>
            h(
              "tr",
              { class: [group.key === "all" ? "total" : "", group.key === view.segment && group.segment ? "chosen" : ""].join(" ").trim() || null, data: { segment: group.key } },
              groupCell(view, group),
              group.row
                ? [
                    count(group.row.contacted_count), count(group.row.control_count), rate(group.row.contacted_conversion_rate), rate(group.row.control_conversion_rate),
                    liftCells(view, scale, group.row), amount(group.row.attributed_sales_amount), amount(group.row.incremental_sales_amount), amount(group.row.cost_amount),
                    returns(group.row.roi), returns(group.row.incremental_roi),
                  ]
                : h("td", { colspan: 12, class: "muted", text: text.nobody }),
            ),
          ),
        ),
      ),
    );
    if (!body.querySelector(":scope > .note")) body.append(key());
  },
  table: (view) => {
    const { campaign, groups } = groupRows(view);
    return {
      columns: [{ name: text.columns.campaign, text: true }, { name: text.columns.id, text: true }, { name: text.columns.segment, text: true }, ...figureColumns],
      rows: groups.map((group) => [campaign.campaign_name, campaign.campaign_id, group.label, ...figuresOf(group.row)]),
    };
  },
  about,
};
