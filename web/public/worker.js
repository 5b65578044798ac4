// Keeps the page's own files, so that it opens and says what is wrong when the robot cannot be reached. Nothing of the
// daemon's is ever kept: what it says is only good while it says it.

const SHELL = 'shell-1';
/** Names under /assets/ carry a hash of what is in them; old ones are dropped once there are more than this. */
const KEPT = 80;
/** The daemon is given so long before the page that is kept is shown, ms. */
const PATIENCE_MS = 2500;
const FIXED = ['/manifest.webmanifest', '/icon.svg', '/icon-192.png', '/icon-512.png'];

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(SHELL)
      .then((cache) => cache.addAll(['/', ...FIXED]))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(names.filter((name) => name !== SHELL).map((name) => caches.delete(name))),
      )
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith('/assets/')) event.respondWith(kept(request));
  else if (url.pathname === '/' || FIXED.includes(url.pathname))
    event.respondWith(newest(url.pathname));
});

/** What never changes under its name comes from the cache. */
async function kept(request) {
  const cache = await caches.open(SHELL);
  const known = await cache.match(request);
  if (known !== undefined) return known;
  const answer = await fetch(request);
  if (answer.ok) {
    await cache.put(request, answer.clone());
    await trim(cache);
  }
  return answer;
}

/** What may change comes from the daemon, and from the cache only if that does not answer. */
async function newest(path) {
  const cache = await caches.open(SHELL);
  try {
    const answer = await fetch(path, {
      cache: 'no-cache',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (answer.ok) await cache.put(path, answer.clone());
    return answer;
  } catch (error) {
    const known = await cache.match(path);
    if (known !== undefined) return known;
    throw error;
  }
}

async function trim(cache) {
  const assets = (await cache.keys()).filter(({ url }) =>
    new URL(url).pathname.startsWith('/assets/'),
  );
  await Promise.all(assets.slice(0, -KEPT).map((old) => cache.delete(old)));
}
