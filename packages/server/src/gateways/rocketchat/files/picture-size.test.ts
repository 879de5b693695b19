// Sizes of pictures out of their headers, and headers that lie, end early or lead nowhere.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pictureSize } from './picture-size.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const PNG = hex('89504e470d0a1a0a 0000000d 49484452 00000120 00000090 0806000000')
const GIF = hex('474946383961 2001 9000 f70000')
const JPEG = hex('ffd8 ffe0 0006 4a464946 ffc4 0003 00 ffc2 0011 08 0090 0120 03 012200 021101 031101')
const WEBP = (chunk: string, rest: string): Buffer =>
  Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBP'), Buffer.from(chunk), hex(rest)])

test('is what the header says', () => {
  const size = { width: 288, height: 144 }
  expect(pictureSize(PNG)).toEqual({ format: 'png', ...size })
  expect(pictureSize(GIF)).toEqual({ format: 'gif', ...size })
  expect(pictureSize(JPEG)).toEqual({ format: 'jpeg', ...size })
  expect(pictureSize(WEBP('VP8 ', '00000000 000000 9d012a 2001 9000'))).toEqual({ format: 'webp', ...size })
  expect(pictureSize(WEBP('VP8L', '00000000 2f 1fc12300 000000000000'))).toEqual({ format: 'webp', ...size })
  expect(pictureSize(WEBP('VP8X', '0a000000 00000000 1f0100 8f0000'))).toEqual({ format: 'webp', ...size })
})

test.each([
  ['nothing', ''],
  ['no picture', '3c68746d6c3e'],
  ['a PNG without a side', '89504e470d0a1a0a 0000000d 49484452 00000000 00000090'],
  ['a JPEG whose segment leads back to itself', 'ffd8 ffe0 0000 ffe0 0000 0000 0000 0000'],
  ['a JPEG without a frame', 'ffd8 ffe0 0004 0000 ffd9 0000 0000 0000 0000'],
  ['a JPEG that is a row of fill bytes', `ffd8${'ff'.repeat(1_000)}`],
])('%s has none', (_, bytes) => expect(pictureSize(hex(bytes))).toBeNull())

test('whatever the bytes are, and wherever they end, it comes to an end and gives a size or none', () => {
  const starts = [PNG, GIF, JPEG, WEBP('VP8 ', '00'), Buffer.alloc(0)]
  fc.assert(
    fc.property(fc.constantFrom(...starts), fc.nat(64), fc.uint8Array({ maxLength: 200 }), (start, end, more) => {
      const size = pictureSize(Buffer.concat([start.subarray(0, end), more]))
      return size === null || (size.width > 0 && size.height > 0)
    }),
  )
})
