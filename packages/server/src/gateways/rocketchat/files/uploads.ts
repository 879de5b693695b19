// A file on its way in (rocketchat.md 5.9): out of the form into the blobs piece by piece, never whole in memory. What it is
// taken as is known when the form has ended, since its fields may follow the file; what is refused then is thrown away.
import type { IncomingMessage } from 'node:http'
import { parseJson, type UserId } from '@conclave/wire'
import { parseContent } from '@conclave/wire/rocketchat/content'
import { isMediaRejection, type MediaRejection, type UploadName } from '../../../engine/media.ts'
import type { FileInfo, Medium } from '../../../engine/media-records.ts'
import { MEDIA_SEGMENTS } from '../../../limits.ts'
import type { RoomState } from '../../../room/state.ts'
import { drain } from '../../drain.ts'
import { errorOf, MeteorError, tooMany } from '../errors.ts'
import { FILE_SEGMENT, FILE_WAITS, FORM_AROUND, UPLOADS, UPLOADS_EACH } from '../limits.ts'
import type { RestCall } from '../route.ts'
import { fileErrorOf } from './file-errors.ts'
import { fileNameOf, fileTypeOf, OCTETS, sealedNameOf } from './file-names.ts'
import { checkUploads, mostBytes, takesType, tooLarge, wrongType } from './file-rules.ts'
import { type Fields, type FilePart, isRefused, type Refused, readForm } from './form.ts'
import { pictureSize } from './picture-size.ts'

export interface Received {
  readonly key: string
  readonly medium: Medium
  readonly fields: Fields
}

export class Uploads {
  #running = 0
  readonly #each = new Map<UserId, number>()

  /** `sealable`: the form may say that its file is ciphertext, by a field `content`. */
  async receive(
    call: RestCall,
    request: IncomingMessage,
    room: RoomState,
    sealable: boolean,
  ): Promise<Received | Refused> {
    const user = call.caller.account.id
    const own = this.#each.get(user) ?? 0
    if (this.#running >= UPLOADS || own >= UPLOADS_EACH) {
      await drain(request)
      return tooMany(1_000)
    }
    this.#running += 1
    this.#each.set(user, own + 1)
    try {
      const received = await receive(call, request, room, sealable)
      if (isRefused(received)) await drain(request)
      return received
    } finally {
      this.#running -= 1
      const left = (this.#each.get(user) ?? 1) - 1
      if (left > 0) this.#each.set(user, left)
      else this.#each.delete(user)
    }
  }
}

async function receive(
  call: RestCall,
  request: IncomingMessage,
  room: RoomState,
  sealable: boolean,
): Promise<Received | Refused> {
  const { gate, caller } = call
  const barred = checkUploads(gate, room)
  if (barred) return barred
  const most = mostBytes(gate)
  const length = Number(request.headers['content-length'] ?? most)
  if (length > most + FORM_AROUND) return tooLarge
  const upload = new Upload(call, room, Math.min(length, most), most)
  try {
    const fields = await readForm(request, file => upload.take(file))
    if (isRefused(fields)) return fields
    return await upload.finish(fields, sealable)
  } finally {
    if (!upload.finished) await gate.parts.media.abandon(caller.account, ...upload.begun())
  }
}

const METHOD = 'rooms.media'

class Upload {
  finished = false
  readonly #call: RestCall
  readonly #room: RoomState
  readonly #announced: number
  readonly #most: number
  #name: UploadName | null = null
  #file: Pick<FilePart, 'name' | 'type'> | null = null
  #bytes = 0
  #segments = 0
  #size: ReturnType<typeof pictureSize> = null

  constructor(call: RestCall, room: RoomState, announced: number, most: number) {
    this.#call = call
    this.#room = room
    this.#announced = announced
    this.#most = most
  }

  begun(): [] | [UploadName] {
    return this.#name ? [this.#name] : []
  }

  async take({ name, type, chunks }: FilePart): Promise<Refused | null> {
    const { media } = this.#call.gate.parts
    const begun = await media.begin(this.#call.caller.account, this.#room.id, this.#announced)
    if (isMediaRejection(begun)) return refusedAs(begun)
    this.#name = begun
    this.#file = { name: fileNameOf(name), type }
    let waiting: Buffer[] = []
    let held = 0
    for await (const chunk of chunks) {
      this.#bytes += chunk.length
      if (this.#bytes > this.#most) return tooLarge
      waiting.push(chunk)
      held += chunk.length
      if (held < FILE_SEGMENT) continue
      const refused = await this.#append(Buffer.concat(waiting))
      if (refused) return refused
      waiting = []
      held = 0
    }
    return held > 0 ? this.#append(Buffer.concat(waiting)) : null
  }

  async #append(bytes: Buffer): Promise<Refused | null> {
    if (this.#segments >= MEDIA_SEGMENTS) return tooLarge
    if (this.#segments === 0) this.#size = pictureSize(bytes)
    const { gate, caller } = this.#call
    const name = this.#name as UploadName
    const appended = await gate.parts.media.append(caller.account, name, this.#segments, bytes)
    if (isMediaRejection(appended)) return refusedAs(appended)
    this.#segments += 1
    return null
  }

  async finish(fields: Fields, sealable: boolean): Promise<Received | Refused> {
    const { gate, caller } = this.#call
    const name = this.#name as UploadName
    const file = this.#infoOf(fields, sealable)
    if (isRefused(file)) return file
    const { media } = gate.parts
    const medium = await media.finish(caller.account, name, this.#segments, FILE_WAITS, file)
    if (isMediaRejection(medium)) return refusedAs(medium)
    this.finished = true
    return { key: medium.key, medium, fields }
  }

  #infoOf(fields: Fields, sealable: boolean): FileInfo | Refused {
    const { gate } = this.#call
    const given = this.#file as Pick<FilePart, 'name' | 'type'>
    const said = sealable ? fields.get('content') : undefined
    const content = said === undefined ? null : contentIn(said)
    if (content instanceof MeteorError) return content
    const sealed = content !== null
    if (this.#room.suite !== 'none' && !sealed) return errorOf({ rejected: 'message.plaintext' }, METHOD)
    if (this.#room.suite === 'xchat') return errorOf({ rejected: 'message.suite', wanted: 'xchat' }, METHOD)
    if (sealed && !gate.settings.get('E2E_Enable_Encrypt_Files')) return wrongType
    const type = sealed ? OCTETS : fileTypeOf(given.type, given.name)
    if (!takesType(gate, type)) return wrongType
    const size = sealed || !type.startsWith('image/') ? null : this.#size
    return {
      name: this.#room.suite === 'none' ? given.name : sealedNameOf(given.name),
      type,
      sealed,
      // What is no ciphertext, however it is called, is not kept (L8).
      content: content && (parseContent(content)?.content ?? null),
      size: size && { width: size.width, height: size.height },
      uploadedAt: gate.parts.clock.now(),
    }
  }
}

const JSON_LIMITS = { maxBytes: 256 * 1024, maxDepth: 4, maxKeys: 32 }

/** An object with an algorithm and a ciphertext (rocketchat.md 6.4). */
export function contentIn(text: string): Readonly<Record<string, unknown>> | MeteorError {
  const read = parseJson(text, JSON_LIMITS)
  const value: unknown = read.ok ? read.value : undefined
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const { algorithm, ciphertext } = value as Record<string, unknown>
    if (typeof algorithm === 'string' && typeof ciphertext === 'string') return value as Record<string, unknown>
  }
  return new MeteorError('invalid-field-content', '')
}

function refusedAs(rejection: MediaRejection): MeteorError {
  return fileErrorOf(rejection, METHOD)
}
