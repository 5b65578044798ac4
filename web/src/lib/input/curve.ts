/** Nothing inside the dead zone, then from 0 to 1 without a jump; `expo` bends it towards the centre. */
export function curve(value: number, deadzone: number, expo: number): number {
  if (!Number.isFinite(value)) return 0;
  const way = Math.min(1, Math.abs(value));
  if (way <= deadzone) return 0;
  const past = (way - deadzone) / (1 - deadzone);
  return Math.sign(value) * (past * (1 - expo) + past ** 3 * expo);
}
