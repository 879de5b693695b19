import { describe, expect, test } from 'vitest'
import { natsPlaceOf } from './nats-place.ts'

describe('which NATS', () => {
  test.each([
    ['nats://a', { servers: ['a:4222'], tls: false, login: null }],
    ['nats://127.0.0.1:9', { servers: ['127.0.0.1:9'], tls: false, login: null }],
    ['nats://[::1]:4222/', { servers: ['[::1]:4222'], tls: false, login: null }],
    ['nats://a,nats://b:1, c', { servers: ['a:4222', 'b:1', 'c:4222'], tls: false, login: null }],
    ['tls://a,b', { servers: ['a:4222', 'b:4222'], tls: true, login: null }],
    [
      'nats://me:p%40ss@a,nats://b',
      { servers: ['a:4222', 'b:4222'], tls: false, login: { by: 'password', user: 'me', password: 'p@ss' } },
    ],
    ['nats://s3cret@a', { servers: ['a:4222'], tls: false, login: { by: 'token', token: 's3cret' } }],
  ])('%s', (text, place) => expect(natsPlaceOf(text)).toEqual(place))

  test.each([
    '',
    'a:4222',
    'http://a',
    'nats://',
    'nats://a:0',
    'nats://a:65536',
    'nats://a/b',
    'nats://a?x=1',
    'nats://a,,b',
    'nats://a b',
    'nats://@a',
    'nats://:pass@a',
    'nats://a:b:c@d',
    'nats://%zz@a',
    'nats://[1.2.3.4]',
    'nats://me:one@a,nats://me:two@b',
    'nats://a,tls://b',
    `nats://${Array(17).fill('a').join(',')}`,
  ])('%s is none', text => expect(natsPlaceOf(text)).toBeUndefined())
})
