import type { PanelWords } from '../../i18n/panel';
import type { SpeedNotice } from '../../lib/drive/speed-notice';

/**
 * Why the robot goes slowly, or does not go, in one line. Empty where the sentence of driving already says it.
 */
export function noticeWords(notice: SpeedNotice, words: PanelWords): string {
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
    default:
      return '';
  }
}
