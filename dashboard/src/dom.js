/**
 * Makes an element. Children are nodes or text; text never becomes markup, whatever a name in the data contains.
 * Attributes: `class`, `text`, `on` ({event: listener}), `data` ({name: value}), everything else as it is; null and false leave it out.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "style") element.style.cssText = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A name from the data: isolated, so that a right-to-left name does not turn its surroundings, and whole on hover. */
export const name = (text, attributes = {}) => h("bdi", { title: text, ...attributes, class: `name ${attributes.class || ""}`, text });

/** Replaces what is in `element`. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const controlsOf = (place) => [...place.querySelectorAll("button, select, a[href], [tabindex='0']")].filter((control) => !control.disabled && control.checkVisibility());
const nameOf = (control) => control.dataset.key ?? control.dataset.value ?? control.getAttribute("aria-label") ?? control.textContent;

/**
 * Remembers the control of `place` that is in focus. Call what is returned once `place` has been redrawn: the control that took its place is focused;
 * where there is none, or it cannot be used, the one beside it, or `place` itself. So the keyboard never falls back to the top of the page.
 */
export function heldFocus(place) {
  const had = document.activeElement;
  if (had === place || !place.contains(had)) return () => {};
  const at = controlsOf(place).indexOf(had);
  return () => {
    if (document.activeElement !== document.body) return;
    const controls = controlsOf(place);
    const isSame = (control) => control && nameOf(control) === nameOf(had);
    const next = isSame(controls[at]) ? controls[at] : controls.find(isSame) || controls[Math.min(at, controls.length - 1)] || place;
    next.focus({ preventScroll: true });
  };
}

/** Replaces what is in `element`, and keeps the focus. */
export function refill(element, ...children) {
  const restoreFocus = heldFocus(element);
  fill(element, ...children);
  restoreFocus();
}

/** Listener of a table's body: arrows, Home and End go from the button of one row to that of another. */
export function moveInRows(event) {
  const buttons = [...event.currentTarget.rows].map((row) => row.querySelector("button")).filter(Boolean);
  const at = buttons.indexOf(event.target);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (at < 0 || next === undefined) return;
  event.preventDefault();
  buttons[Math.min(Math.max(next, 0), buttons.length - 1)].focus();
}

/** Offers `blob` as a download named `fileName`. */
export function download(fileName, blob) {
  const link = h("a", { href: URL.createObjectURL(blob), download: fileName });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** One group of buttons of which one is pressed. `options`: [[value, label], …]. */
export function choice(label, options, chosen, onChoose) {
  return h(
    "div",
    { class: "choice", role: "group", "aria-label": label },
    options.map(([value, text]) =>
      h("button", {
        type: "button", text, "aria-pressed": String(value === chosen), data: { value }, on: { click: () => onChoose(value) },
      }),
    ),
  );
}
