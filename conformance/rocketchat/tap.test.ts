// The tap itself: planted leaks are found, and what is somebody's own is none.
import { describe, expect, test } from 'vitest'
import { IDS, passwordOf, tokenOf } from './start.ts'
import { planted, Tap } from './tap.ts'

const { alice, bob } = IDS

function leaksOf(receiver: string | null, value: unknown, before: (tap: Tap) => void = () => {}): string[] {
  const tap = new Tap()
  before(tap)
  tap.received(receiver, typeof value === 'string' ? value : JSON.stringify(value))
  return tap.leaks.map(({ what }) => what)
}

describe('what leaks is found', () => {
  const key = planted('key', alice)
  test.each([
    ['a planted secret of somebody else', bob, { args: [{ key }] }],
    ['a planted secret, to nobody at all', null, { key }],
    ['it inside of a text that is JSON', bob, { message: JSON.stringify({ result: { key } }) }],
    ['the key of another member', bob, { u: { _id: alice }, E2EKey: 'k'.repeat(356) }],
    ['the key offered to another', bob, [{ u: { _id: alice }, E2ESuggestedKey: 'abcdefgh' }]],
    ['the old keys of another', bob, { u: { _id: alice }, oldRoomKeys: [{ E2EKey: 'old' }] }],
    [
      'it in the answer of a method over REST',
      bob,
      { message: JSON.stringify([{ u: { _id: alice }, E2EKey: 'key' }]) },
    ],
    ['a private key that one never had', bob, { private_key: 'wrapped' }],
    ['the hash of a password', alice, { password: '$argon2id$v=19$m=65536' }],
    ['a field of the store', alice, { services: { resume: { loginTokens: [] } } }],
    ['the token of somebody else', bob, { token: tokenOf('alice') }],
    ['the password of somebody else', bob, `not even JSON: ${passwordOf('alice')}`],
  ])('%s', (_, receiver, value) => {
    expect(leaksOf(receiver, value)).not.toEqual([])
  })

  test('a token that was given in this run', () => {
    expect(leaksOf(bob, { x: 'given-to-alice' }, tap => tap.own('given-to-alice', alice))).toEqual([
      `a secret of ${alice}`,
    ])
  })

  test('and then the file fails, with its first leak', () => {
    const tap = new Tap()
    tap.check()
    tap.received(bob, JSON.stringify({ key }))
    expect(() => tap.check()).toThrow(`${key} reached ${bob}`)
  })
})

describe('what is one’s own is no leak', () => {
  test.each([
    ['one’s own planted secret', { key: planted('key', bob) }],
    ['one’s own key', { u: { _id: bob }, E2EKey: 'key' }],
    ['the public half of another', { _id: alice, e2e: { public_key: 'public' } }],
    ['who waits for keys', { usersWaitingForE2EKeys: [{ userId: alice }] }],
    ['one’s own token', { token: tokenOf('bob') }],
  ])('%s', (_, value) => {
    expect(leaksOf(bob, value)).toEqual([])
  })

  test('what one has sent oneself, also as another’s key', () => {
    const sends = (tap: Tap): void => tap.sent(bob, JSON.stringify({ params: ['rid', alice, 'wrapped "for" alice'] }))
    expect(leaksOf(bob, { u: { _id: alice }, E2EKey: 'wrapped "for" alice' }, sends)).toEqual([])
    expect(leaksOf(bob, { private_key: 'wrapped "for" alice' }, sends)).toEqual([])
  })
})
