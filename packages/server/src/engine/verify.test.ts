import { generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeferredVerification, verifyText } from './verify.ts'

function signer(namedCurve = 'prime256v1') {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve })
  return {
    key: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    sign: (text: string) =>
      sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64'),
  }
}

describe('a signature verifies', () => {
  test('over its own text with its own key alone, the first time and every other', () => {
    const [one, two] = [signer(), signer()]
    const signature = one.sign('Überschrift,1,2')
    for (let time = 0; time < 2; time++) {
      expect(verifyText(one.key, 'Überschrift,1,2', signature)).toBe(true)
      expect(verifyText(one.key, 'Überschrift,1,2', signature.replace(/=+$/, ''))).toBe(true)
      expect(verifyText(one.key, 'Überschrift,1,3', signature)).toBe(false)
      expect(verifyText(two.key, 'Überschrift,1,2', signature)).toBe(false)
      expect(verifyText(one.key, 'Überschrift,1,2', two.sign('Überschrift,1,2'))).toBe(false)
    }
  })

  test('whatever its numbers begin with', () => {
    const one = signer()
    const wanted = new Set([
      'r of 31 bytes',
      's of 31 bytes',
      'r with its first bit',
      's with its first bit',
      'neither',
    ])
    for (let count = 0; wanted.size > 0; count++) {
      const signature = one.sign(`text ${count}`)
      const raw = Buffer.from(signature, 'base64')
      for (const [name, byte] of [
        ['r', raw[0]],
        ['s', raw[32]],
      ] as const) {
        if (byte === 0) wanted.delete(`${name} of 31 bytes`)
        else wanted.delete(byte! >= 0x80 ? `${name} with its first bit` : 'neither')
      }
      expect(verifyText(one.key, `text ${count}`, signature)).toBe(true)
    }
    for (const filled of [0, 255]) {
      expect(verifyText(one.key, 'text', Buffer.alloc(64, filled).toString('base64'))).toBe(false)
    }
  })

  test('on no other curve', () => {
    const other = signer('secp256k1')
    expect(verifyText(other.key, 'text', other.sign('text'))).toBe(false)
  })

  test('not when key or signature is anything else', () => {
    const one = signer()
    const signature = one.sign('text')
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), anything => {
        expect(verifyText(anything, 'text', signature)).toBe(false)
        expect(verifyText(one.key, 'text', anything)).toBe(false)
      }),
    )
  })
})

describe('a decision that took signatures for good', () => {
  test('counts if every one of them holds', async () => {
    const [one, two] = [signer(), signer()]
    const right: [string, string, string] = [one.key, 'text', one.sign('text')]
    const wrong: [string, string, string][] = [
      [one.key, 'other text', right[2]],
      [two.key, 'text', right[2]],
      [one.key, 'text', 'AAAA'],
      ['AAAA', 'text', right[2]],
    ]
    const holds = (signatures: readonly [string, string, string][]): Promise<boolean> => {
      const deferred = new DeferredVerification()
      for (const signature of signatures) expect(deferred.verify(...signature)).toBe(true)
      return deferred.holds()
    }
    expect(await holds([])).toBe(true)
    expect(await holds([right, right])).toBe(true)
    for (const each of wrong) {
      expect(await holds([each])).toBe(false)
      expect(await holds([right, each, right])).toBe(false)
    }
  })
})
