// A panel: heading, one line that says what it is for, its picture, and one button for table, CSV, PNG and "about these numbers".
//
// A panel is described by an object:
//   id         its place on the page, and its element's id
//   section    the section it belongs to
//   title      text, or a function of the view
//   needs      names of tables it reads
//   parts      optional: view -> [[table, values of split_by], …]
//   follows    what changes it: some of scheme, segment, grain, period, change (theme always does)
//   subtitle   view -> text
//   empty      optional: view -> sentence to show instead, or null
//   controls   optional: view -> nodes for the heading
//   draw       (body, view, frame) draws or updates the picture; may return a promise
//   table      view -> {columns: [{name, format, text}], rows: [[value, …], …]}: what the picture shows, in full; where that is too much for
//              the page: its first rows, a `note` that says so, and all rows in `blocks` for the CSV
//   fileWords  optional: view -> words of the name of a downloaded file that say what is in it, where scheme, segment and period do not
//   about      [[name of the figure, mart, column], …], or a function of the view
import { dispose } from "./charts.js";
import { toCsv } from "./csv.js";
import { download, fill, h, heldFocus } from "./dom.js";
import { paint } from "./image.js";
import { labels } from "./labels.js";

const aboutOf = (panel, view) => (typeof panel.about === "function" ? panel.about(view) : panel.about);
const titleOf = (panel, view) => (typeof panel.title === "function" ? panel.title(view) : panel.title);

export class PanelFrame {
  constructor(panel, page) {
    this.panel = panel;
    panel.frame = this;
    this.page = page;
    this.asTable = false;
    this.isStale = true;
    this.title = h("h3", { id: `${panel.id}-title` });
    this.subtitle = h("p", { class: "subtitle" });
    this.controls = h("div", { class: "controls" });
    this.menu = this.makeMenu();
    this.body = h("div", { class: "body" });
    this.element = h(
      "section",
      { class: "panel", id: panel.id, "aria-labelledby": `${panel.id}-title`, tabindex: "-1" },
      h("header", {}, h("div", { class: "heading" }, this.title, this.subtitle), this.controls, this.menu),
      this.body,
    );
  }

  makeMenu() {
    this.items = h("div", { class: "menu-items", role: "menu", hidden: true });
    this.button = h("button", {
      type: "button", class: "more", "aria-haspopup": "menu", "aria-expanded": "false", text: "⋯", on: { click: () => this.toggleMenu() },
    });
    const menu = h("div", { class: "menu" }, this.button, this.items);
    menu.addEventListener("keydown", (event) => {
      const entries = [...this.items.children];
      const at = entries.indexOf(document.activeElement);
      if (event.key === "Escape" && !this.items.hidden) {
        event.stopPropagation();
        this.toggleMenu(false);
        this.button.focus();
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        entries[(at + (event.key === "ArrowDown" ? 1 : entries.length - 1)) % entries.length]?.focus();
      }
    });
    menu.addEventListener("focusout", (event) => {
      if (!menu.contains(event.relatedTarget)) this.toggleMenu(false);
    });
    return menu;
  }

  toggleMenu(open = this.items.hidden) {
    this.items.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    const { more } = labels;
    const entry = (text, action) =>
      h("button", { type: "button", role: "menuitem", text, on: { click: () => { this.toggleMenu(false); this.button.focus(); action(); } } });
    fill(
      this.items,
      this.panel.table && entry(this.asTable ? more.chart : more.table, () => { this.asTable = !this.asTable; this.draw(this.view); }),
      this.panel.table && entry(more.csv, () => this.downloadCsv()),
      entry(more.png, () => this.downloadPng()),
      this.panel.about && entry(more.about, () => this.page.showAbout(titleOf(this.panel, this.view), aboutOf(this.panel, this.view))),
    );
    this.items.firstChild.focus();
  }

  fileName(extension) {
    const { scheme, segment, grain, period, asOf } = this.view;
    const follows = (key) => this.panel.follows.includes(key);
    const shown = () => [
      follows("segment") && segment !== "all" ? `${scheme} ${segment}` : "", ...(follows("period") ? [grain, period?.start] : ["as of", asOf]),
    ];
    const words = [this.panel.id, ...(this.panel.fileWords?.(this.view) || shown())].filter(Boolean).join(" ");
    return `${words.toLowerCase().replace(/[^a-z0-9-]+/g, "-").slice(0, 120)}.${extension}`;
  }

  async downloadCsv() {
    const { columns, rows, blocks = [rows] } = await this.panel.table(this.view);
    download(this.fileName("csv"), new Blob(await toCsv(columns, blocks), { type: "text/csv;charset=utf-8" }));
  }

  async downloadPng() {
    const canvas = await paint(this.element);
    canvas.toBlob((blob) => download(this.fileName("png"), blob), "image/png");
  }

  /** Names the panel, long before it is drawn. */
  setTitle(view) {
    const title = titleOf(this.panel, view);
    this.title.textContent = title;
    this.button.setAttribute("aria-label", labels.more.label(title));
  }

  /** Draws the panel for `view`; settled once it is drawn, or gives way to another view. */
  async draw(view) {
    this.view = view;
    const { panel } = this;
    this.setTitle(view);
    const tables = [...panel.needs.map((name) => [name, []]), ...(panel.parts?.(view) || [])];
    const waiting = tables.filter(([name, values]) => !view.data.get(name, values));
    if (waiting.length) {
      if (!this.body.hasChildNodes()) this.say(labels.states.loading);
      try {
        await Promise.all(waiting.map(([name, values]) => (values.length ? view.data.loadPart(name, values) : view.data.load(name))));
      } catch (error) {
        this.say(labels.states.failed(error.message));
        return;
      }
      if (this.view !== view) return;
    }
    this.isStale = false;
    const missing = panel.needs.concat((panel.parts?.(view) || []).map(([name]) => name)).map((name) => view.data.missing(name)).find(Boolean);
    const sentence = missing ? labels.states.missingMart(missing) : panel.empty?.(view);
    const restoreFocus = heldFocus(this.element);
    this.subtitle.textContent = panel.subtitle?.(view) || "";
    fill(this.controls, sentence ? [] : panel.controls?.(view) || []);
    this.menu.hidden = Boolean(sentence);
    if (sentence) this.say(sentence);
    else if (this.asTable) await this.drawTable();
    else {
      if (this.shown !== "picture") this.clear();
      this.shown = "picture";
      this.body.classList.remove("as-table", "says");
      await panel.draw(this.body, view, this);
    }
    restoreFocus();
  }

  clear() {
    for (const chart of this.body.querySelectorAll("[role=img]")) dispose(chart);
    fill(this.body);
  }

  say(sentence) {
    this.clear();
    this.shown = "sentence";
    this.body.classList.add("says");
    this.body.append(h("p", { class: "says", text: sentence }));
  }

  async drawTable() {
    const { columns, rows, note } = await this.panel.table(this.view);
    this.clear();
    this.shown = "table";
    this.body.classList.remove("says");
    this.body.classList.add("as-table");
    this.body.append(dataTable(columns, rows, titleOf(this.panel, this.view)));
    if (note) this.body.append(h("p", { class: "note", text: note }));
  }
}

/** A plain table. `columns`: [{name, format, text}]; a column with `text` is aligned left, others are numbers. */
export function dataTable(columns, rows, caption) {
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      { class: "data" },
      h("caption", { class: "hidden-text", text: caption }),
      h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col", class: column.text ? "text" : "number", text: column.name })))),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            row.map((value, i) => {
              const { text, format } = columns[i];
              const shown = format ? format(value) : (value ?? "–");
              return h("td", { class: text ? "text" : "number" }, text ? h("bdi", { class: "name", title: String(value ?? ""), text: shown }) : String(shown));
            }),
          ),
        ),
      ),
    ),
  );
}
