import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import * as withBuffer from './base64.ts'

type Case = { id: string; area: string; request: { data: string }; expect: { accepted: boolean } }
const casesFile = new URL('../../../conformance/cases/dino.json', import.meta.url)
const cases = (JSON.parse(readFileSync(casesFile, 'utf8')) as Case[]).filter(each => each.area === 'base64')

async function withoutBuffer(): Promise<typeof withBuffer> {
  vi.stubGlobal('Buffer', undefined)
  vi.resetModules()
  const portable = await import('./base64.ts')
  vi.unstubAllGlobals()
  return portable
}

describe.each([
  ['with Buffer', withBuffer],
  ['without Buffer', await withoutBuffer()],
])('base64 %s', (_name, { decodeBase64, encodeBase64, encodeBase64NoPad, encodeUtf8Base64 }) => {
  const bytes = fc.uint8Array({ maxLength: 3_000 })

  test('encodes as Node does and decodes every form of it', () => {
    fc.assert(
      fc.property(bytes, given => {
        const padded = Buffer.from(given).toString('base64')
        expect(encodeBase64(given)).toBe(padded)
        expect(encodeBase64NoPad(given)).toBe(padded.replaceAll('=', ''))
        for (const form of [padded, padded.replaceAll('=', ''), Buffer.from(given).toString('base64url')]) {
          expect(decodeBase64(form, given.length)).toEqual(given)
        }
      }),
    )
  })

  test('a slice of a larger array is encoded alone', () => {
    expect(encodeBase64(new Uint8Array([9, 1, 2, 9]).subarray(1, 3))).toBe('AQI=')
  })

  test('refuses one byte more than allowed', () => {
    for (const size of [1, 2, 3, 600, 3_001]) {
      const text = encodeBase64(new Uint8Array(size))
      expect(decodeBase64(text, size)).toHaveLength(size)
      expect(decodeBase64(text, size - 1)).toBeUndefined()
    }
  })

  test.each([
    'A',
    'AAAAA',
    'AA=',
    'AAA==',
    'A===',
    '====',
    '=',
    'AA==AA==',
    'AA\n=',
    ' AAA',
    'AAA ',
    'AA.A',
    'AAé=',
    '\u0100AAA',
    '\u0141AAA',
    '\xffAAA',
    'AAAA=AAA',
    'A=AA',
    '\0AAA',
  ])('%j is refused, short and long', text => {
    expect(decodeBase64(text, 10_000)).toBeUndefined()
    expect(decodeBase64('A'.repeat(1_000) + text, 10_000)).toBeUndefined()
  })

  test('left-over bits are ignored', () => {
    expect(decodeBase64('YR', 9)).toEqual(new Uint8Array([0x61]))
    expect(decodeBase64('YWJ=', 9)).toEqual(new Uint8Array([0x61, 0x62]))
    expect(decodeBase64('', 0)).toEqual(new Uint8Array(0))
  })

  test('no text makes it throw', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => void decodeBase64(text, 100)))
  })

  test('texts travel as UTF-8', () => {
    expect(encodeUtf8Base64('ä 👋')).toBe(Buffer.from('ä 👋').toString('base64'))
  })
})

describe('Dino’s acceptance test', () => {
  const { dinoBase64, encodeUtf8Base64 } = withBuffer

  test('the recorded cases are all here', () => expect(cases.length).toBeGreaterThanOrEqual(9))

  test.each(cases)('$id $request.data', ({ request, expect: { accepted } }) => {
    expect(dinoBase64(request.data) !== undefined).toBe(accepted)
  })

  test.each([
    ['', undefined],
    [' \n\t', undefined],
    ['aGVsbG8', undefined],
    ['////', undefined],
    ['A', undefined],
    ['=', ''],
    ['!!!', ''],
    ['aGVs bG8=', 'hello'],
    ['YQ==YQ==', 'a'],
    ['YQ=x=', 'a\f'],
    ['YW=JjYQ=', undefined],
    ['YW=JjYQ==', 'abca'],
    ['7aCA', undefined],
    ['77u/YQ==', '\ufeffa'],
  ])('%j gives %j', (text, expected) => expect(dinoBase64(text)).toBe(expected))

  test('gives back every text that was encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        fc.pre(text !== '')
        expect(dinoBase64(encodeUtf8Base64(text))).toBe(text)
      }),
    )
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => void dinoBase64(text)))
  })
})
