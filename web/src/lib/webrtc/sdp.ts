// The little of SDP that trickle ICE over HTTP needs (RFC 8840 fragments). No browser object is touched here.

/** A candidate as the browser reports it. */
export interface Candidate {
  candidate: string;
  sdpMid: string | null;
}

export interface Section {
  media: string | null;
  lines: string[];
}

/**
 * The body of a trickle PATCH: the ICE credentials of `sdp` (our own description) and, under each medium, its
 * new candidates. Media without a candidate are left out, unless `withAllMedia`, as an ICE restart wants.
 */
export function iceFragment(
  sdp: string,
  candidates: readonly Candidate[],
  options: { end?: boolean; withAllMedia?: boolean } = {},
): string {
  const sections = sectionsOf(sdp);
  const out: string[] = [];
  const owner = sections.find(
    (s) => value(s, 'ice-ufrag') !== null && value(s, 'ice-pwd') !== null,
  );
  if (owner) {
    out.push(`a=ice-ufrag:${value(owner, 'ice-ufrag')}`, `a=ice-pwd:${value(owner, 'ice-pwd')}`);
  }
  const media = sections.filter((s) => s.media !== null);
  const first = media[0] ? value(media[0], 'mid') : null;
  for (const section of media) {
    const mid = value(section, 'mid');
    if (mid === null) continue;
    const own = candidates.filter((c) => (c.sdpMid ?? first) === mid && c.candidate !== '');
    const ends = options.end === true && mid === first;
    if (own.length === 0 && !ends && options.withAllMedia !== true) continue;
    out.push(section.media ?? '', `a=mid:${mid}`);
    for (const c of own) out.push(`a=${c.candidate}`);
    if (ends) out.push('a=end-of-candidates');
  }
  return `${out.join('\r\n')}\r\n`;
}

/**
 * The answer after an ICE restart: `answer` as first given, with the credentials and candidates replaced by
 * those of the fragment that the restart's PATCH was answered with. Null if the fragment has no credentials.
 */
export function restartedAnswer(answer: string, fragment: string): string | null {
  const given = sectionsOf(fragment);
  const owner = given.find((s) => value(s, 'ice-ufrag') !== null && value(s, 'ice-pwd') !== null);
  if (!owner) return null;
  const ufrag = value(owner, 'ice-ufrag');
  const pwd = value(owner, 'ice-pwd');
  const candidates = given.flatMap((s) => s.lines.filter((l) => l.startsWith('a=candidate:')));
  const out: string[] = [];
  let placed = false;
  for (const section of sectionsOf(answer)) {
    if (section.media !== null) out.push(section.media);
    for (const line of section.lines) {
      if (line.startsWith('a=ice-ufrag:')) out.push(`a=ice-ufrag:${ufrag}`);
      else if (line.startsWith('a=ice-pwd:')) out.push(`a=ice-pwd:${pwd}`);
      else if (!/^a=(candidate:|end-of-candidates)/.test(line)) out.push(line);
    }
    if (section.media !== null && !placed) {
      out.push(...candidates);
      placed = true;
    }
  }
  return `${out.join('\r\n')}\r\n`;
}

/** The session's lines, then one section per medium. */
export function sectionsOf(sdp: string): Section[] {
  const sections: Section[] = [{ media: null, lines: [] }];
  for (const line of sdp.split(/\r?\n/)) {
    if (line === '') continue;
    if (line.startsWith('m=')) sections.push({ media: line, lines: [] });
    else sections.at(-1)?.lines.push(line);
  }
  return sections;
}

function value(section: Section, name: string): string | null {
  const prefix = `a=${name}:`;
  const line = section.lines.find((l) => l.startsWith(prefix));
  return line === undefined ? null : line.slice(prefix.length);
}
