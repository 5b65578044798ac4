// Draws public/icon-*.png from public/icon.svg with Chromium. Run by hand when the icon changes; the results are committed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const chromium = process.env.HAVATAR_CHROMIUM ?? '/usr/bin/chromium';
const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'public');
const icon = readFileSync(join(folder, 'icon.svg'), 'utf8');
const place = mkdtempSync(join(tmpdir(), 'havatar-icons-'));

/** A maskable icon may lose a tenth on every side: it fills the square, and what it shows is smaller. */
const drawings = [
  ['icon-192.png', 192, 1],
  ['icon-512.png', 512, 1],
  ['icon-mask.png', 512, 0.7],
];
for (const [name, size, scale] of drawings) {
  const page = join(place, `${name}.html`);
  const ground = scale < 1 ? '#10161a' : 'transparent';
  writeFileSync(
    page,
    `<!doctype html><body style="margin:0;background:${ground};height:${size}px;display:grid;place-items:center">
    <div style="width:${size * scale}px;height:${size * scale}px">${icon.replace('<svg ', '<svg width="100%" height="100%" ')}</div>`,
  );
  execFileSync(chromium, [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--default-background-color=00000000',
    `--user-data-dir=${join(place, 'profile')}`,
    `--window-size=${size},${size}`,
    `--screenshot=${join(folder, name)}`,
    `file://${page}`,
  ]);
}
rmSync(place, { recursive: true, force: true });
