// What clients read of rooms that come, change and go, and of what is deleted in them (dino.md section 5).

import { encodeUtf8Base64 } from '@conclave/wire'
import type { Account, Channel } from '../../room/facts.ts'
import { isHidden } from '../../room/rights.ts'
import { type RoomState, usersWith } from '../../room/state.ts'
import { idOf, PROVIDER, type Stamp } from './encode.ts'
import { shownAcls } from './events/list_channels.ts'
import { roomName, userName } from './names.ts'
import { detailsOf } from './people.ts'

/** Dino's administrator stands for the server. */
const SERVER = { id: '0', displayName: '' }

function actorOf(actor: Account | null): { readonly id: string; readonly displayName: string } {
  return actor ? { id: actor.id, displayName: userName(actor) } : SERVER
}

/** `accounts`: those of the owners that are known. */
function ownersOf(room: RoomState, accounts: ReadonlyMap<string, Account>): readonly object[] {
  return usersWith(room, 'owner').map(id => {
    const account = accounts.get(id)
    return { id, objectType: 'owner', displayName: account ? userName(account) : '' }
  })
}

export function createdJson(room: RoomState, channel: Channel, actor: Account | null, stamp: Stamp): string {
  const acls = shownAcls(room.acls)
  const objectType = room.kind === 'temporary' ? 'temporary' : isHidden(room) ? 'private' : 'static'
  return JSON.stringify({
    actor: { ...actorOf(actor), attachments: actor ? detailsOf(actor) : [] },
    object: { url: idOf(channel.id), ...(acls.length > 0 ? { attachments: acls } : {}) },
    target: { id: idOf(room.id), displayName: roomName(room), objectType },
    verb: 'create',
    ...stamp,
    provider: PROVIDER,
  })
}

export function renamedJson(
  room: RoomState,
  formerName: string,
  actor: Account | null,
  owners: ReadonlyMap<string, Account>,
  stamp: Stamp,
): string {
  return JSON.stringify({
    actor: actorOf(actor),
    target: {
      id: idOf(room.id),
      displayName: roomName(room),
      summary: encodeUtf8Base64(formerName),
      objectType: 'room',
      attachments: ownersOf(room, owners),
    },
    verb: 'rename',
    ...stamp,
    provider: PROVIDER,
  })
}

/** `reason`: as a text; empty where none was given. */
export function removedJson(
  room: RoomState,
  actor: Account | null,
  owners: ReadonlyMap<string, Account>,
  reason: string,
  stamp: Stamp,
): string {
  return JSON.stringify({
    actor: actorOf(actor),
    target: {
      id: idOf(room.id),
      displayName: roomName(room),
      objectType: 'room',
      attachments: ownersOf(room, owners),
    },
    ...(reason === '' ? {} : { object: { objectType: 'reason', content: encodeUtf8Base64(reason) } }),
    verb: 'remove',
    ...stamp,
    provider: PROVIDER,
  })
}

/** `object`: the message, or the whole room. */
export function deletedJson(room: RoomState, object: object, actor: Account | null, stamp: Stamp): string {
  return JSON.stringify({ verb: 'delete', target: { id: idOf(room.id) }, object, actor: actorOf(actor), ...stamp })
}

/** `actor`: who took a member out; the server at a log-in. `content`: the version of the key that is to be replaced. */
export function rotationJson(room: RoomState, actor: Account | null, stamp: Stamp): string {
  return JSON.stringify({
    actor: actorOf(actor),
    verb: 'rotate',
    target: { id: idOf(room.id), displayName: roomName(room), objectType: 'private' },
    object: { objectType: 'epoch', content: room.epoch?.version ?? '' },
    ...stamp,
    provider: PROVIDER,
  })
}
