import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const daemon = process.env['HAVATAR_URL'] ?? 'http://127.0.0.1:8080';

/** What a look at the module graph needs of the bundler. */
interface Graph {
  getModuleInfo: (id: string) => { importers: readonly string[]; isEntry: boolean } | null;
}

/** Whether the entry imports this module statically, at whatever distance. */
function isFirstRoute(id: string, graph: Graph, seen = new Set<string>()): boolean {
  if (seen.has(id)) return false;
  seen.add(id);
  const info = graph.getModuleInfo(id);
  if (info === null) return false;
  return info.isEntry || info.importers.some((by) => isFirstRoute(by, graph, seen));
}

/**
 * Vite's own helper preloads what a lazy chunk needs beside itself. With the styles in one file and no preloaded modules that is
 * nothing, so the first route does without its code.
 */
const withoutPreload: Plugin = {
  name: 'without-preload',
  enforce: 'pre',
  load: (id) =>
    id === '\0vite/preload-helper.js' ? 'export const __vitePreload = (load) => load();' : null,
};

export default defineConfig({
  plugins: [svelte(), withoutPreload],
  build: {
    target: 'es2022',
    // A small file inlined as a data: address would break `default-src 'self'`.
    assetsInlineLimit: 0,
    modulePreload: false,
    // The styles of all parts in one file, within their budget: lazy chunks then have nothing to fetch beside themselves.
    cssCodeSplit: false,
    sourcemap: false,
    reportCompressedSize: false,
    // One chunk for the first route: in one piece it compresses better and needs fewer requests.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: (id, graph) => (isFirstRoute(id, graph) ? 'first' : null) }],
        },
      },
    },
  },
  server: { proxy: { '/api': { target: daemon, ws: true }, '/hls': { target: daemon } } },
});
