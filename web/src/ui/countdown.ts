// A time that runs out, in whole seconds and as it is written: the same in both languages.

/** Never less than a second before it is over. */
export function secondsUntil(until: number, now: number): number {
  return Math.max(0, Math.ceil((until - now) / 1000));
}

/** When one second less is left, from now, in ms; a second once it is over. */
export function untilNextSecond(until: number, now: number): number {
  const left = until - now;
  return left <= 0 ? 1000 : left - (Math.ceil(left / 1000) - 1) * 1000;
}

export function writtenTime(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  const parts = [minutes > 0 ? `${minutes}\u00a0min` : '', rest > 0 ? `${rest}\u00a0s` : ''];
  return parts.filter((part) => part !== '').join(' ') || '0\u00a0s';
}
