import { expect, test } from 'vitest';
import { reportedUrl } from './reported-url.ts';

test.each([
  ['where it says', 'http://Studio:5/', '10.0.0.9', 'http://studio:5'],
  ['where its report came from', null, '10.0.0.9', 'http://10.0.0.9:7'],
  ['an IPv4 caller of a socket for both', null, '::ffff:10.0.0.9', 'http://10.0.0.9:7'],
  ['an IPv6 caller', null, 'fd00::2', 'http://[fd00::2]:7'],
  ['a link-local caller: no URL holds its interface', null, 'fe80::1%eth0', null],
  ['no socket', null, null, null],
])('%s', (_, url, from, expected) => {
  expect(reportedUrl({ url, port: 7 }, from)).toBe(expected);
});
