// Charts: Apache ECharts, drawn as SVG. One chart per place, updated instead of made anew.
import { BarChart, LineChart, PieChart, SankeyChart } from "echarts/charts";
import { AriaComponent, GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { tokens } from "./theme.js";

echarts.use([AriaComponent, BarChart, GridComponent, LineChart, MarkLineComponent, PieChart, SankeyChart, SVGRenderer, TooltipComponent]);

const still = matchMedia("(prefers-reduced-motion: reduce)");

function fit(place) {
  const chart = echarts.getInstanceByDom(place);
  const { clientWidth: width, clientHeight: height } = place;
  if (!chart || !width || !height || (chart.getWidth() === width && chart.getHeight() === height)) return;
  // another size is not another figure: nothing moves
  place.isResized = true;
  chart.resize({ animation: { duration: 0 } });
  place.dispatchEvent(new CustomEvent("chart-resized"));
  place.isResized = false;
}

const resizing = new ResizeObserver((entries) => entries.forEach(({ target }) => fit(target)));

/** Fits every chart to its place at once. */
export const fitCharts = () => document.querySelectorAll(".chart").forEach(fit);

export const font = '"Inter Variable", system-ui, sans-serif';

/**
 * Draws `option` into `element`, or updates what is there. `label` is the sentence a screen reader says.
 * Returns the chart.
 */
export function draw(element, option, label) {
  let chart = echarts.getInstanceByDom(element);
  const isNew = !chart;
  if (isNew) {
    chart = echarts.init(element, null, { renderer: "svg" });
    resizing.observe(element);
  }
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", label);
  chart.setOption(
    {
      animation: !isNew && !still.matches && !element.isResized,
      animationDuration: 0,
      animationDurationUpdate: 150,
      textStyle: { fontFamily: font, fontSize: 12 },
      ...option,
    },
    isNew ? {} : { replaceMerge: ["series", "xAxis", "yAxis", "grid"] },
  );
  return chart;
}

export function dispose(element) {
  const chart = echarts.getInstanceByDom(element);
  if (chart) {
    resizing.unobserve(element);
    chart.dispose();
  }
}

/** Upper end and step of an axis from 0 with four or five round ticks: steps of 1, 2, 2.5 or 5. */
export function roundScale(highest) {
  if (!(highest > 0)) return { max: 1, interval: 1 };
  const rough = highest / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const interval = [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= rough - power * 1e-9);
  return { max: Math.ceil(highest / interval - 1e-9) * interval, interval };
}

/** Value axis from 0 with light lines. */
export function valueAxis(themeName, highest, formatter, extra = {}) {
  const t = tokens[themeName];
  return {
    type: "value", min: 0, ...roundScale(highest), axisLabel: { formatter, color: t.muted, fontSize: 12 }, splitLine: { lineStyle: { color: t.line } },
    axisLine: { show: false }, axisTick: { show: false }, ...extra,
  };
}

/** Tooltip that looks like the page. */
export function tooltip(themeName, extra = {}) {
  const t = tokens[themeName];
  return {
    backgroundColor: t.card, borderColor: t.line2, textStyle: { color: t.ink, fontSize: 12, fontFamily: font }, confine: true, padding: [8, 10], transitionDuration: 0, ...extra,
  };
}
