// What is sent to the robot's loudspeaker, packed for little delay: a change to the answer's SDP.

import { sectionsOf } from './sdp';

/**
 * An answer that asks our own Opus encoder for packets of `packetMs`, one channel, and no silence left out: an encoder
 * follows what the far end says it would like to receive. Answers without Opus stay as they are.
 */
export function lowLatencyOpus(answer: string, packetMs: number): string {
  const out: string[] = [];
  for (const section of sectionsOf(answer)) {
    if (section.media !== null) out.push(section.media);
    const type = section.lines
      .map((line) => /^a=rtpmap:(\d+) opus\//i.exec(line)?.[1])
      .find((found) => found !== undefined);
    if (type === undefined) {
      out.push(...section.lines);
      continue;
    }
    const format = `a=fmtp:${type} `;
    const given = section.lines.find((line) => line.startsWith(format))?.slice(format.length) ?? '';
    const ours = { minptime: `${packetMs}`, stereo: '0', usedtx: '0', useinbandfec: '1' };
    const kept = given
      .split(';')
      .map((one) => one.trim())
      .filter((one) => one !== '' && !((one.split('=')[0] ?? '') in ours));
    const wished = Object.entries(ours).map(([name, wish]) => `${name}=${wish}`);
    const lines = section.lines.filter(
      (line) => !line.startsWith(format) && !/^a=(max)?ptime:/.test(line),
    );
    const at = lines.findIndex((line) => line.startsWith(`a=rtpmap:${type} `)) + 1;
    lines.splice(at, 0, format + [...kept, ...wished].join(';'), `a=ptime:${packetMs}`);
    out.push(...lines);
  }
  return `${out.join('\r\n')}\r\n`;
}
