// Colours, once for the styles and the charts. Contrast against the card: text 4.5:1 or more, marks 3:1 or more.

export const tokens = {
  light: {
    bg: "#f3f5f7", card: "#ffffff", ink: "#14181f", muted: "#4d5662", faint: "#667080", line: "#e3e7ec", line2: "#c9d0d8",
    selected: "#e6effb", accent: "#0b57b8", good: "#0a6b3b", bad: "#a8320a", slate: "#5b6675",
    total: "#117a37", crm: "#6b21a8", ecommerce: "#1a73d9",
    up: [26, 86, 170], down: [190, 84, 10], neutral: [71, 85, 105],
    segments: {
      navy: ["#113388", "#ffffff"], blue: ["#266dd1", "#ffffff"], teal: ["#076a72", "#ffffff"], green: ["#4fa078", "#0b0e13"],
      sky: ["#129ed1", "#0b0e13"], gold: ["#ba8b06", "#0b0e13"], orange: ["#b6551b", "#ffffff"], rose: ["#b02053", "#ffffff"],
      plum: ["#6e2d52", "#ffffff"], maroon: ["#75261e", "#ffffff"], grey: ["#747b84", "#0b0e13"],
    },
  },
  dark: {
    bg: "#0e1116", card: "#171b21", ink: "#e8eaed", muted: "#a9b1bc", faint: "#8a94a1", line: "#272d36", line2: "#3d4550",
    selected: "#1b2d47", accent: "#7db4ff", good: "#63d297", bad: "#ff9d75", slate: "#94a3b8",
    total: "#4ccb74", crm: "#d8b4fe", ecommerce: "#3d94f0",
    up: [92, 150, 240], down: [240, 140, 70], neutral: [148, 163, 184],
    segments: {
      navy: ["#5662ca", "#ffffff"], blue: ["#4b96e5", "#0b0e13"], teal: ["#4ab8c3", "#0b0e13"], green: ["#7ad4a4", "#0b0e13"],
      sky: ["#9ddbfd", "#0b0e13"], gold: ["#e4b749", "#0b0e13"], orange: ["#e37629", "#0b0e13"], rose: ["#e38191", "#0b0e13"],
      plum: ["#b96cb5", "#0b0e13"], maroon: ["#c64234", "#ffffff"], grey: ["#7b7f86", "#0b0e13"],
    },
  },
};

const prefersDark = matchMedia("(prefers-color-scheme: dark)");

/** Name of the theme in use: what the state says, else what the reader's system prefers. */
export const themeName = (state) => state.theme || (prefersDark.matches ? "dark" : "light");

/** Calls `listener` when the reader's system changes between light and dark. */
export const onSystemTheme = (listener) => prefersDark.addEventListener("change", listener);

/** Writes the tokens as custom properties of the page: `--ink`, `--card` and so on. */
export function applyTheme(name) {
  const root = document.documentElement;
  root.dataset.theme = name;
  for (const [token, value] of Object.entries(tokens[name])) {
    if (typeof value === "string") root.style.setProperty(`--${token}`, value);
    if (Array.isArray(value)) root.style.setProperty(`--${token}`, value.join(" "));
  }
  root.style.colorScheme = name;
}

/** Colour of a segment and of a text on it; a colour that is not in the palette is grey. */
export function segmentColours(name, colour) {
  return tokens[name].segments[colour] || tokens[name].segments.grey;
}

/** `colour` as it looks with the alpha `alpha` over `ground`; both as #rrggbb. */
export function blend(colour, ground, alpha) {
  const part = (text, at) => Number.parseInt(text.slice(at, at + 2), 16);
  return `#${[1, 3, 5].map((at) => Math.round(part(colour, at) * alpha + part(ground, at) * (1 - alpha)).toString(16).padStart(2, "0")).join("")}`;
}

/** A colour given as red, green, blue, with the alpha `alpha` over the card. */
export const tint = (rgb, alpha) => `rgba(${rgb.join(",")},${alpha.toFixed(3)})`;
