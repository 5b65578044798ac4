// Fails the build when the first route weighs more than its budget. Everything that index.html names, and
// every chunk that those import statically, counts; what is imported on demand does not. No page may carry anything
// inline.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const KIB = 1024;
const budget = { js: 60 * KIB, css: 12 * KIB };
const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');

const html = readFileSync(join(dist, 'index.html'), 'utf8');
const queue = [...html.matchAll(/(?:src|href)="\/?([^"]+\.(?:js|css))"/g)].map((m) => m[1]);
const weight = { js: 0, css: 0 };
const seen = new Set();
while (queue.length > 0) {
  const name = queue.pop();
  const path = join(dist, name);
  if (seen.has(name) || !existsSync(path)) continue;
  seen.add(name);
  const text = readFileSync(path);
  const kind = name.endsWith('.css') ? 'css' : 'js';
  weight[kind] += gzipSync(text, { level: 9 }).length;
  if (kind === 'js') {
    for (const m of text.toString('utf8').matchAll(/(?:from|import)\s*["'](\.[^"']+\.js)["']/g)) {
      queue.push(normalize(join(dirname(name), m[1])));
    }
  }
}

let over = false;
for (const name of readdirSync(dist).filter((file) => file.endsWith('.html'))) {
  const page = readFileSync(join(dist, name), 'utf8');
  if (!/<script(?![^>]*\bsrc=)|<style|\sstyle="|\son[a-z]+="/.test(page)) continue;
  console.error(
    `${name} carries an inline script, style or handler: the content security policy blocks it`,
  );
  over = true;
}
for (const kind of ['js', 'css']) {
  const line = `first route ${kind}: ${(weight[kind] / KIB).toFixed(1)} of ${budget[kind] / KIB} KiB gzipped`;
  if (weight[kind] === 0) {
    console.error(`${line}: nothing found in dist/index.html`);
    over = true;
  } else if (weight[kind] > budget[kind]) {
    console.error(`${line}: over budget`);
    over = true;
  } else {
    console.log(line);
  }
}
process.exit(over ? 1 : 0);
