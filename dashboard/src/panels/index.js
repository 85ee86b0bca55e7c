import { campaignSegments, campaigns } from "./campaigns.js";
import { churn } from "./churn.js";
import { cohorts } from "./cohorts.js";
import { branch, category, channel } from "./dimensions.js";
import { grid } from "./grid.js";
import { horizons } from "./horizons.js";
import { kpiBoard } from "./kpi-board.js";
import { leads } from "./leads.js";
import { list } from "./list.js";
import { flows, migration } from "./migration.js";
import { periodTable } from "./period-table.js";
import { profile } from "./profile.js";
import { satisfaction } from "./satisfaction.js";
import { split } from "./split.js";
import { timing } from "./timing.js";
import { trend } from "./trend.js";
import { valueRisk } from "./value-risk.js";

/** Every panel, in the order of the page. */
export const panels = [
  periodTable, trend, split,
  migration, flows, category, branch, channel, horizons, profile, timing, grid, list,
  kpiBoard,
  campaigns, campaignSegments,
  cohorts, valueRisk, churn,
  leads, satisfaction,
];
