import { expect, test } from 'vitest';
import { speak } from '../i18n/spoken';
import { problemSentence, sayLine } from './drive-view';

test('two sentences are said one after the other, with their names', async () => {
  const spoken = await speak('en');
  const line = [{ key: 'stopped.stop' }, { key: 'ended.to', who: 'Ana' }];
  const said = sayLine(line, spoken, () => '');
  expect(said).toBe(
    `${spoken.drive.text('stopped.stop')} ${spoken.drive.text('ended.to', { driver: 'Ana' })}`,
  );
});

test('a problem that driving has words for is told by those, any other as the page knows it', async () => {
  const spoken = await speak('en');
  const say = (code: string) => `said of ${code}`;
  const of = (status: number, code: string, known = false) =>
    problemSentence({ status, code }, known, spoken, say);
  expect(of(409, 'lease_held')).toBe(spoken.drive.text('refusal.lease_held'));
  expect(of(503, 'busy')).toBe('said of busy');
  expect(of(0, 'network')).toBe(spoken.drive.text('problem.network'));
  expect(of(0, 'network', true)).toBe(spoken.drive.text('problem.other'));
});
