import { defineConfig } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

// One dist/index.html with the code, the styles and the font in it; scripts/build_site.py adds the data.
export default defineConfig({
  base: "./",
  plugins: [viteSingleFile({ removeViteModuleLoader: true })],
  build: {
    target: "es2022",
    assetsInlineLimit: Number.MAX_SAFE_INTEGER,
    chunkSizeWarningLimit: 2000,
    sourcemap: false,
    modulePreload: false,
    reportCompressedSize: false,
  },
});
