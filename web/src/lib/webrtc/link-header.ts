/**
 * Reads the ICE servers from a `Link` header (RFC 9725, section 4.6). `fetch` joins repeated headers with commas,
 * and both addresses and credentials may hold commas, so this walks the text instead of splitting it.
 * Links with another `rel` and addresses that are not STUN or TURN are left out.
 */
export function iceServersFromLink(header: string | null): RTCIceServer[] {
  const servers: RTCIceServer[] = [];
  let rest = header ?? '';
  for (;;) {
    const target = /^[\s,]*<([^>]*)>/.exec(rest);
    if (!target) return servers;
    rest = rest.slice(target[0].length);
    const params = new Map<string, string>();
    for (;;) {
      const param = /^\s*;\s*([\w-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/.exec(rest);
      if (!param) break;
      rest = rest.slice(param[0].length);
      const value = param[2]?.replace(/\\(.)/g, '$1') ?? param[3] ?? '';
      params.set((param[1] ?? '').toLowerCase(), value);
    }
    const url = target[1] ?? '';
    if (params.get('rel') !== 'ice-server' || !/^(stun|turn)s?:/i.test(url)) continue;
    const server: RTCIceServer = { urls: url };
    const username = params.get('username');
    const credential = params.get('credential');
    if (username !== undefined) server.username = username;
    if (credential !== undefined) server.credential = credential;
    servers.push(server);
  }
}
