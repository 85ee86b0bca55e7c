// One state, kept in the address after #, so that a view can be sent and works by double click. Only what differs from the
// default is written; what is unknown falls back without a word.
import { GRAINS } from "./periods.js";

const DEFAULTS = { scheme: "crm_dashboard", segment: "all", grain: "month", period: "", change: "values", theme: "", section: "overview" };

export class State {
  constructor() {
    this.listeners = [];
    this.values = { ...DEFAULTS };
  }

  /** Reads the address. `known`: {schemes: a Map of scheme to [segments], sections, hasPeriod(grain, start)}. */
  read(known) {
    const given = new URLSearchParams(location.hash.slice(1));
    const oneOf = (key, allowed) => (allowed.includes(given.get(key)) ? given.get(key) : values[key]);
    const values = { ...DEFAULTS };
    if (!known.schemes.has(values.scheme)) values.scheme = [...known.schemes.keys()][0] || values.scheme;
    values.scheme = oneOf("scheme", [...known.schemes.keys()]);
    values.segment = oneOf("segment", known.schemes.get(values.scheme) || []);
    values.grain = oneOf("grain", GRAINS);
    if (known.hasPeriod(values.grain, given.get("period"))) values.period = given.get("period");
    values.change = oneOf("change", ["values", "month", "year"]);
    values.theme = oneOf("theme", ["light", "dark"]);
    values.section = oneOf("section", known.sections);
    this.values = values;
  }

  get address() {
    const written = Object.entries(this.values).filter(([key, value]) => value !== DEFAULTS[key]);
    return `#${new URLSearchParams(written)}`;
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  /** Corrects what cannot be shown, in the address too: the browser's way back does not lead to it. */
  correct(changes) {
    Object.assign(this.values, changes);
    history.replaceState(null, "", this.address);
  }

  /** Changes the state and the address; listeners get the keys that changed. The browser's way back leads to the view before. */
  set(changes) {
    const changed = Object.keys(changes).filter((key) => this.values[key] !== changes[key]);
    if (changed.length === 0) return;
    Object.assign(this.values, changes);
    history.pushState(null, "", this.address);
    for (const listener of this.listeners) listener(changed);
  }
}
