/** -60 dB and less is nothing to look at; 0 dB is all of it. */
export function loudness(db: number | null): number {
  return db === null ? 0 : Math.min(1, Math.max(0, (db + 60) / 60));
}
