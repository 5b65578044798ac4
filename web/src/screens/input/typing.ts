/** Whether an event is meant for a field of the page. */
export function typing({ target }: Event): boolean {
  return (
    target instanceof HTMLTextAreaElement ||
    (target instanceof HTMLInputElement && !['checkbox', 'button'].includes(target.type))
  );
}
