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
  // Two at a time on two cores were tried: the robot rolls on while its driver's page waits for the processor.
  workers: 1,
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
