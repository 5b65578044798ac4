/** Reads a remembered setting; null where storage is refused. */
export function read(storage: Storage | null, key: string): string | null {
  try {
    return storage?.getItem(key) ?? null;
  } catch {
    return null;
  }
}

/** Remembers a setting; null forgets it. A browser that refuses storage just does not remember. */
export function write(storage: Storage | null, key: string, value: string | null): void {
  try {
    if (value === null) storage?.removeItem(key);
    else storage?.setItem(key, value);
  } catch {
    // Private mode or a full disk: the setting lives as long as the page.
  }
}

/** The browser's storage, or null where even asking for it is refused. */
export function localStore(): Storage | null {
  return asked(() => window.localStorage);
}

/** The storage of this tab, which lasts over a reload; null where even asking for it is refused. */
export function tabStore(): Storage | null {
  return asked(() => window.sessionStorage);
}

function asked(storage: () => Storage): Storage | null {
  try {
    return storage();
  } catch {
    return null;
  }
}
