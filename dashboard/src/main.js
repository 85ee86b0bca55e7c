// The page: reads the address and the data, draws what is in sight, and follows the reader's choices.
import "./style.css";
import { fitCharts } from "./charts.js";
import { Data, ReadError } from "./data.js";
import { choice, fill, h, name, refill } from "./dom.js";
import { format, setFormats } from "./format.js";
import { labels } from "./labels.js";
import { PanelFrame } from "./panel.js";
import { panels } from "./panels/index.js";
import { drawCards } from "./panels/cards.js";
import { GRAINS, lastDay, startOf } from "./periods.js";
import { State } from "./state.js";
import { applyTheme, onSystemTheme, segmentColours, themeName } from "./theme.js";
import { makeView } from "./view.js";

const SECTIONS = ["overview", "segments", "board", "campaigns", "customers", "service"];

class Page {
  constructor(data) {
    this.data = data;
    this.state = new State();
    this.settings = data.get("settings").rows[0] || {};
    setFormats(this.settings);
    this.frames = panels.map((panel) => new PanelFrame(panel, this));
    this.inSight = new Set();
    this.build();
    this.readAddress();
    this.state.onChange((changed) => this.follow(changed));
    addEventListener("hashchange", () => {
      const { section } = this.state.values;
      this.readAddress();
      this.draw();
      if (this.state.values.section !== section) this.goTo(this.state.values.section);
    });
    onSystemTheme(() => this.draw());
    addEventListener("beforeprint", () => {
      document.documentElement.classList.add("printing");
      this.draw();
      for (const frame of this.frames) if (frame.isStale) frame.draw(this.view);
      fitCharts();
    });
    addEventListener("afterprint", () => {
      document.documentElement.classList.remove("printing");
      this.draw();
      fitCharts();
    });
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && event.target.tagName !== "SELECT") this.escape();
    });
  }

  /** Applies a choice and measures how long it takes until the browser has drawn it. */
  choose(changes) {
    performance.mark("choice");
    requestAnimationFrame(() => {
      setTimeout(() => performance.measure(changes.segment ? "segment" : "choice", "choice"), 0);
    });
    this.state.set(changes);
  }

  readAddress() {
    const schemes = new Map();
    for (const { scheme, segment } of this.data.get("segments").rows) schemes.set(scheme, [...(schemes.get(scheme) || []), segment]);
    const kpis = this.data.get("period_kpis");
    this.state.read({ schemes, sections: SECTIONS, hasPeriod: (grain, start) => kpis.where(["period_grain"], [grain]).some((row) => row.period_start_date === start) });
  }

  build() {
    this.title = h("h1", { text: labels.title });
    this.period = h("div", { class: "period", role: "group", "aria-label": labels.period.label });
    this.scope = h("div", { class: "scope", "aria-live": "polite", tabindex: "-1" });
    this.schemes = h("div", { class: "labelled" });
    this.grains = h("div", {});
    this.themeButton = h("button", { type: "button", class: "icon", text: "◐", on: { click: () => this.switchTheme() } });
    this.sectionMenu = h(
      "select",
      { "aria-label": labels.goTo, on: { change: () => this.choose({ section: this.sectionMenu.value }) } },
      SECTIONS.map((section) => h("option", { value: section, text: labels.menu[section] })),
    );
    this.cards = h("div", { class: "cards" });
    this.sections = new Map(
      SECTIONS.map((section) => [
        section,
        h(
          "section",
          { class: `section ${section}`, id: `section-${section}`, "aria-label": labels.sections[section] },
          section === "overview" ? [] : h("h2", { text: labels.sections[section], tabindex: "-1" }),
          h("div", { class: "panels" }, this.frames.filter((frame) => frame.panel.section === section).map((frame) => frame.element)),
        ),
      ]),
    );
    this.footer = h("footer", {});
    this.about = h("dialog", { class: "about", "aria-labelledby": "about-title" });
    document.body.replaceChildren(
      h("a", { class: "skip", href: "#", text: labels.skip, on: { click: (event) => { event.preventDefault(); document.getElementById("periods").focus(); } } }),
      (this.bar = h(
        "div",
        { class: "bar" },
        this.title, this.period, this.grains, this.scope, h("span", { class: "grow" }), this.schemes, this.sectionMenu,
        h("a", { class: "button", href: "../docs/index.html", text: labels.docs }),
        this.themeButton, h("button", { type: "button", text: labels.print, on: { click: () => print() } }),
      )),
      h("main", {}, this.cards, ...this.sections.values()),
      this.footer,
      this.about,
    );
    const sight = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          const frame = this.frames.find((candidate) => candidate.element === target);
          if (isIntersecting) this.inSight.add(frame);
          else this.inSight.delete(frame);
          if (isIntersecting && frame.isStale && this.view) frame.draw(this.view);
        }
      },
      { rootMargin: "300px 0px" },
    );
    for (const frame of this.frames) sight.observe(frame.element);
    // the bar stays on top and takes more lines on a narrow screen: what is scrolled to stands below it
    new ResizeObserver(() => document.documentElement.style.setProperty("--bar", `${this.bar.offsetHeight}px`)).observe(this.bar);
  }

  follow(changed) {
    this.draw(changed);
    if (changed.includes("section")) this.goTo(this.state.values.section);
  }

  /** Draws everything in sight that follows what has changed; the rest when it comes into sight. */
  draw(changed = null) {
    const isOnPaper = document.documentElement.classList.contains("printing");
    const theme = isOnPaper ? "light" : themeName(this.state.values);
    applyTheme(theme);
    this.view = makeView(this.data, this.settings, this.state.values, theme, (changes) => this.choose(changes));
    if (!this.view.isReady) {
      // a segment was chosen before its figures were there: no figures of all customers under its name
      this.data.load("segment_periods").then(() => this.draw()).catch(fail);
      return;
    }
    const { period } = this.view;
    if (period && this.state.values.period && this.state.values.period !== period.start) {
      // a day that is not kept for the segment
      this.state.correct({ period: period.start });
      changed?.push("period");
    }
    this.drawBar();
    drawCards(this.cards, this.view, (title, about) => this.showAbout(title, about));
    const later = [];
    for (const frame of this.frames) {
      frame.setTitle(this.view);
      const follows = !changed || changed.includes("theme") || frame.panel.follows.some((key) => changed.includes(key));
      if (follows) frame.isStale = true;
      else frame.view = this.view;
      if (!frame.isStale) continue;
      if (frame.panel.section === "overview") frame.draw(this.view);
      else if (this.inSight.has(frame)) later.push(frame);
    }
    this.drawLater(later);
  }

  /** What is below the first view is drawn in the next frame, so that a choice is answered at once. */
  drawLater(frames) {
    const { view } = this;
    document.documentElement.dataset.drawn = "first-view";
    requestAnimationFrame(() =>
      setTimeout(() => {
        if (this.view !== view) return;
        for (const frame of frames) if (frame.isStale) frame.draw(view);
        if (this.isLoaded) document.documentElement.dataset.drawn = "all";
      }, 0),
    );
  }

  drawBar() {
    const { view } = this;
    const at = view.periods.findIndex((row) => row === view.period);
    const step = (offset, text, label) =>
      h("button", {
        type: "button", text, "aria-label": label, disabled: !view.periods[at + offset], on: { click: () => this.choose({ period: view.periods[at + offset].start }) },
      });
    refill(
      this.period,
      step(-1, "‹", labels.period.earlier),
      h("span", { class: "chosen-period", "aria-live": "polite", text: view.period ? view.period.name : "–" }),
      step(1, "›", labels.period.later),
    );
    this.redrawChoice(this.grains, "grains", labels.grains.label, GRAINS.map((grain) => [grain, labels.grains[grain]]), view.grain, (grain) => this.chooseGrain(grain));
    this.redrawChoice(
      this.schemes, "schemes", labels.schemes.label, [...view.segmentsOf.keys()].map((scheme) => [scheme, labels.schemes[scheme] || scheme]), view.scheme,
      (scheme) => this.choose({ scheme, segment: "all" }),
    );
    const segment = view.segmentRow;
    refill(
      this.scope,
      segment
        ? h(
            "button",
            { type: "button", class: "chip", title: labels.clear, "aria-label": `${labels.only} ${segment.segment}. ${labels.clear}`, on: { click: () => this.choose({ segment: "all" }) } },
            h("i", { class: "dot", style: `background:${segmentColours(view.theme, segment.colour)[0]}` }), `${labels.only} `, h("b", {}, name(segment.segment)),
            h("span", { class: "cross", "aria-hidden": "true", text: "×" }),
          )
        : h("span", { class: "all", text: labels.all }),
    );
    this.scope.classList.toggle("chosen", Boolean(segment));
    this.sectionMenu.value = view.section;
    this.themeButton.setAttribute("aria-label", labels.theme[view.theme === "dark" ? "light" : "dark"]);
    this.themeButton.title = labels.theme[view.theme === "dark" ? "light" : "dark"];
    fill(
      this.footer,
      h("p", { text: labels.footer(format.date(view.asOf), this.settings.currency || "", this.settings.reporting_timezone || "") }),
      this.settings.rfm_method === "quantile" && h("p", { text: labels.quantile }),
      this.settings.vip_definition === "loyalty_member" && h("p", { text: labels.loyaltyMember }),
    );
    document.title = [segment?.segment, labels.title].filter(Boolean).join(" – ");
  }

  redrawChoice(place, key, label, options, chosen, onChoose) {
    if (!place.hasChildNodes()) fill(place, h("span", { class: key === "schemes" ? "" : "hidden-text", text: label }), choice(label, options, chosen, onChoose));
    for (const button of place.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.value === chosen));
  }

  /** Another grain keeps the day looked at: the period of that grain that holds the last day of the chosen one. */
  chooseGrain(grain) {
    const { period, asOf } = this.view;
    if (!period || !this.state.values.period) return this.choose({ grain, period: "" });
    const end = lastDay(this.view.grain, period.start);
    return this.choose({ grain, period: startOf(grain, end > asOf ? asOf : end) });
  }

  /** Closes what lies on top; where nothing does, shows all customers again. The browser itself closes a dialog. */
  escape() {
    const popover = document.querySelector(".popover:not([hidden])");
    if (popover) popover.hidden = true;
    else if (!this.about.open) this.choose({ segment: "all" });
  }

  switchTheme() {
    this.choose({ theme: this.view.theme === "dark" ? "light" : "dark" });
  }

  /** Leads to a section once everything down to it is drawn: what is drawn later would push it away. */
  async goTo(section) {
    const above = SECTIONS.slice(0, SECTIONS.indexOf(section) + 1);
    await Promise.all(this.frames.filter((frame) => frame.isStale && above.includes(frame.panel.section)).map((frame) => frame.draw(this.view)));
    if (this.state.values.section !== section) return;
    const heading = this.sections.get(section).querySelector("h2");
    // the cards stand above the first section, which has no heading
    (heading || document.body).scrollIntoView({ block: "start" });
    (heading || document.getElementById("periods")).focus({ preventScroll: true });
  }

  /** What the documentation says of figures, and the way to it. */
  showAbout(title, about) {
    const marts = [...new Set(about.map(([, mart]) => mart))];
    fill(
      this.about,
      h("h2", { id: "about-title", text: `${labels.more.about}: ${title}` }),
      h("dl", {}, about.map(([figure, mart, column]) => [h("dt", {}, figure, h("code", { text: `${mart}.${column}` })), h("dd", { text: this.data.about(mart, column) })])),
      h("p", {}, marts.map((mart) => [h("a", { href: `../docs/index.html#!/model/model.clientele.${mart}`, text: labels.more.inDocs(mart) }), h("br")]).flat()),
      h("button", { type: "button", text: labels.more.close, on: { click: () => this.about.close() } }),
    );
    this.about.showModal();
  }
}

/** Says what is wrong in place of the page. */
function fail(error) {
  const { failed, failedPage } = labels.states;
  const reason = error instanceof ReadError ? failed(error.message) : error.message;
  document.body.replaceChildren(h("p", { class: "says", role: "alert", text: `${failedPage} ${reason}` }));
  throw error;
}

async function start() {
  const data = await Data.open();
  const missing = ["settings", "segments", "period_kpis", "sales_trend"].map((table) => data.missing(table)).find(Boolean);
  if (missing) {
    document.body.replaceChildren(h("p", { class: "says", text: labels.states.missingMart(missing) }));
    return;
  }
  await Promise.all(data.names(true).map((table) => data.load(table)));
  const page = new Page(data);
  const { section, segment } = page.state.values;
  if (segment !== "all") await data.load("segment_periods");
  page.draw();
  await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 0)));
  performance.mark("first-view");
  await Promise.allSettled(data.names(false).map((table) => data.load(table)));
  page.isLoaded = true;
  page.draw();
  if (section !== "overview") page.goTo(section);
}

start().catch(fail);
