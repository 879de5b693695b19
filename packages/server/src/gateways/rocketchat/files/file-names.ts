// Names and media types of files, as clients give them and as they are kept, written into links and headers.
import { createHash } from 'node:crypto'
import mime from 'mime-types'
import { FILE_NAME } from '../limits.ts'

export const OCTETS = 'application/octet-stream'
/** RFC 6838, 4.2. */
const TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$/
/** Where the table of types says nothing, or another thing than browsers and the real server. */
const OWN: Readonly<Record<string, string>> = {
  lst: 'text/plain',
  wav: 'audio/wav',
  aac: 'audio/aac',
  ico: 'image/x-icon',
}

/** Neither a path nor anything that is not seen: control characters, and those that turn the direction of writing. */
export function fileNameOf(given: string): string {
  const last = given.normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const name = last
    .replace(/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, '')
    .trim()
    .replace(/^\.+$/, '')
  if (name === '') return 'file'
  if (name.length <= FILE_NAME) return name
  const dot = name.lastIndexOf('.')
  const ending = dot > 0 && name.length - dot <= ENDING ? name.slice(dot) : ''
  return `${[...name.slice(0, FILE_NAME - ending.length)].join('')}${ending}`.replace(
    /[\ud800-\udbff](?![\udc00-\udfff])/g,
    '',
  )
}

/** Characters of an ending that a name which is cut keeps. */
const ENDING = 17

/** A client of an encrypted room names a file by the hash of its name; what is none is made one, so that no name is told. */
export function sealedNameOf(name: string): string {
  return /^[0-9a-f]{64}$/.test(name) ? name : createHash('sha256').update(name).digest('hex')
}

/** As the real server: what the client says, unless it says nothing or says the same as the name. */
export function fileTypeOf(said: string, name: string): string {
  const type = (said.split(';', 1)[0] ?? '').trim().toLowerCase()
  const ending = name.includes('.') ? (name.split('.').at(-1) ?? '').toLowerCase() : ''
  if (TYPE.test(type) && type !== OCTETS) {
    const usual = mime.extension(type)
    if (usual && usual !== ending) return type
  }
  if (ending === '') return OCTETS
  return (Object.hasOwn(OWN, ending) ? OWN[ending] : undefined) ?? (mime.lookup(ending) || OCTETS)
}

/** `image`, `audio`, `video`, `text` …; what clients sort files by. */
export function typeGroupOf(type: string): string {
  return type.split('/', 1)[0] ?? ''
}

/** Upper-case ending, as clients show it. */
export function formatOf(name: string): string {
  const parts = name.split('.')
  if (parts.length < 2 || (parts[0] === '' && parts.length === 2)) return 'file'
  return parts.at(-1)?.toLocaleUpperCase('en') || 'file'
}

/** For `content-disposition` (RFC 6266): always to be saved, under a name in which nothing can end the header. */
export function attachmentHeader(name: string): string {
  const plain = name.replace(/[^ !#$&+.0-9A-Za-z^_`|~-]/g, '_')
  const encoded = encodeURIComponent(name).replace(/['()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}

/** What a browser would run instead of show is served as mere bytes; everything else as what it was sent as. */
export function servedTypeOf(type: string): string {
  return TYPE.test(type) && !RUN.test(type) ? type : OCTETS
}
const RUN = /html|xml$|script|xslt|^multipart\/|^message\/|flash|^application\/(?:json|pdf)$/
