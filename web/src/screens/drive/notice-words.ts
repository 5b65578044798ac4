import type { NowWords } from '../../i18n/now';
import type { PanelWords } from '../../i18n/panel';
import { type SpeedNotice, speedNotice } from '../../lib/drive/speed-notice';
import type { ScreenModel } from '../model/screen-model.svelte';

/** What limits this driver now, in words; null if nothing does. */
export function noticeOf({
  driving,
  locale,
}: ScreenModel): { code: SpeedNotice['code']; words: string } | null {
  const notice = speedNotice(driving.state, driving.pictureMs);
  if (notice === null) return null;
  return { code: notice.code, words: noticeWords(notice, locale.panel, locale.now) };
}

/**
 * Why the robot goes slowly, or does not go, in one line. Empty where the sentence of driving already says it.
 */
export function noticeWords(notice: SpeedNotice, words: PanelWords, now: NowWords): string {
  switch (notice.code) {
    case 'slow':
    case 'steps_only':
    case 'lag_too_long':
      return words.text(`lag.${notice.code}`, {
        what: words.text(`lag.cause.${notice.cause}`),
        ms: Math.round(notice.ms),
        ...(notice.code === 'slow' && { percent: notice.percent }),
      });
    case 'picture_stale':
      return words.text('lag.picture_stale', { ms: Math.round(notice.ms) });
    case 'picture_unknown':
      return words.text('lag.picture_unknown');
    case 'lifting':
      return now.text('lag.lifting');
    default:
      return '';
  }
}
