// `list_channels`: every channel that the user may list, in the order of `url`. The server's own channel is shown to
// those who may see a room in it (design 6).
import { uuidOf } from '@conclave/wire'
import type { Acl } from '../../../room/acl.ts'
import type { Account } from '../../../room/facts.ts'
import type { RoomState } from '../../../room/state.ts'
import type { Listed } from '../directory.ts'
import { PROVIDER } from '../encode.ts'
import type { Answer, Asked, Gate } from '../gate.ts'
import { stamp } from '../gate.ts'
import { channelName } from '../names.ts'

/** Dino's hidden channel, which holds the rooms of its HTTP API. */
const HIDDEN = '_DEFAULT'

export async function listChannels({ gate, account }: Asked): Promise<Answer> {
  const attachments: object[] = []
  for (const listed of await gate.directory.all()) {
    if (!(await mayList(gate, account, listed))) continue
    const { channel, rooms } = listed
    attachments.push({
      id: uuidOf(channel.id),
      displayName: channelName(channel),
      url: channel.sort,
      objectType: typeOf(rooms),
      content: channel.tags.join(','),
      attachments: shownAcls(channel.acls.filter(acl => acl.type !== 'spoken_language')),
    })
  }
  return { data: { object: { objectType: 'channels', attachments }, verb: 'list', ...stamp(gate), provider: PROVIDER } }
}

async function mayList({ parts }: Gate, account: Account, { channel, rooms }: Listed): Promise<boolean> {
  const { reading, roomsChannel } = parts
  if (channel.name === HIDDEN || reading.mayListChannel(account, channel)) return false
  if (channel.id !== roomsChannel) return true
  if (rooms.some(room => reading.mayList(account, room, channel))) return true
  const own = [...(await reading.roomsOf(account.id)), ...(await reading.rolesOf(account.id))]
  return own.some(room => room.channel === channel.id && reading.mayList(account, room, channel))
}

/** What the channel's rooms are; an empty one is `mix`, as the seed says. */
function typeOf(rooms: readonly RoomState[]): 'static' | 'temporary' | 'mix' {
  const temporary = rooms.filter(room => room.kind === 'temporary').length
  if (rooms.length === 0) return 'mix'
  return temporary === 0 ? 'static' : temporary === rooms.length ? 'temporary' : 'mix'
}

export function shownAcls(acls: readonly Acl[]): readonly object[] {
  return acls.map(({ action, type, value }) => ({ objectType: type, content: value, summary: action }))
}
