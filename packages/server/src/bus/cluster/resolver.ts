// What arrived as id and version, looked up: from this node's memory where that is new enough, else from the store. Without
// a wait wherever there is nothing to wait for.
import type { RoomId } from '@conclave/wire'
import type { Account, Channel } from '../../room/facts.ts'
import type { RoomState } from '../../room/state.ts'
import type { BusMessage } from '../bus.ts'
import type { Ref, RoomRef, ToldOther } from './codec.ts'
import type { Known, Remembered } from './parts.ts'

export type Soon<T> = T | Promise<T>

/** Something that a message names is not in the store: it was written elsewhere, or is gone. */
export class Unresolved extends Error {
  override readonly name = 'Unresolved'
}

export class Resolver {
  readonly known: Known

  constructor(known: Known) {
    this.known = known
  }

  room({ id, control }: RoomRef): Soon<RoomState> {
    const known = this.known.rooms.peek(id)
    return known && known.control >= control ? known : this.newestRoom(id)
  }

  async newestRoom(id: RoomId): Promise<RoomState> {
    return found(await this.known.rooms.refresh(id), 'room', id)
  }

  channel(ref: Ref): Soon<Channel> {
    return this.#remembered(this.known.channels, ref, 'channel')
  }

  account(ref: Ref): Soon<Account> {
    return this.#remembered(this.known.accounts, ref, 'account')
  }

  /** null for who has no account: as the server itself. */
  actor(ref: Ref): Soon<Account | null> {
    const account = this.account(ref)
    return account instanceof Promise ? account.catch(nobody) : account
  }

  /** Rejects with Unresolved, or with StoreFailure. */
  other(told: ToldOther): Soon<BusMessage> {
    switch (told.kind) {
      case 'entered':
      case 'left':
        return together([this.room(told.room), this.account(told.account)], (room, account) => ({
          ...told,
          room,
          account,
        }))
      case 'sanctioned': {
        const { room, channel, account, actor } = told
        const parts = [room && this.room(room), channel && this.channel(channel)] as const
        return together(
          [...parts, this.account(account), actor && this.account(actor)],
          (room, channel, account, actor) => ({ ...told, room, channel, account, actor }),
        )
      }
      case 'expired':
      case 'notifications':
        return together([this.room(told.room)], room => ({ ...told, room }))
      case 'kicked': {
        const { room, account, actor } = told
        return together(
          [this.room(room), this.account(account), actor && this.account(actor)],
          (room, account, actor) => ({ ...told, room, account, actor }),
        )
      }
      case 'typing':
        return together([this.account(told.account)], account => ({ ...told, account }))
      case 'presence':
      case 'receipt':
      case 'signal':
      case 'end':
      case 'changed':
        return told
    }
  }

  #remembered<V extends Ref>(memory: Remembered<V>, { id, version }: Ref, what: string): Soon<V> {
    const known = memory.peek(id)
    if (known && known.version >= version) return known
    // One that is being read now may have been read before that version was written.
    memory.forget(id)
    return memory.load(id).then(value => found(value, what, id))
  }
}

function nobody(error: unknown): null {
  if (error instanceof Unresolved) return null
  throw error
}

function found<T>(value: T | undefined, what: string, id: string): T {
  if (value === undefined) throw new Unresolved(`no ${what} ${id}`)
  return value
}

type Settled<P extends readonly unknown[]> = { [I in keyof P]: Awaited<P[I]> }

/** `make` of all of them: at once where none is to be waited for. */
export function together<const P extends readonly unknown[], T>(
  parts: P,
  make: (...settled: Settled<P>) => T,
): Soon<T> {
  if (!parts.some(part => part instanceof Promise)) return make(...(parts as Settled<P>))
  return Promise.all(parts).then(settled => make(...(settled as unknown as Settled<P>)))
}
