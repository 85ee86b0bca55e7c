// One state, kept in the address after #, so that a view can be sent and works by double click. Only what differs from the
// default is written; what is unknown falls back without a word.
import { GRAINS } from "./periods.js";

const DEFAULTS = { scheme: "crm_dashboard", segment: "all", grain: "month", period: "", change: "values", theme: "", section: "overview" };

export class State {
  constructor() {
    this.listeners = [];
    this.values = { ...DEFAULTS };
  }

  /** Reads the address. `known`: {schemes: {scheme: [segments]}, sections, hasPeriod(grain, start)}. */
  read(known) {
    const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
    const values = { ...DEFAULTS };
    if (known.schemes[given.scheme]) values.scheme = given.scheme;
    else if (!known.schemes[values.scheme]) values.scheme = Object.keys(known.schemes)[0] || values.scheme;
    if ((known.schemes[values.scheme] || []).includes(given.segment)) values.segment = given.segment;
    if (GRAINS.includes(given.grain)) values.grain = given.grain;
    if (given.period && known.hasPeriod(values.grain, given.period)) values.period = given.period;
    if (["values", "month", "year"].includes(given.change)) values.change = given.change;
    if (["light", "dark"].includes(given.theme)) values.theme = given.theme;
    if (known.sections.includes(given.section)) values.section = given.section;
    this.values = values;
  }

  get address() {
    const written = Object.entries(this.values).filter(([key, value]) => value !== DEFAULTS[key]);
    return `#${new URLSearchParams(written)}`;
  }

  onChange(listener) {
    this.listeners.push(listener);
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
