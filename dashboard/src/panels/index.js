import { campaignSegments, campaigns } from "./campaigns.js";
import { kpiBoard } from "./kpi-board.js";
import { periodTable } from "./period-table.js";
import { split } from "./split.js";
import { trend } from "./trend.js";

/** Every panel, in the order of the page. */
export const panels = [
  periodTable, trend, split,
  kpiBoard,
  campaigns, campaignSegments,
];
