// Fails the build when the first route weighs more than its budget: in either language, signed in or not. It measures the variants
// that the daemon sends (scripts/compress.mjs). What index.html names counts, with the words of one language and the form for the
// access key, which come on demand, and with all that any of these imports statically. What else comes on demand does not. No page
// may carry anything inline.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const KIB = 1024;
const budget = { js: 50 * KIB, css: 12 * KIB };
const languages = { Romanian: 'romanian', English: 'english' };
const onDemand = ['SignIn'];
const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');

// Vite's own word for what it built. It is none of the page's files, and would be served with them.
const manifest = JSON.parse(readFileSync(join(dist, '.vite', 'manifest.json'), 'utf8'));
rmSync(join(dist, '.vite'), { recursive: true });

const html = readFileSync(join(dist, 'index.html'), 'utf8');
const named = [...html.matchAll(/(?:src|href)="\/?([^"]+\.(?:js|css))"/g)].map((m) => m[1]);

let over = false;
for (const [language, words] of Object.entries(languages)) {
  const files = new Set(named);
  for (const name of ['index', words, ...onDemand]) gather(chunk(name), files);
  for (const kind of ['js', 'css']) {
    const sent = (suffix) =>
      [...files]
        .filter((file) => file.endsWith(`.${kind}`))
        .reduce((sum, file) => sum + weight(file, suffix), 0);
    const bytes = sent('gz');
    const kib = (n) => (n / KIB).toFixed(1);
    const line = `first route in ${language}, ${kind}: ${kib(bytes)} of ${budget[kind] / KIB} KiB gzipped, ${kib(sent('br'))} by brotli`;
    if (bytes === 0 || bytes > budget[kind]) {
      console.error(`${line}: ${bytes === 0 ? 'nothing found' : 'over budget'}`);
      over = true;
    } else {
      console.log(line);
    }
  }
}
for (const name of readdirSync(dist).filter((file) => file.endsWith('.html'))) {
  const page = readFileSync(join(dist, name), 'utf8');
  if (!/<script(?![^>]*\bsrc=)|<style|\sstyle="|\son[a-z]+="/.test(page)) continue;
  console.error(
    `${name} carries an inline script, style or handler: the content security policy blocks it`,
  );
  over = true;
}
process.exit(over ? 1 : 0);

/** The one chunk of this name, which is the name of the module that it was made for. */
function chunk(name) {
  const found = Object.values(manifest).filter((one) => one.name === name);
  if (found.length !== 1) throw new Error(`${found.length} chunks are called ${name}, not one`);
  return found[0];
}

/** A chunk with its styles, and all that it imports statically. */
function gather({ file, css = [], imports = [] }, files, seen = new Set()) {
  if (seen.has(file)) return;
  seen.add(file);
  for (const one of [file, ...css]) files.add(one);
  for (const key of imports) gather(manifest[key], files, seen);
}

/** What is sent of a file to a browser that takes this encoding. */
function weight(file, suffix) {
  const path = join(dist, file);
  const variant = `${path}.${suffix}`;
  return statSync(existsSync(variant) ? variant : path).size;
}
