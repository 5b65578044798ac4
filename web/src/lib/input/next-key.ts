// Learns which key a person's switch sends: the next one that is pressed, whatever it is.

/** `pass`: the key means what it always does, and another is waited for. */
export type KeyVerdict = 'take' | 'pass' | 'cancel';

/**
 * Calls `done` once: with the next key that `judge` takes, as `KeyboardEvent.key` names it, or with null when `judge` cancels.
 * The result ends the waiting without a word.
 */
export function nextKey(
  target: EventTarget,
  judge: (key: string) => KeyVerdict,
  done: (key: string | null) => void,
): () => void {
  const end = (): void => target.removeEventListener('keydown', onKey, { capture: true });
  const onKey = (raw: globalThis.Event): void => {
    const event = raw as KeyboardEvent;
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    const verdict = judge(event.key);
    if (verdict === 'pass') return;
    end();
    // A switch is not to press what has the focus, or what is highlighted, as well.
    if (verdict === 'take') {
      event.preventDefault();
      event.stopPropagation();
    }
    done(verdict === 'take' ? event.key : null);
  };
  target.addEventListener('keydown', onKey, { capture: true });
  return end;
}
