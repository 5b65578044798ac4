import type { Clock } from './clock';

const AGAIN_MS = 1000;

/**
 * A part that a page cannot be used without, however long it takes. Some browsers keep a failed import for the life of a page,
 * so `reload`, which loads it anew if it can, comes after each try but the first.
 */
export async function retriedImport<Part>(
  fetched: () => Promise<Part>,
  clock: Clock,
  reload: () => Promise<void>,
): Promise<Part> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await fetched();
    } catch {
      if (tries > 0) await reload().catch(() => undefined);
      await new Promise<void>((resolve) => clock.after(AGAIN_MS, resolve));
    }
  }
}
