/** `http://10.0.0.2:52500`, nothing behind it that a path could not follow, and no password for `ps` to show. */
export function isPlaneUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') return false;
  return url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}

/** Two ways of writing one address are one address: case, a default port, a slash at the end. */
export function normalUrl(text: string): string {
  return (URL.parse(text)?.href ?? text).replace(/\/+$/, '');
}

/** `::1` stands in brackets in a URL. */
export function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
