import { describe, expect, test } from 'vitest'
import { isNative, isRedirect, isRegistered } from './redirects.ts'

describe('an address to be sent to', () => {
  test.each([
    'http://localhost:8080/callback',
    'http://127.0.0.1/callback',
    'http://[::1]:9/cb?x=1',
    'https://app.example/cb',
    'com.example.app:/callback',
  ])('%s may be registered', text => expect(isRedirect(text)).toBe(true))

  test.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    '/callback',
    '//evil.example/cb',
    'https://user:pass@app.example/cb',
    'https://user@app.example/cb',
    'https://app.example/cb#fragment',
    'https://app.example/cb\nSet-Cookie: x',
    'https://app.example/c b',
    'https://app.example\\@evil.example/',
    'https:///cb',
    'https://app.example/"><script>',
    `https://app.example/${'x'.repeat(2_048)}`,
    '',
  ])('%j may not', text => {
    expect(isRedirect(text)).toBe(false)
    expect(isRegistered(text, [text])).toBe(false)
  })

  const registered = ['https://app.example/cb', 'http://localhost:8080/callback', 'http://127.0.0.1/cb?a=1']

  test.each([
    'https://app.example/cb',
    'http://localhost:8080/callback',
    'http://localhost:61234/callback',
    'http://localhost/callback',
    'http://127.0.0.1:5/cb?a=1',
  ])('%s is one of the registered', text => expect(isRegistered(text, registered)).toBe(true))

  test.each([
    'https://app.example/cb/more',
    'https://app.example/cb?x=1',
    'https://app.example/CB',
    'https://APP.example/cb',
    'https://app.example:444/cb',
    'http://app.example/cb',
    'https://app.example.evil.example/cb',
    'https://app.example@evil.example/cb',
    'http://localhost:8080@evil.example/callback',
    'http://localhost:8080/callback/../evil',
    'http://localhost.evil.example/callback',
    'http://localhost:808080/callback',
    'http://127.0.0.1:8080/callback',
    'http://127.0.0.1:5/cb',
    'http://127.0.0.2:5/cb?a=1',
    'https://localhost:8080/callback',
    'http://[::1]:8080/callback',
  ])('%s is none', text => expect(isRegistered(text, registered)).toBe(false))

  test('leads to the own machine by loopback or by a scheme of its own', () => {
    expect(['http://localhost:1/x', 'http://[::1]/', 'my.app:/x'].map(isNative)).toEqual([true, true, true])
    expect(['https://app.example/', 'http://lan.example/'].map(isNative)).toEqual([false, false])
    expect(isNative('http://localhost.evil.example/')).toBe(false)
  })
})
