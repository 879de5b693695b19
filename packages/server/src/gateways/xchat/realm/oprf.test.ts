import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { evaluate, isKeyPair, isPoint, isScalar } from './oprf.ts'
import { blinded, ORDER, proves, publicOf, randomScalar, scalar } from './testing.ts'

const random = { bytes: (count: number) => new Uint8Array(randomBytes(count)) }
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

describe('the evaluation', () => {
  // RFC 9497, A.1.1: OPRF(ristretto255, SHA-512), whose evaluation is this one.
  const KEY = '5ebcea5ee37023ccb9fc2d2019f9d7737be85591ae8652ffa9ef0f4d37063b0e'
  test.each([
    [
      '609a0ae68c15a3cf6903766461307e5c8bb2f95e7e6550e1ffa2dc99e412803c',
      '7ec6578ae5120958eb2db1745758ff379e77cb64fe77b0b2d8cc917ea0869c7e',
    ],
    [
      'da27ef466870f5f15296299850aa088629945a17d1f5b7f5ff043f76b3c06418',
      'b4cbf5a4f1eeda5a63ce7b77c7d23f461db3fcab0dd28e4e17cecb5c90d02c25',
    ],
  ])('of RFC 9497 is met', (input, output) => {
    expect(Buffer.from(evaluate(hex(KEY), hex(input), random).result).toString('hex')).toBe(output)
  })

  test('is proven to be made with the registered key, and with no other', () => {
    for (let run = 0; run < 20; run++) {
      const key = randomScalar()
      const input = blinded()
      const { result, proof } = evaluate(scalar(key), input, random)
      expect(proves(publicOf(key), input, result, proof)).toBe(true)
      expect(proves(publicOf(randomScalar()), input, result, proof)).toBe(false)
      expect(proves(publicOf(key), blinded(), result, proof)).toBe(false)
      expect(proves(publicOf(key), input, blinded(), proof)).toBe(false)
    }
  })

  test('uses another nonce each time: two proofs with one would give the key away', () => {
    const key = scalar(randomScalar())
    const input = blinded()
    const proofs = Array.from({ length: 10 }, () => Buffer.from(evaluate(key, input, random).proof.c).toString('hex'))
    expect(new Set(proofs).size).toBe(10)
  })
})

describe('what is no point', () => {
  // RFC 9496, A.2: what is not canonical, negative, or on no curve.
  test.each([
    '00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0100000000000000000000000000000000000000000000000000000000000000',
    '01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20',
  ])('%s', text => expect(isPoint(hex(text))).toBe(false))

  test('is the identity, and what has another length', () => {
    expect(isPoint(new Uint8Array(32))).toBe(false)
    expect(isPoint(blinded().subarray(1))).toBe(false)
    expect(isPoint(new Uint8Array(33))).toBe(false)
    expect(isPoint(new Uint8Array())).toBe(false)
    expect(isPoint(hex('e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76'))).toBe(true)
  })
})

describe('a scalar', () => {
  test('is below the order', () => {
    expect([ORDER - 1n, ORDER, ORDER + 1n, 2n ** 256n - 1n].map(value => isScalar(scalar(value)))).toEqual([
      true,
      false,
      false,
      false,
    ])
    expect(isScalar(new Uint8Array(31))).toBe(false)
  })

  test('makes a pair with its own point alone, and 0 with none', () => {
    const key = randomScalar()
    expect(isKeyPair(scalar(key), publicOf(key))).toBe(true)
    expect(isKeyPair(scalar(key), publicOf(randomScalar()))).toBe(false)
    expect(isKeyPair(scalar(key + ORDER), publicOf(key))).toBe(false)
    expect(isKeyPair(scalar(0n), new Uint8Array(32))).toBe(false)
  })
})
