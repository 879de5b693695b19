// What clients read about people: who comes, goes, shows and hides themselves (dino.md section 5).
import type { Account } from '../../room/facts.ts'
import type { RoomState } from '../../room/state.ts'
import { idOf, PROVIDER, type Stamp } from './encode.ts'
import { roomName, userName } from './names.ts'
import { type Attachment, detailsOf, imageOf, rolesIn } from './people.ts'

export function joinedJson(room: RoomState, account: Account, stamp: Stamp): string {
  return JSON.stringify({
    actor: {
      ...described(account),
      content: rolesIn(room, account),
      ...(account.invisible ? { objectType: 'invisible' } : {}),
    },
    target: { id: idOf(room.id), displayName: roomName(room) },
    verb: 'join',
    ...stamp,
    provider: PROVIDER,
  })
}

export function leftJson(room: RoomState, account: Account, stamp: Stamp): string {
  const target = { id: idOf(room.id), displayName: roomName(room) }
  return JSON.stringify({ actor: named(account), target, verb: 'leave', ...stamp, provider: PROVIDER })
}

/** `gn_user_connected`: the first session of somebody. */
export function connectedJson(account: Account, stamp: Stamp): string {
  return JSON.stringify({ actor: described(account), verb: 'connect', ...stamp, provider: PROVIDER })
}

/** `gn_user_disconnected`, and the `gn_disconnect` of a session that another one takes the place of. */
export function disconnectedJson(account: Account, stamp: Stamp): string {
  return JSON.stringify({ actor: named(account), verb: 'disconnect', ...stamp, provider: PROVIDER })
}

/** For operators: whether the others see somebody. */
export function seenJson({ id }: Account, verb: 'visible' | 'invisible', stamp: Stamp): string {
  return JSON.stringify({ actor: { id }, verb, ...stamp, provider: PROVIDER })
}

/** `gn_user_info_updated`, without a provider (dino.md section 4, update_user_info). */
export function infoUpdatedJson(account: Account, attachments: readonly Attachment[], stamp: Stamp): string {
  const object = { objectType: 'userInfo', attachments }
  return JSON.stringify({ actor: named(account), verb: 'update', object, ...stamp })
}

function named(account: Account): { readonly id: string; readonly displayName: string } {
  return { id: account.id, displayName: userName(account) }
}

function described(account: Account): object {
  return { ...named(account), image: { url: imageOf(account) }, attachments: detailsOf(account) }
}
