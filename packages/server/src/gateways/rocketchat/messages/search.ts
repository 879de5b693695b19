// Search in a plain room. An encrypted one is searched by its members' own clients: the server has nothing to read there.
import type { RoomEvent } from '../../../room/events.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { Document } from '../encode.ts'
import { errorOf, type MeteorError } from '../errors.ts'
import type { Caller, Gate } from '../gate.ts'
import { SEARCH_TEXT } from '../limits.ts'
import type { Found } from '../names.ts'
import { documentsFor } from './encode-message.ts'

interface Sought {
  /** Lower case; all of them have to be in a message. */
  readonly words: readonly string[]
  readonly from?: string
  readonly pinned?: true
  readonly edited?: true
  readonly url?: true
}

/** Words, and of what the real server's clients write before them: `from:alice`, `from:me`, `is:pinned`, `has:url`. A text
 * between slashes is looked for as it is: patterns of clients' own could keep the server busy. */
function soughtIn(text: string): Sought {
  const words: string[] = []
  let sought: Omit<Sought, 'words'> = {}
  const quoted = /^\/(.*)\/[a-z]*$/s.exec(text)?.[1]
  for (const word of quoted === undefined ? text.toLowerCase().split(/\s+/) : [quoted.toLowerCase()]) {
    const from = /^from:@?(\S+)$/.exec(word)?.[1]
    if (from !== undefined) sought = { ...sought, from }
    else if (word === 'is:pinned') sought = { ...sought, pinned: true }
    else if (word === 'is:edited') sought = { ...sought, edited: true }
    else if (word === 'has:url' || word === 'has:link') sought = { ...sought, url: true }
    else if (word !== '') words.push(word.replace(/^"|"$/g, ''))
  }
  return { words, ...sought }
}

export async function searchIn(
  { parts }: Gate,
  { account }: Caller,
  { room }: Found,
  text: string,
  { offset, count }: { readonly offset: number; readonly count: number },
): Promise<Document[] | MeteorError> {
  const { words, from, pinned, edited, url } = soughtIn(text.slice(0, SEARCH_TEXT))
  const nothing = words.length === 0 && !from && !pinned && !edited && !url
  if (room.suite !== 'none' || nothing) return []
  const sender = from === undefined || from === 'me' ? account : await parts.identity.users.find({ username: from })
  if (!sender) return []
  const matches = ({ body, done }: RoomEvent): boolean => {
    if (body.type !== 'message' || body.content.suite !== 'none') return false
    const said = body.content.text.toLowerCase()
    if (pinned && !done?.pinned) return false
    if (edited && !done?.edited) return false
    return (!url || said.includes('://')) && words.every(word => said.includes(word))
  }
  const query = { room: room.id, matches, limit: offset + count, ...(from === undefined ? {} : { sender: sender.id }) }
  const found = await parts.reading.search(account, query)
  if (isRejection(found)) return errorOf(found, 'messageSearch')
  return documentsFor(parts, account, room, found.slice(offset, offset + count))
}
