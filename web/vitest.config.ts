import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  // Styles are nothing to the tests, but for the file whose contrasts are held.
  test: {
    css: { include: /tokens\.css/ },
    environment: 'node',
    include: ['src/**/*.test.ts'],
    restoreMocks: true,
  },
});
