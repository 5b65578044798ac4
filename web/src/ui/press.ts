// Pointers, Enter and whatever presses buttons for people, as presses and as controls that are held.

/** Acts when the press goes down, not up; a click that no pointer made counts as well. */
export function onPress(button: HTMLButtonElement, press: () => void): void {
  button.addEventListener('pointerdown', press);
  button.addEventListener('click', (event) => {
    if (event.detail === 0) press();
  });
}

/**
 * Held for as long as a pointer or Enter is down on it. Each pointer is a control of its own. What this gives back lets all of
 * them go: a button that is taken away hears of no pointer that goes up.
 */
export function onHold(
  button: HTMLButtonElement,
  press: (control: string) => void,
  release: (control: string) => void,
): () => void {
  const down = new Set<string>();
  const hold = (control: string): void => {
    down.add(control);
    press(control);
  };
  const letGo = (control: string): void => {
    if (down.delete(control)) release(control);
  };
  const pointer = (event: PointerEvent): string => `${button.id}:${event.pointerId}`;
  button.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    // The pointer stays this button's, even where a trembling hand slides off it.
    button.setPointerCapture(event.pointerId);
    hold(pointer(event));
  });
  for (const end of ['pointerup', 'pointercancel', 'lostpointercapture'] as const) {
    button.addEventListener(end, (event) => letGo(pointer(event)));
  }
  // A long press is a press, no menu.
  button.addEventListener('contextmenu', (event) => event.preventDefault());

  const enter = `${button.id}:enter`;
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    // Else it would stop what it has just begun, as every other key does.
    event.stopPropagation();
    if (!event.repeat) hold(enter);
  });
  button.addEventListener('keyup', (event) => {
    if (event.key === 'Enter') letGo(enter);
  });
  button.addEventListener('blur', () => letGo(enter));
  return () => {
    for (const control of [...down]) letGo(control);
  };
}
