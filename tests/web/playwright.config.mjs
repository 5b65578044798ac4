// The page in a real Chromium, in front of the real daemon, MediaMTX, ffmpeg and simulated camera.
import { defineConfig } from '@playwright/test'
import { flags } from '../bench/lib/browser.mjs'
import { chromium } from '../bench/lib/programs.mjs'

export default defineConfig({
  testDir: 'specs',
  testMatch: '*.spec.mjs',
  outputDir: process.env.HAVATAR_TEST_RESULTS ?? '../../test-results/web',
  snapshotPathTemplate: '{testDir}/../snapshots/{arg}{ext}',
  fullyParallel: true,
  // Each test waits half of its time, and has a small video to encode and to decode.
  workers: 2,
  projects: [
    { name: 'together', grepInvert: /@alone/ },
    // What is measured in ms or listened to has the machine to itself.
    { name: 'alone', grep: /@alone/, dependencies: ['together'], workers: 1 },
  ],
  retries: 0,
  forbidOnly: true,
  timeout: 90_000,
  expect: { timeout: 10_000 },
  reporter: 'list',
  use: {
    browserName: 'chromium',
    headless: true,
    viewport: { width: 1280, height: 720 },
    locale: 'ro-RO',
    launchOptions: { executablePath: chromium, args: flags },
  },
})
