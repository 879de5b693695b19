// GET /2/chat/media/{id}/{media_hash_key}: the bytes of a file, to who was a member when it was finished and is one now. What
// it holds is for the client alone: nothing that looks at it here or on the way may take it for anything but bytes.
import { z } from 'zod'
import { isMediaRejection } from '../../../engine/media.ts'
import { isRejection } from '../../../room/rejection.ts'
import { rangeOf } from '../../range.ts'
import { roomOf } from '../conversation.ts'
import { keyOf, mediumAt, refusalOf } from '../media.ts'
import { problem, Refusal } from '../problem.ts'
import { Bytes, route } from '../route.ts'

const TYPE = 'application/octet-stream'

export const chatMediaDownload = route({
  operation: 'chatMediaDownload',
  method: 'GET',
  path: '/chat/media/:id/:media_hash_key',
  scopes: ['media.write'],
  query: z.object({}),
  body: z.object({}),
  answer: TYPE,
  async run({ caller, param, header }, parts) {
    const key = keyOf(param('media_hash_key'))
    if (key instanceof Refusal) return key
    const room = await roomOf(param('id'), caller, parts)
    if (room instanceof Refusal) return room
    const found = await parts.media.open(caller.account, room.id, key)
    if (isMediaRejection(found)) return refusalOf(found, mediumAt(key), room, parts)
    const tag = `"${key}"`
    const condition = header('if-range')
    const part = condition === '' || condition === tag ? rangeOf(header('range'), found.bytes) : undefined
    if (part === 'unsatisfiable') return unsatisfiable(found.bytes)
    const body = await found.read(part)
    if (isRejection(body)) return refusalOf(body, mediumAt(key), room, parts)
    const { from, to } = part ?? { from: 0, to: found.bytes }
    const headers = {
      'content-length': String(to - from),
      'accept-ranges': 'bytes',
      etag: tag,
      'cache-control': 'private',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
    }
    if (!part) return new Bytes(TYPE, body, headers)
    return new Bytes(TYPE, body, { ...headers, 'content-range': `bytes ${from}-${to - 1}/${found.bytes}` }, 206)
  },
})

function unsatisfiable(bytes: number): Refusal {
  const detail = 'range: lies outside of the file'
  const headers = { 'content-range': `bytes */${bytes}` }
  return new Refusal(problem('about:blank', 'Range Not Satisfiable', 416, detail, { parameter: 'range' }), headers)
}
