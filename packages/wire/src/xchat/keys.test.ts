import { createECDH } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeBase64, encodeBase64NoPad } from '../base64.ts'
import {
  compareVersions,
  isKeyVersion,
  parsePublicKey,
  parseSignature,
  parseWrap,
  readableSignature,
  sameKey,
} from './keys.ts'
import { isOnP256 } from './p256.ts'

function point(): Uint8Array {
  const ecdh = createECDH('prime256v1')
  ecdh.generateKeys()
  return new Uint8Array(ecdh.getPublicKey())
}

function wrapOf(ephemeral: Uint8Array): Uint8Array {
  const wrap = new Uint8Array(113).fill(7)
  wrap.set(ephemeral)
  return wrap
}

describe('wraps', () => {
  test('begin with a point of the curve', () => {
    const wrap = wrapOf(point())
    expect(parseWrap(encodeBase64(wrap))).toEqual(wrap)
    expect(parseWrap(encodeBase64NoPad(wrap))).toEqual(wrap)
  })

  test('with a point off the curve (invalid-curve attack) are refused', () => {
    for (const at of [1, 32, 33, 64]) {
      const wrap = wrapOf(point())
      wrap[at]! ^= 1
      expect(parseWrap(encodeBase64(wrap))).toBeUndefined()
    }
  })

  test('with a compressed, a missing or a hybrid point are refused', () => {
    for (const form of [0, 2, 3, 6, 7]) {
      const wrap = wrapOf(point())
      wrap[0] = form
      expect(parseWrap(encodeBase64(wrap))).toBeUndefined()
    }
  })

  test('of another length are refused', () => {
    const wrap = wrapOf(point())
    expect(parseWrap(encodeBase64(wrap.subarray(0, 112)))).toBeUndefined()
    expect(parseWrap(encodeBase64(new Uint8Array([...wrap, 0])))).toBeUndefined()
    expect(parseWrap('')).toBeUndefined()
  })

  test('a thousand are checked in far less than a request may take', () => {
    const texts = Array.from({ length: 1_000 }, () => encodeBase64(wrapOf(point())))
    const started = process.cpuUsage()
    for (const text of texts) expect(parseWrap(text)).toBeDefined()
    expect(process.cpuUsage(started).user / 1_000).toBeLessThan(500)
  })
})

describe('points', () => {
  test('a coordinate that is not reduced is refused, though it fits the equation', () => {
    // x = 0 lies on the curve with y = sqrt(b); p + 0 is the same residue and another text.
    const p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
    const y = 0x66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4n
    const bytes = (x: bigint) => Buffer.from(`04${x.toString(16).padStart(64, '0')}${y.toString(16)}`, 'hex')
    expect(isOnP256(bytes(0n))).toBe(true)
    expect(isOnP256(bytes(p))).toBe(false)
  })

  test('are found at an offset, and not beyond the end', () => {
    const bytes = new Uint8Array(70)
    bytes.set(point(), 5)
    expect(isOnP256(bytes, 5)).toBe(true)
    expect(isOnP256(bytes, 6)).toBe(false)
    expect(isOnP256(bytes.subarray(0, 69), 5)).toBe(false)
  })
})

describe('public keys', () => {
  test('have the same point in both forms', () => {
    const sec1 = point()
    const key = parsePublicKey(encodeBase64(sec1), 'sec1')!
    expect(key.sec1).toEqual(sec1)
    expect(parsePublicKey(encodeBase64(key.spki), 'spki')).toEqual(key)
    expect(parsePublicKey(encodeBase64(key.spki), 'sec1')).toBeUndefined()
    expect(sameKey(encodeBase64(sec1), encodeBase64NoPad(key.spki))).toBe(true)
  })

  test('of another curve or algorithm are refused', () => {
    const { spki } = parsePublicKey(encodeBase64(point()))!
    for (let at = 0; at < 26; at++) {
      const other = spki.slice()
      other[at]! ^= 1
      expect(parsePublicKey(encodeBase64(other))).toBeUndefined()
    }
  })
})

test('signatures have 64 bytes, padded or not', () => {
  const bytes = new Uint8Array(64).fill(3)
  expect(parseSignature(encodeBase64(bytes))).toEqual(bytes)
  expect(parseSignature(encodeBase64NoPad(bytes))).toEqual(bytes)
  expect(parseSignature(encodeBase64(bytes.subarray(1)))).toBeUndefined()
  expect(parseSignature(encodeBase64(new Uint8Array(65)))).toBeUndefined()
})

describe('versions', () => {
  test('are decimal texts', () => {
    for (const text of ['0', '1795311027070', '0007', '9'.repeat(19)]) expect(isKeyVersion(text)).toBe(true)
    for (const text of ['', '-1', '1.5', '1\n', '٣', '9'.repeat(20), 7, null]) expect(isKeyVersion(text)).toBe(false)
  })

  test('compare as numbers', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 19n - 1n), fc.bigInt(0n, 10n ** 19n - 1n), fc.nat(3), (a, b, zeros) => {
        const padded = (n: bigint) => `${'0'.repeat(zeros)}${n}`
        expect(Math.sign(compareVersions(padded(a), `${b}`))).toBe(a < b ? -1 : a > b ? 1 : 0)
      }),
    )
  })
})

test('a signature in another spelling of base64 is respelt, one that X’s clients read stays', () => {
  const bytes = new Uint8Array(64).fill(0xff)
  const plain = encodeBase64NoPad(bytes)
  for (const spelt of [plain, `${plain}==`]) expect(readableSignature(spelt)).toBe(spelt)
  const foreign = [
    plain.replaceAll('/', '_'),
    `${plain.replaceAll('/', '_')}==`,
    plain.replace(/w$/, 'x'),
    `${plain.slice(0, -1)}z==`,
  ]
  for (const spelt of foreign) {
    expect(parseSignature(spelt)).toEqual(bytes)
    expect(readableSignature(spelt)).toBe(plain)
  }
})
