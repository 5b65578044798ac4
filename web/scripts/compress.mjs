// Puts a brotli and a gzip variant beside each text file of dist/, for the daemon to serve as they are. A variant that saves less
// than a tenth is left out: the daemon then sends the file itself.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const TEXT = ['.css', '.html', '.js', '.json', '.svg', '.webmanifest'];
const WORTH = 0.9;
const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');

for (const path of walk(dist)) {
  if (!TEXT.includes(extname(path))) continue;
  const bytes = readFileSync(path);
  const variants = {
    br: brotliCompressSync(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
    gz: gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }),
  };
  for (const [suffix, variant] of Object.entries(variants)) {
    if (variant.length < bytes.length * WORTH) writeFileSync(`${path}.${suffix}`, variant);
  }
}

function walk(folder) {
  return readdirSync(folder).flatMap((name) => {
    // Vite's manifest is not served.
    if (name.startsWith('.')) return [];
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}
