// A panel as PNG: what the browser shows, painted once more: grounds, charts, texts.

/** Canvas with what `element` shows, at twice its size, under the line `title`. */
export async function paint(element, title) {
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(document.documentElement);
  const head = 34;
  const canvas = document.createElement("canvas");
  canvas.width = box.width * 2;
  canvas.height = (box.height + head) * 2;
  const context = canvas.getContext("2d");
  context.scale(2, 2);
  context.fillStyle = style.getPropertyValue("--card");
  context.fillRect(0, 0, box.width, box.height + head);
  context.fillStyle = style.getPropertyValue("--ink");
  context.font = `600 14px ${getComputedStyle(document.body).fontFamily}`;
  context.fillText(title, 10, 22);
  context.translate(-box.left, head - box.top);
  await paintElement(context, element);
  return canvas;
}

async function paintElement(context, element) {
  const style = getComputedStyle(element);
  if (style.display === "none" || style.visibility === "hidden") return;
  const box = element.getBoundingClientRect();
  if (element instanceof SVGSVGElement) {
    context.drawImage(await asImage(element, box), box.left, box.top, box.width, box.height);
    return;
  }
  context.globalAlpha = opacityOf(element);
  if (style.backgroundColor !== "rgba(0, 0, 0, 0)") {
    context.fillStyle = style.backgroundColor;
    context.beginPath();
    context.roundRect(box.left, box.top, box.width, box.height, Number.parseFloat(style.borderRadius) || 0);
    context.fill();
  }
  if (Number.parseFloat(style.borderBottomWidth) > 0 && style.borderBottomStyle !== "none") {
    context.fillStyle = style.borderBottomColor;
    context.fillRect(box.left, box.bottom - 1, box.width, 1);
  }
  // what is scrolled out of sight is not painted over its neighbours
  const clips = style.overflowY !== "visible";
  if (clips) {
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
  }
  for (const child of element.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) paintText(context, child, element, style);
    else if (child.nodeType === Node.ELEMENT_NODE) await paintElement(context, child);
  }
  if (clips) context.restore();
}

function paintText(context, node, parent, style) {
  if (!node.data.trim()) return;
  const range = document.createRange();
  const bounds = parent.getBoundingClientRect();
  context.save();
  context.beginPath();
  context.rect(bounds.left - 1, bounds.top - 2, bounds.width + 2, bounds.height + 4);
  if (style.overflow !== "visible") context.clip();
  context.globalAlpha = opacityOf(parent);
  context.fillStyle = style.color;
  context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  context.direction = style.direction;
  context.textBaseline = "middle";
  // line by line: the words of a text node whose boxes share a top
  let line = null;
  const words = node.data.matchAll(/\S+\s*/g);
  const lines = [];
  for (const word of words) {
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].trimEnd().length);
    const rect = range.getBoundingClientRect();
    if (!line || Math.abs(rect.top - line.rect.top) > 2) lines.push((line = { rect, text: "", right: rect.right }));
    line.text += word[0];
    line.right = Math.max(line.right, rect.right);
    if (line.text.length > 2000) break;
  }
  for (const { rect, text, right } of lines) {
    const rightToLeft = style.direction === "rtl";
    context.textAlign = rightToLeft ? "right" : "left";
    context.fillText(text.trimEnd(), rightToLeft ? right : rect.left, rect.top + rect.height / 2);
  }
  context.restore();
}

function opacityOf(element) {
  let opacity = 1;
  for (let at = element; at && at !== document.body; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
  return opacity;
}

function asImage(svg, box) {
  const copy = svg.cloneNode(true);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", box.width);
  copy.setAttribute("height", box.height);
  const style = getComputedStyle(svg);
  copy.style.color = style.color;
  copy.style.fontFamily = style.fontFamily;
  // the page's styles do not reach into the copy
  const copies = copy.querySelectorAll("[class]");
  svg.querySelectorAll("[class]").forEach((part, i) => {
    const own = getComputedStyle(part);
    for (const property of ["fill", "stroke", "stroke-width", "stroke-dasharray"]) copies[i].style.setProperty(property, own.getPropertyValue(property));
  });
  const image = new Image();
  return new Promise((resolve, reject) => {
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("the chart could not be drawn as an image"));
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  });
}
