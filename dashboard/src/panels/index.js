import { branch, category, channel } from "./dimensions.js";
import { grid } from "./grid.js";
import { horizons } from "./horizons.js";
import { list } from "./list.js";
import { flows, migration } from "./migration.js";
import { campaignSegments, campaigns } from "./campaigns.js";
import { kpiBoard } from "./kpi-board.js";
import { periodTable } from "./period-table.js";
import { profile } from "./profile.js";
import { split } from "./split.js";
import { timing } from "./timing.js";
import { trend } from "./trend.js";

/** Every panel, in the order of the page. */
export const panels = [
  periodTable, trend, split,
  migration, flows, category, branch, channel, horizons, profile, timing, grid, list,
  kpiBoard,
  campaigns, campaignSegments,
];
