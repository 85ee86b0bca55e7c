// A KPI against its target: one rule for the cards and the board.
import { format } from "../format.js";

/** As good as there: half a point, or half a percent of the target. */
const CLOSE = 0.005;

/** What a KPI lacks to its target or has beyond it: a rate in points of its own, everything else as a share of the target. null where that is 0. */
export const gapOf = ({ value, target, variance }, isRate) => (isRate && value !== null && target !== null ? value - target : variance);

export const gapText = (row, isRate) => (isRate ? format.points : format.change)(gapOf(row, isRate));

/** `✓` or `✗`; `≈` where a target is met that closely. Whether it is good news is never told by colour alone. */
export function glyphOf(row, isRate) {
  const gap = gapOf(row, isRate);
  if (!row.is_favourable) return "✗";
  return gap !== null && Math.abs(gap) < CLOSE ? "≈" : "✓";
}
