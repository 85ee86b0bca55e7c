// A panel as PNG: the browser lays it out once more, in an image, with the page's styles and font; what is scrolled out of sight is in it too.

/** Pixels of a side that every browser can paint. */
const GREATEST = 16_000;

/** Canvas with `panel`, at twice its size where that can be painted. */
export async function paint(panel) {
  const copy = panel.cloneNode(true);
  copy.classList.add("picture");
  for (const control of copy.querySelectorAll(".menu, .choice, select, .popover")) control.remove();
  const { width, height } = spread(copy, panel.getBoundingClientRect());
  const image = await load(asSvg(copy, width, height));
  const scale = Math.min(2, GREATEST / width, GREATEST / height);
  const canvas = document.createElement("canvas");
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext("2d");
  context.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Makes `copy` as wide and high as all that is in it, at least as the panel is on the screen; returns its size. */
function spread(copy, onScreen) {
  document.body.append(copy);
  copy.style.width = `${onScreen.width}px`;
  copy.style.minHeight = `${onScreen.height}px`;
  const hidden = Math.max(0, ...[...copy.querySelectorAll(".scroll")].map((region) => region.scrollWidth - region.clientWidth));
  copy.style.width = `${onScreen.width + hidden}px`;
  const { width, height } = copy.getBoundingClientRect();
  copy.remove();
  return { width: Math.ceil(width), height: Math.ceil(height) };
}

function asSvg(copy, width, height) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const frame = document.createElementNS(svg.namespaceURI, "foreignObject");
  for (const element of [svg, frame]) {
    element.setAttribute("width", width);
    element.setAttribute("height", height);
  }
  const styles = document.createElement("style");
  styles.textContent = [...document.styleSheets].flatMap((sheet) => rulesOf(sheet.cssRules)).join("\n");
  // the page's own elements, without what else is in them, carry its theme
  const root = document.documentElement.cloneNode(false);
  const body = document.body.cloneNode(false);
  body.append(copy);
  root.append(styles, body);
  frame.append(root);
  svg.append(frame);
  return svg;
}

/** Text of the rules that hold now: an image has another width than the window. */
const rulesOf = (rules) =>
  [...rules].flatMap((rule) => (rule instanceof CSSMediaRule ? (matchMedia(rule.conditionText).matches ? rulesOf(rule.cssRules) : []) : [rule.cssText]));

// XML has no signs for these, whatever a name in the data contains
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

async function load(svg) {
  const text = new XMLSerializer().serializeToString(svg).replace(NOT_IN_XML, "").toWellFormed();
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  return image;
}
