// Names and types of files: what is kept of a client's, and what they become in headers.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { linkOf } from '../../file-link.ts'
import { FILE_NAME } from '../limits.ts'
import { attachmentHeader, fileNameOf, fileTypeOf, formatOf, sealedNameOf, servedTypeOf } from './file-names.ts'

test('whatever a client calls its file, the name is short, no path, and ends neither a header nor a link', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), given => {
      const name = fileNameOf(given)
      expect(name.length).toBeGreaterThan(0)
      expect(name.length).toBeLessThanOrEqual(FILE_NAME)
      expect(name).not.toMatch(/[/\\\p{Cc}]/u)
      expect(name.isWellFormed()).toBe(true)
      expect(attachmentHeader(name)).toMatch(/^attachment; filename="[^"\\]*"; filename\*=UTF-8''[\x21-\x7e]*$/)
      expect(new URL(linkOf('key', name), 'http://x').pathname.split('/')).toHaveLength(4)
    }),
  )
})

test.each([
  ['application/octet-stream', 'a.png', 'image/png'],
  ['application/octet-stream', 'a.lst', 'text/plain'],
  ['application/octet-stream', 'a.drawio', 'application/octet-stream'],
  ['', 'constructor', 'application/octet-stream'],
  ['', 'a.constructor', 'application/octet-stream'],
  ['text/plain; charset=utf-8', 'a.png', 'text/plain'],
  ['image/png', 'a.png', 'image/png'],
  ['no/type/at all', 'a.png', 'image/png'],
  ['image/png\r\nx: y', 'a', 'application/octet-stream'],
])('%s of %s is %s', (said, name, type) => expect(fileTypeOf(said, name)).toBe(type))

test('an encrypted file is called by a hash, whoever made it', () => {
  const hash = 'a'.repeat(64)
  expect(sealedNameOf(hash)).toBe(hash)
  expect(sealedNameOf('Salaries.xlsx')).toMatch(/^[0-9a-f]{64}$/)
  expect(sealedNameOf('A'.repeat(64))).not.toContain('A')
})

test('what browsers run is served as bytes', () => {
  for (const type of ['text/html', 'application/xhtml+xml', 'text/javascript', 'application/ecmascript', 'text/xml'])
    expect(servedTypeOf(type)).toBe('application/octet-stream')
  for (const type of ['image/png', 'video/mp4', 'text/plain', 'audio/mpeg']) expect(servedTypeOf(type)).toBe(type)
})

test('formats', () => {
  expect(['a.pdf', 'a', '.hidden', 'a.tar.gz', 'a.'].map(formatOf)).toEqual(['PDF', 'file', 'file', 'GZ', 'file'])
})
