// Fails the build when the first route weighs more than its budget for anybody: in either language, signed in or not. What
// index.html names counts, with the words of one language and the form for the access key, which come on demand, and with all
// that any of these imports statically. What else comes on demand does not. No page may carry anything inline.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const KIB = 1024;
const budget = { js: 60 * KIB, css: 12 * KIB };
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
    const bytes = [...files]
      .filter((file) => file.endsWith(`.${kind}`))
      .reduce((sum, file) => sum + weight(file), 0);
    const line = `first route in ${language}, ${kind}: ${(bytes / KIB).toFixed(1)} of ${budget[kind] / KIB} KiB gzipped`;
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

function weight(file) {
  return gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;
}
