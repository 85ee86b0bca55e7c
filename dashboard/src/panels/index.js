import { campaignSegments, campaigns } from "./campaigns.js";
import { churn } from "./churn.js";
import { cohorts } from "./cohorts.js";
import { kpiBoard } from "./kpi-board.js";
import { leads } from "./leads.js";
import { periodTable } from "./period-table.js";
import { satisfaction } from "./satisfaction.js";
import { split } from "./split.js";
import { trend } from "./trend.js";
import { valueRisk } from "./value-risk.js";

/** Every panel, in the order of the page. */
export const panels = [
  periodTable, trend, split,
  kpiBoard,
  campaigns, campaignSegments,
  cohorts, valueRisk, churn,
  leads, satisfaction,
];
