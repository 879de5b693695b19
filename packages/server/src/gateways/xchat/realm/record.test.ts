import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Refusal } from '../problem.ts'
import { LAST_GUESS } from './limits.ts'
import { decide, type Kept, keptOf, textOf } from './record.ts'
import { readRequest } from './requests.ts'
import { blinded, cbor, proves, read, recover2, recover3, registration } from './testing.ts'

const random = { bytes: (count: number) => new Uint8Array(randomBytes(count)) }

/** A record over time, as the store would keep it: as text. */
class Realm {
  text: string | null = null
  now = 1_000_000

  // biome-ignore lint/suspicious/noExplicitAny: answers as they come
  ask(body: unknown): any {
    const request = readRequest(cbor(body))
    if (request instanceof Refusal) throw new Error(request.problem.detail)
    const { answer, keep } = decide(this.kept, request, { now: this.now, random })
    if (keep !== undefined) this.text = keep && textOf(keep)
    return read(answer)
  }

  get kept(): Kept | null {
    return this.text === null ? null : keptOf(this.text)
  }
}

function registered(guesses = 3) {
  const realm = new Realm()
  const sent = registration({ guesses })
  expect(realm.ask({ Register2: sent })).toEqual({ Register2: 'Ok' })
  const guess = () => realm.ask(recover2(sent.version))
  const prove = (tag = sent.unlock_key_tag) => realm.ask(recover3(sent.version, tag))
  return { realm, sent, guess, prove }
}

const WRONG = new Uint8Array(16)

describe('a record', () => {
  test('that is not there is told of', () => {
    const realm = new Realm()
    expect(realm.ask('Register1')).toEqual({ Register1: 'Ok' })
    expect(realm.ask('Recover1')).toEqual({ Recover1: 'NotRegistered' })
    expect(realm.ask(recover2(WRONG))).toEqual({ Recover2: 'NotRegistered' })
    expect(realm.ask(recover3(WRONG, WRONG))).toEqual({ Recover3: 'NotRegistered' })
    expect(realm.ask('Delete')).toEqual({ Delete: 'Ok' })
    expect(realm.text).toBeNull()
  })

  test('is read back as it was written', () => {
    const { realm, sent } = registered()
    expect(realm.kept).toEqual({ registration: sent, guesses: 0, exhaustedAt: null })
  })

  test('gives its parts in three steps', () => {
    const { realm, sent, prove } = registered()
    expect(realm.ask('Recover1')).toEqual({ Recover1: { Ok: { version: sent.version } } })
    const input = blinded()
    const { Ok } = realm.ask(recover2(sent.version, input)).Recover2
    expect(Ok).toEqual({
      oprf_signed_public_key: sent.oprf_signed_public_key,
      oprf_blinded_result: expect.any(Uint8Array),
      oprf_proof: { c: expect.any(Uint8Array), beta_z: expect.any(Uint8Array) },
      unlock_key_commitment: sent.unlock_key_commitment,
      num_guesses: 3,
      guess_count: 1,
    })
    const { public_key } = sent.oprf_signed_public_key
    expect(proves(public_key, input, Ok.oprf_blinded_result, Ok.oprf_proof)).toBe(true)
    const { encryption_key_scalar_share, encrypted_secret, encrypted_secret_commitment } = sent
    expect(prove()).toEqual({
      Recover3: { Ok: { encryption_key_scalar_share, encrypted_secret, encrypted_secret_commitment } },
    })
  })

  test('counts guesses, and says how many are left', () => {
    const { realm, guess, prove } = registered()
    expect(guess().Recover2.Ok.guess_count).toBe(1)
    expect(prove(WRONG)).toEqual({ Recover3: { BadUnlockKeyTag: { guesses_remaining: 2 } } })
    expect(guess().Recover2.Ok.guess_count).toBe(2)
    expect(guess().Recover2.Ok.guess_count).toBe(3)
    expect(prove(WRONG)).toEqual({ Recover3: { BadUnlockKeyTag: { guesses_remaining: 0 } } })
    expect(realm.ask('Recover1')).toEqual({ Recover1: 'NoGuesses' })
    expect(guess()).toEqual({ Recover2: 'NoGuesses' })
  })

  test('begins to count anew with the right tag, and not with another one', () => {
    const { guess, prove } = registered()
    guess()
    guess()
    prove(WRONG)
    expect(guess().Recover2.Ok.guess_count).toBe(3)
    expect(prove().Recover3).toHaveProperty('Ok')
    expect(guess().Recover2.Ok.guess_count).toBe(1)
  })

  test('lets the last guess be right, for a while', () => {
    const { realm, guess, prove } = registered(1)
    guess()
    expect(realm.ask('Recover1')).toEqual({ Recover1: 'NoGuesses' })
    realm.now += LAST_GUESS
    expect(prove().Recover3).toHaveProperty('Ok')
    expect(realm.ask('Recover1').Recover1).toHaveProperty('Ok')
  })

  test.each([
    ['Recover1', 'Recover1'],
    ['Recover2', undefined],
    ['Recover3', undefined],
  ])('is emptied after that at %s, and nothing opens it', (name, body) => {
    const { realm, sent, guess, prove } = registered(1)
    guess()
    realm.now += LAST_GUESS + 1
    const asked = body ?? (name === 'Recover2' ? recover2(sent.version) : recover3(sent.version, sent.unlock_key_tag))
    expect(realm.ask(asked)).toEqual({ [name]: 'NoGuesses' })
    expect(realm.kept).toEqual({ registration: null, guesses: 0, exhaustedAt: null })
    expect([realm.ask('Recover1'), guess(), prove()]).toEqual([
      { Recover1: 'NoGuesses' },
      { Recover2: 'NoGuesses' },
      { Recover3: 'NoGuesses' },
    ])
  })

  test('of another version is neither guessed at nor counted', () => {
    const { realm, sent } = registered()
    expect(realm.ask(recover2(WRONG))).toEqual({ Recover2: 'VersionMismatch' })
    expect(realm.ask(recover3(WRONG, sent.unlock_key_tag))).toEqual({ Recover3: 'VersionMismatch' })
    expect(realm.kept?.guesses).toBe(0)
  })

  test('is replaced as a whole, also when it was locked', () => {
    const { realm, sent, guess } = registered(1)
    guess()
    const next = registration({ guesses: 2 })
    realm.ask({ Register2: next })
    expect(realm.kept).toEqual({ registration: next, guesses: 0, exhaustedAt: null })
    expect(realm.ask(recover2(sent.version))).toEqual({ Recover2: 'VersionMismatch' })
  })

  test('is gone when it was deleted', () => {
    const { realm } = registered()
    expect(realm.ask('Delete')).toEqual({ Delete: 'Ok' })
    expect(realm.text).toBeNull()
    expect(realm.ask('Recover1')).toEqual({ Recover1: 'NotRegistered' })
  })
})

test('no order of requests gives more answers than guesses between two right ones', () => {
  const step = fc.constantFrom('Recover1', 'guess', 'wrong', 'stale', 'late')
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 30 }), (most, steps) => {
      const { realm, guess, prove } = registered(most)
      let answers = 0
      for (const each of steps) {
        if (each === 'late') realm.now += LAST_GUESS
        if (each === 'Recover1') realm.ask('Recover1')
        if (each === 'wrong') prove(WRONG)
        if (each === 'stale') realm.ask(recover2(WRONG))
        if (each === 'guess' && guess().Recover2.Ok) answers += 1
      }
      const asked = steps.filter(each => each === 'guess').length
      expect(answers).toBe(Math.min(asked, most))
    }),
    { numRuns: 50 },
  )
})
