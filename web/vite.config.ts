import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const daemon = process.env['HAVATAR_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // A small file inlined as a data: address would break `default-src 'self'`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
    // Each page is an entry of its own, so that the first one carries nothing of the others.
    rollupOptions: { input: ['index.html', 'drive.html'] },
  },
  server: { proxy: { '/api': { target: daemon, ws: true }, '/hls': { target: daemon } } },
});
