// Where a client's address may lead: to the public Internet, whatever the address looks like and whatever a name means.
import type { LookupAddress } from 'node:dns'
import { expect, test } from 'vitest'
import { ForbiddenAddress, guardedLookup, isForbiddenHost, isPublic } from './addresses.ts'

test.each([
  ['this host', ['127.0.0.1', '127.255.255.254', '0.0.0.0', '0.1.2.3', '::1', '::']],
  ['private networks', ['10.0.0.1', '172.16.0.1', '192.168.1.1', 'fc00::1', 'fd12::1', 'fec0::1']],
  ['the link', ['169.254.169.254', 'fe80::1']],
  ['a provider', ['100.64.0.1', '168.63.129.16', 'fd00:ec2::254']],
  ['many', ['224.0.0.1', '239.1.1.1', '255.255.255.255', 'ff02::1']],
  [
    'nobody',
    ['192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '240.0.0.1', '2001:db8::1', '100::1', '4000::1'],
  ],
  [
    'IPv4 in the clothes of IPv6',
    ['::ffff:127.0.0.1', '::ffff:a00:1', '::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::a00:1'],
  ],
  ['IPv4 behind a tunnel', ['2002:7f00:1::', '2001:0:53aa:64c::', '2001:20::1', '192.88.99.1']],
  ['no address', ['', 'localhost', '127.0.0.1.example', '1.2.3.4.5', '::g']],
])('%s is not public', (_, addresses) => {
  expect(addresses.filter(isPublic)).toEqual([])
})

test('what is given out in the Internet is public', () => {
  for (const address of ['1.1.1.1', '8.8.8.8', '93.184.216.34', '2606:4700::1111', '::ffff:8.8.8.8'])
    expect([address, isPublic(address)]).toEqual([address, true])
})

test.each([
  'http://0x7f.1',
  'http://2130706433',
  'http://0177.0.0.1',
  'http://127.1',
  'http://①②⑦.0.0.1',
  'http://[::1]',
])('a URL that spells an address in another way is read as the address: %s', url => {
  expect(isForbiddenHost(new URL(url).hostname)).toBe(true)
})

type Found = { readonly error: unknown; readonly address: string | LookupAddress[] }

/** What a socket is given that looks a name up which means these addresses. */
function found(addresses: readonly string[], all: boolean, failure: Error | null = null): Promise<Found> {
  const means = addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))
  const lookup = guardedLookup((_host, _options, done) => done(failure, means))
  return new Promise(resolve => {
    lookup('name.example', { all }, (error, address) => resolve({ error, address }))
  })
}

test.each([true, false])('a name is refused when any of its addresses lies inside (all: %s)', async all => {
  for (const addresses of [['127.0.0.1'], ['8.8.8.8', '10.0.0.1'], ['2606:4700::1111', '::ffff:169.254.169.254'], []])
    expect((await found(addresses, all)).error).toBeInstanceOf(ForbiddenAddress)
  const good = await found(['8.8.8.8', '2606:4700::1111'], all)
  const [first] = Array.isArray(good.address) ? good.address.map(({ address }) => address) : [good.address]
  expect([good.error, first]).toEqual([null, '8.8.8.8'])
  const failure = new Error('no such host')
  expect((await found([], all, failure)).error).toBe(failure)
})
